#!/bin/bash
# What a mesh pushes, StatsD and OTLP: to receivers that check it strictly, and to ones that are dead or
# never read, which costs no probe its turn.
# shellcheck source=lib_mesh_days.sh
source "$(dirname "$0")/lib_mesh_days.sh"
need python3

# sink NAME KIND: a receiver; its port is $port.
sink() {
	start "$1" nsenter --net="/run/netns/${spaces[a]}" python3 tests/net/push_sink.py "$2"
	port=$(await "$work/$1.out" '"event": "ready"' | jq .port)
}

# is_pushed COUNT: so often over OTLP, or more.
is_pushed() {
	(($(grep -c '"event": "push"' "$work/otlp.out") >= $1))
}

# late N: probes that began later than 0.8 s, which is less than any wait for a sink.
late() {
	get "$1" /metrics | awk '/^conntest_agent_schedule_delay_seconds_bucket{le="0.8192"}/ { early = $2 }
		/^conntest_agent_schedule_delay_seconds_count/ { print $2 - early }'
}

sink statsd statsd
statsd=$port
sink otlp otlp
otlp=$port
sink never never
reads_nothing=$port

node 2 --location a
node 1 --peers 127.0.0.2:5002 --statsd "127.0.0.1:$statsd" --otlp "http://127.0.0.1:$otlp" \
	--otlp-interval 1s
# Nobody is at the discard port.
node 3 --peers 127.0.0.2:5002 --statsd 127.0.0.1:9 --otlp "http://127.0.0.1:$reads_nothing" --otlp-interval 200ms
node 4 --peers 127.0.0.2:5002 --otlp http://127.0.0.1:9 --otlp-interval 100ms
node 5 --peers 127.0.0.2:5002

echo "what comes there"
within 15 "node-2" is_life 1 node-2 up
within 15 "OTLP" is_pushed 3
stop node-1
expect "what is no StatsD" "$(jq -sc 'map(.wrong // []) | add' "$work/statsd.out")" == '[]'
expect "what is no OTLP" "$(jq -sc 'map(.wrong // []) | add' "$work/otlp.out")" == '[]'
told() { # NAME EXPRESSION: over what StatsD was told of it.
	jq -sc --arg name "conntest.mesh.a.$1" "[.[] | select(.event == \"datagram\") | .lines[] |
		select(.name == \$name) | .value] | $2" "$work/statsd.out"
}
expect "datagrams of probes" "$(told udp.sent add)" '>' 10
expect "the sum of them" "$(told udp.sent add)" == \
	"$(($(told udp.received add) + $(told udp.lost add) + $(told udp.in_flight last)))"
expect "pairs that are well, at the end" "$(told pairs_ok last)$(told pairs_unknown last)" '>=' 1
expect "probes over OTLP" "$(jq -s 'map(select(.event == "push")) | last | .figures |
	map(."conntest.probes_sent" // 0) | max' "$work/otlp.out")" '>' 10
expect "complaints of node-1" "$(grep -c '^conntest mesh: ' "$work/node-1.err" || true)" == 0

echo "sinks that are dead"
for number in 3 4; do
	expect "late probes of node-$number" "$(late "$number")" '<=' "$(late 5)"
	expect "probes of node-$number that were skipped" "$(get "$number" /metrics |
		awk '/^conntest_agent_probes_skipped_total/ { sum += $NF } END { print sum + 0 }')" == 0
	expect "node-2 as node-$number sees it" "$(life "$number" node-2)" == up
	expect "accused by node-$number" "$(accused "$number")" == ""
	stop "node-$number"
	expect "exit status" "$exit_status" == 0
	expect_text "$work/node-$number.err" '^conntest mesh: OTLP http://127.0.0.1:[0-9]+: ([0-9]+) of \1 requests dropped: '
	expect "complaints of node-$number" "$(grep -c '^conntest mesh: OTLP' "$work/node-$number.err")" '<=' 2
done
