#!/bin/bash
# Thirty nodes in three locations. In turn one of them dies, a twentieth of what goes from one location to
# another is lost, large packets to one vanish, and the process of one is held up. Each is named by
# /metrics, the page, /v1/events and `mesh --once`, within two minutes, by all nodes that can see it;
# nothing else is accused by any other; and it is taken back when it is over.
# shellcheck source=lib_mesh.sh
source "$(dirname "$0")/lib_mesh.sh"

two_minutes=120
options=(-q --window 5s --udp-interval 200ms --wait-time 2s --rand-time 1s --mtu-interval 10s)

# ---- what they say

# told: what each node tells now, as "NODE VERDICT/BLAME/SUBJECT", a line each.
told() {
	ask /metrics "$work/metrics"
	awk -F '"' '/^conntest_findings\{/ && / 1$/ {
		node = FILENAME
		sub(/.*metrics\./, "", node)
		print node " " $2 "/" $4 "/" $8
	}' "$work"/metrics.* >"$work/told"
}

# tell_of LINE NODE...: how many of these nodes tell it now.
tell_of() {
	local line=$1
	shift
	printf "%s $line\\n" "$@" | grep -Fxc -f - "$work/told" || true
}

# await_told LINE NODE...: until all of them do. Prints the seconds since $begun.
await_told() {
	while told; (($(tell_of "$@") < $# - 1)); do
		if ((SECONDS - begun > two_minutes)); then
			expect "nodes that tell $1 after two minutes" "$(tell_of "$@")" == $(($# - 1))
			sort "$work/told" | uniq -c -f 1
			return
		fi
		pause 1
	done
	echo "  $1: told by $(($# - 1)) nodes after $((SECONDS - begun)) s"
}

# await_taken_back: until none of them tells anything but that itself was held up.
await_taken_back() {
	while told; grep -qv ' agent/agent/' "$work/told"; do
		if ((SECONDS - begun > two_minutes)); then
			expect "what is told two minutes later" "$(sort -u "$work/told")" == ""
			return
		fi
		pause 1
	done
	echo "  taken back after $((SECONDS - begun)) s"
}

# ---- one fault

# events NODE: what it has told since the fault began, "EVENT VERDICT/BLAME/SUBJECT".
events() {
	[[ -s $work/events.$1 ]] || return 0
	jq -r --arg since "$since" 'select(.time > $since and (.event | IN("began", "changed", "ended"))) |
		"\(.event) \(.verdict)/\(.blame)/\(.subject)"' "$work/events.$1"
}

# named LINE NODE...: the events and the page of each of them say so.
named() {
	local name line=$1 verdict=${1%%/*} subject=${1##*/}
	shift
	ask /v1/events "$work/events"
	ask / "$work/page"
	for name in "$@"; do
		events "$name" >"$work/said"
		expect_text "$work/said" "^(began|changed) $line\$"
		# Without tags, on one line.
		sed 's/<[^>]*>/ /g' "$work/page.$name" | tr -s ' \n' ' ' >"$work/seen"
		expect_text "$work/seen" "Findings .* $verdict to (all of )?$subject "
	done
}

# only_that NODES PATTERN: these have accused nobody since the fault began but who fits it. A node may say of
# itself that it was held up: this machine may be busy.
only_that() {
	local name
	for name in $1; do
		events "$name" | grep -Ev "^(ended .*|(began|changed) ($2|agent/agent/))\$" |
			sed "s/^/$name: /" || true
	done >"$work/others"
	expect "who is accused besides $2" "$(sort "$work/others" | head -n 20)" == ""
}

# look_once: from now on, from the host of node-1; saw_once PATTERN: what became of it.
look_once() {
	start once nsenter --net="/run/netns/${spaces[node-1]}" "$conntest" mesh --once --node once \
		--location north --no-save --peers "file:$work/named.json" --peers-each 0 \
		--http off --listen "traffic://${addresses[node-1]}:5103" -T 6s \
		--udp-interval 50ms --wait-time 1s --rand-time 1s --mtu-interval 3s
}

saw_once() {
	await_exit once
	expect_text "$work/once.out" "^Result:  $1"
}

# all_but NODE
all_but() {
	printf '%s\n' "${nodes[@]}" | grep -Fxv "$1"
}

fault() {
	echo "$1"
	since=$(date -u +%FT%T.%3NZ)
	begun=$SECONDS
}

over() {
	begun=$SECONDS
	await_taken_back
	ask /v1/events "$work/events"
}

# ---- the mesh

town 30
mapfile -t north < <(printf '%s\n' "${nodes[@]:0:10}")
mapfile -t east < <(printf '%s\n' "${nodes[@]:10:10}")
mapfile -t south < <(printf '%s\n' "${nodes[@]:20:10}")
for name in "${nodes[@]}"; do
	jq -nc --arg name "$name" --arg location "${locations[$name]}" --arg at "${addresses[$name]}:5003" \
		'{targets: [$at], labels: {node: $name, location: $location}}'
done | jq -s . >"$work/named.json"

fault "thirty nodes begin"
for name in "${nodes[@]}"; do
	node "$name" "${options[@]}"
done
all_up() {
	local up
	ask /metrics "$work/metrics"
	up=$(cat "$work"/metrics.* | grep -c '^conntest_peers{life="up"} 29$' || true)
	((up == 30))
}
until all_up; do
	((SECONDS - begun <= two_minutes)) || { fail "not all are up"; exit 1; }
	pause 1
done
echo "  each knows 29 others after $((SECONDS - begun)) s"
look_once
pause 17 # three windows, in which nothing may be said
ask /v1/events "$work/events"
only_that "${nodes[*]}" 'nobody at all'
told
expect "what is told without a fault" "$(grep -v ' agent/agent/' "$work/told" || true)" == ""
saw_once '(all well: 30 peers ok|.*this node .* was held up itself)'

fault "node-25 dies"
ip -n "${spaces[node-25]}" link set e0 down
kill -KILL "${pids[node-25]}"
wait "${pids[node-25]}" 2>/dev/null || true
look_once
mapfile -t others < <(all_but node-25)
await_told 'silent/peer host/node-25' "${others[@]}"
named 'silent/peer host/node-25' "${others[@]}"
saw_once '1 of 30 peers bad: node-25 is silent'
ip -n "${spaces[node-25]}" link set e0 up
ip -n "${spaces[node-25]}" route replace default via 10.3.0.254
node node-25 "${options[@]}"
over
only_that "${others[*]}" 'silent/(peer host|network|undecided)/node-25'

fault "a twentieth is lost from north to east"
rules core 'table ip lossy {
	chain way {
		type filter hook forward priority 0
		ip saddr 10.1.0.0/16 ip daddr 10.2.0.0/16 numgen random mod 20 == 0 drop
	}
}'
look_once
await_told 'loss/network/east' "${north[@]}"
await_told 'loss/network/north' "${east[@]}"
named 'loss/network/east' "${north[@]}"
named 'loss/network/north' "${east[@]}"
saw_once '[0-9]+ of 30 peers bad: the way to east loses packets \(.*, network\); '
rules core
over
only_that "${north[*]}" 'loss/network/east'
only_that "${east[*]}" 'loss/network/north'
only_that "${south[*]}" 'nobody at all'

fault "large packets to node-27 vanish"
rules south 'table ip deaf {
	chain out {
		type filter hook output priority 0
		icmp type destination-unreachable icmp code frag-needed drop
	}
}'
ip -n "${spaces[south]}" route replace 10.3.0.27 dev node-27 mtu lock 1400
look_once
mapfile -t others < <(all_but node-27)
await_told 'mtu black hole/network/node-27' "${others[@]}"
named 'mtu black hole/network/node-27' "${others[@]}"
saw_once '1 of 30 peers bad: node-27 swallows packets over 1,400 B \(MTU black hole, network\); '
expect_text "$work/once.out" '^node-27 .* 1400 +[-0-9]+ .*1400 B pass, 1420 B do not; on the way there'
ip -n "${spaces[south]}" route replace 10.3.0.27 dev node-27
rules south
over
only_that "${others[*]}" 'mtu black hole/network/node-27'
only_that node-27 'mtu black hole/network/'

fault "the process of node-15 is held up"
held_up() {
	while kill -STOP "${pids[node-15]}"; do
		pause 0.06
		kill -CONT "${pids[node-15]}"
		pause 0.015
	done
}
held_up 2>/dev/null &
pids[held_up]=$!
look_once
mapfile -t others < <(all_but node-15)
await_told 'slow/peer host/node-15' "${others[@]}"
named 'slow/peer host/node-15' "${others[@]}"
saw_once '1 of 30 peers bad: node-15 is slow \(peer host\); '
kill "${pids[held_up]}"
wait "${pids[held_up]}" 2>/dev/null || true
unset 'pids[held_up]'
kill -CONT "${pids[node-15]}"
over
only_that "${nodes[*]}" 'slow/peer host/node-15'
