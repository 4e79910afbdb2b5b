# 18,000 connections of load, begun at once and held: how long until all are up?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest)

# Never under SCHED_RR: of two processes of equal rank one has the cpu for 100 ms, in which it begins
# more connections than a listen queue holds.
measure_conntest() {
	local overflows measured=()
	overflows=$(listen_overflows)
	serve_start echo
	client_start load 1 -c 18000 -r 900 -m "$message_64" "echo://$address:$port"
	conntest_end
	merged "$(jq -c '[.connections[] | select(.connected_ns)] | { up: length,
		up_s: (((map(.connected_ns) | max) - (map(.started_ns) | min)) / 1e9) }' \
		"$files/report.json")" "{ \"overflows\": $(($(listen_overflows) - overflows)) }"
}

rows() {
	alone "18,000 conns of load: up" .up "== 18000"
	alone "18,000 conns of load: seconds" .up_s "< 0.5"
	alone "18,000 conns of load: listen overflows" .overflows "== 0"
}
