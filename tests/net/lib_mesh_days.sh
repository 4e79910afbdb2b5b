# Helpers of the net tests with a few nodes of a mesh on one host, in a namespace of their own: node N
# answers at 127.0.0.N:500N and shows itself on port 8080 there. Sources lib.sh.
# shellcheck shell=bash
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need jq curl

namespace a
for number in {2..9}; do
	ip -n "${spaces[a]}" addr add "127.0.0.$number/32" dev lo
done

# node N [OPTION...]: node-N, with what happens to it in $work/node-N.events. Probes are quick.
node() {
	local number=$1
	shift
	start "node-$number" nsenter --net="/run/netns/${spaces[a]}" "$conntest" mesh \
		--node "node-$number" --http "127.0.0.$number:8080" --events "$work/node-$number.events" \
		--listen "traffic://127.0.0.$number:500$number" --listen "traffic+udp://127.0.0.$number:500$number" \
		--window 2s --wait-time 200ms --rand-time 100ms --udp-interval 50ms --timeout 500ms \
		--probes tcp,udp --drain 1s --dns 127.0.0.1:53 "$@"
	await "$work/node-$number.out" '^page' >/dev/null
}

# get N PATH [CURL-OPTION...]: what node N shows there.
get() {
	inside a curl -sS --max-time 10 "${@:3}" "http://127.0.0.$1:8080$2"
}

# figure N NAME [LABELS]: a number of its /metrics, of the first line with that name and text in it.
figure() {
	get "$1" '/metrics?pairs=1' | awk -v name="$2" -v labels="${3-}" \
		'(index($0, name "{") == 1 || index($0, name " ") == 1) &&
			index($0, labels) && !found++ { print $NF }'
}

# within SECONDS WHAT COMMAND...: waits until the command succeeds.
within() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" &>/dev/null; do
		if ((SECONDS >= end)); then
			fail "$what: not within its time"
			return 0
		fi
		pause 0.1
	done
}

# is_figure N NAME LABELS OPERATOR NUMBER
is_figure() {
	local found
	found=$(figure "$1" "$2" "$3")
	[[ $found ]] && jq -en --argjson a "$found" --argjson b "$5" "\$a $4 \$b"
}

# life N PEER: how node N finds that peer's life.
life() {
	get "$1" /v1/peers | jq -r --arg peer "$2" \
		'.Peers[]?, .DelPeers[]? | .conntest | select(.name == $peer) | .life'
}
is_life() { [[ $(life "$1" "$2") == "$3" ]]; }

# happened N EXPRESSION: events of node N of which that is true.
happened() {
	get "$1" /v1/events | jq -c "select($2)"
}
has_happened() { [[ $(happened "$@") ]]; }

# accused N: what it holds against others or itself, now or before.
accused() {
	happened "$1" '.event == "began" or .event == "changed"'
}
