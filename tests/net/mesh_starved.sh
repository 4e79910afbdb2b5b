#!/bin/bash
# A node of three that may have a twentieth of a cpu says so of itself, in its events, on its page and
# in its metrics, and accuses no peer; whatever the others say of it, they say it of it alone.
# shellcheck source=lib_nodes.sh
source "$(dirname "$0")/lib_nodes.sh"
groups=()

give_back() {
	local group
	for group in "${groups[@]}"; do
		rmdir "$group" 2>/dev/null || true
	done
}
trap 'status=$?; kill -KILL "${pids[@]}" 2>/dev/null || true; wait || true; give_back; (exit "$status"); clean_up' EXIT

# A control group that may have a twentieth of a cpu: of v1, or of v2 where that has controller cpu.
limited_group() {
	local at
	for at in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup; do
		group=$at/conntest-$$
		{ [[ -d $at ]] && mkdir "$group" 2>/dev/null; } || continue
		groups+=("$group")
		{ echo 100000 >"$group/cpu.cfs_period_us" && echo 5000 >"$group/cpu.cfs_quota_us"; } \
			2>/dev/null && return
		echo "5000 100000" 2>/dev/null >"$group/cpu.max" && return
	done
	return 1
}
limited_group || skip "no control group that limits cpu time can be made here"

peers="2 3" node 1 --udp-interval 50ms
peers="1 3" node 2 --udp-interval 50ms
peers="1 2" node 3 --udp-interval 50ms
one=http://$(place 1):8080
for number in 1 2 3; do
	await_json "http://$(place "$number"):8080/v1/peers" \
		'(.Peers | length) == 2 and all(.Peers[]; .conntest.verdict == "ok")'
done

# Something else in its group, so that it wants for time whatever the machine and the build are.
start hog bash -c 'while :; do :; done'
echo "${pids[hog]}" >"$group/cgroup.procs"
echo "${pids[node-1]}" >"$group/cgroup.procs"
await "$work/node-1.events" '"event":"began","subject":"","scope":"node","verdict":"agent","blame":"agent"' 60 >"$work/event" || { cat "$work/event"; exit 1; }
jq -r '"node 1: \(.verdict): \(.text)"' "$work/event"
expect_text "$work/event" 'throttled'
get "$one/" >"$work/status"
expect_text "$work/body" '>agent</b> at node-1'
expect_text "$work/body" 'Trust: doubtful; own delay p99 .*throttled for '
get "$one/metrics" >"$work/status"
expect_text "$work/body" '^conntest_findings\{verdict="agent",blame="agent",scope="node",subject="node-1"\} 1$'
expect "seconds that it was held back" "$(awk '$1 == "conntest_agent_throttled_seconds_total" { print $2 }' "$work/body")" '>' 1
pause 8 # some windows more of that
await_json "$one/v1/peers" '.conntest.findings | length == 1 and .[0].verdict == "agent"'

# Whom NODE has accused so far.
accused() {
	jq -r 'select((.event == "began" or .event == "changed") and .verdict != "agent") |
		"\(.subject) \(.verdict) \(.blame)"' "$work/node-$1.events" | sort -u
}
expect "whom node 1 accuses" "$(accused 1)" == ""
for number in 2 3; do
	accused "$number" | sed "s/^/node $number says: /"
	expect "others that node $number accuses" "$(accused "$number" | grep -v '^node-1 ' || true)" == ""
	expect "whose fault it is to node $number" "$(accused "$number" | grep -E ' (network|agent)$' || true)" == ""
done

# With its cpu again it takes that back.
stop hog KILL
echo "${pids[node-1]}" >"$(dirname "$group")/cgroup.procs"
await "$work/node-1.events" '"event":"ended","subject":"","scope":"node","verdict":"agent"' 60 >"$work/event" || { cat "$work/event"; exit 1; }
for number in 1 2 3; do
	stop "node-$number"
	expect "status of node $number" "$exit_status" == 0
done
