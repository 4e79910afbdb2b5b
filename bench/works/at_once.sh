# 18,000 connections begun at once: how long until all are up, and what memory does each take,
# beside a run of few?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest)

measure_conntest() {
	local few few_served many many_served overflows
	conntest_start 200 200 2
	few=$(anonymous_bytes "$client")
	few_served=$(anonymous_bytes "$server")
	conntest_end
	overflows=$(listen_overflows)
	conntest_start 18000 9000 3
	many=$(anonymous_bytes "$client")
	many_served=$(anonymous_bytes "$server")
	conntest_end
	merged "$(jq -c '[.connections[] | select(.connected_ns)] | { up: length,
		up_s: (((map(.connected_ns) | max) - (map(.started_ns) | min)) / 1e9) }' \
		"$files/report.json")" \
		"{ \"overflows\": $(($(listen_overflows) - overflows)),
		   \"client_bytes\": $(((many - few) / 17800)),
		   \"server_bytes\": $(((many_served - few_served) / 17800)) }"
}

rows() {
	alone "18,000 conns at once: up" .up "== 18000"
	alone "18,000 conns at once: seconds" .up_s "< 1"
	alone "18,000 conns at once: listen overflows" .overflows "== 0"
	alone "memory a connection, traffic (B)" .client_bytes "<= 512"
	alone "memory a connection, serve (B)" .server_bytes "<= 512"
}
