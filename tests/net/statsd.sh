#!/bin/bash
# StatsD: load, traffic and serve each told to a listener that reads the protocol strictly, and to
# one that is not there.
# labels: engine
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq python3

# sink: a listener of its own for each run; its port is $port.
sink() {
	start sink python3 tests/net/push_sink.py statsd
	port=$(await "$work/sink.out" '"event": "ready"' | jq .port)
}

# told EXPRESSION: over all lines, each with its moment and datagram.
told() {
	jq -sc "[.[] | select(.event == \"datagram\") | .at as \$at | .lines[] | . + {at: \$at}] | $1" \
		"$work/sink.out"
}
sum_of() {
	told "map(select(.name == \"tcpkali.$1\") | .value) | add"
}

# What was sent is the protocol's, begins and ends with zeros, and comes every 0.25 s.
check_sink() {
	expect "$1: what is no StatsD" "$(jq -sc 'map(.wrong // []) | add' "$work/sink.out")" == '[]'
	expect "$1: zeros first" "$(told 'map(select(.name == "tcpkali.connections.total")) | first.value')" == 0
	expect "$1: zeros last" "$(told 'group_by(.name) | map(last.value) | add')" == 0
	expect "$1: types" "$(told 'map("\(.name) \(.kind)") | unique | map(select(test("latency") | not)) | join(" ")')" == \
		'"tcpkali.connections.opened c tcpkali.connections.total g tcpkali.connections.total.in g tcpkali.connections.total.out g tcpkali.traffic.bitrate g tcpkali.traffic.bitrate.in g tcpkali.traffic.bitrate.out g tcpkali.traffic.data c tcpkali.traffic.data.rcvd c tcpkali.traffic.data.reads c tcpkali.traffic.data.sent c tcpkali.traffic.data.writes c tcpkali.traffic.msgs.rcvd c tcpkali.traffic.msgs.sent c"'
	stop sink
}

serve echo --listen echo://127.0.0.1:0

# load: the counts are those of the report, the bit rate is that of the schedule.
sink
start load "$conntest" load -c 4 -r 200 -T 2s --message-size 1000B --statsd "127.0.0.1:$port" \
	--no-save -o "json=$work/report.json" "echo://127.0.0.1:$(port echo echo)"
await_exit load
adds_up "$work/report.json"
expect "messages sent" "$(sum_of traffic.msgs.sent)" == 400
expect "messages received" "$(sum_of traffic.msgs.rcvd)" == 400
expect "bytes" "$(sum_of traffic.data)" == 800000
expect "connections" "$(sum_of connections.opened)" == 4
expect "reads" "$(sum_of traffic.data.reads)" '>' 0
expect "writes" "$(sum_of traffic.data.writes)" '>' 0
expect "the bit rate in the middle" "$(told 'map(select(.name == "tcpkali.traffic.bitrate.out" and .value > 0) | .value) | sort | .[length / 2 | floor] | . > 1200000 and . < 2000000')" == true
expect "percentiles" "$(told 'map(select(.name | test("latency.message")) | .name | sub(".*message."; "")) | unique | join(" ")')" == '"95 99 99.5 max mean min"'
expect "moments" "$(told 'map(.at) | unique | length')" '>' 7
expect "what went wrong" "$(grep -c StatsD "$work/load.err" || true)" == 0
expect_json "$work/report.json" .settings.statsd == "127.0.0.1:$port"
check_sink load

# traffic: several streams under one name, then each on its own with tags.
sink
traffic -c 2 -r 20 -T 1s --path-probe off --statsd "127.0.0.1:$port" "echo://127.0.0.1:$(port echo echo)"
expect "messages of both streams" "$(sum_of traffic.msgs.sent)" == "$(json "$work/report.json" '.streams | map(.totals.messages_sent) | add')"
check_sink traffic
sink
traffic -c 2 -r 20 -T 1s --path-probe off --statsd "127.0.0.1:$port" --dogstatsd --statsd-namespace conntest \
	--statsd-latency-window 500ms "echo://127.0.0.1:$(port echo echo)"
expect "tags" "$(told 'map(.tags) | unique | map(sub("[0-9]+$"; "N")) | join(" ")')" == \
	'"stream:new,target:echo://127.0.0.1:N stream:persistent,target:echo://127.0.0.1:N"'
expect "messages of one stream" "$(told 'map(select(.name == "conntest.traffic.msgs.sent" and (.tags | test("new"))) | .value) | add')" == \
	"$(json "$work/report.json" 'stream("new").totals.messages_sent')"
expect "our percentile" "$(told 'map(select(.name == "conntest.latency.message.p99_5")) | length')" '>' 2
stop sink

# serve: connections come in.
sink
serve told --listen echo://127.0.0.1:0 --statsd "localhost:$port"
start load "$conntest" load -c 3 -r 50 -T 1s --no-save "echo://127.0.0.1:$(port told echo)"
await_exit load
stop told
expect "exit of serve" "$exit_status" == 0
expect "connections in" "$(told 'map(select(.name == "tcpkali.connections.total.in") | .value) | max')" == 3
expect "connections out" "$(told 'map(select(.name == "tcpkali.connections.total.out") | .value) | max')" == 0
stop sink

# Nobody there: told when it begins and how much it was, and the run is what it is without.
start load "$conntest" load -r 50 -T 1s --statsd 127.0.0.1:9 --no-save -o "json=$work/report.json" \
	"echo://127.0.0.1:$(port echo echo)"
await_exit load
expect "exit" "$exit_status" == 0
expect_json "$work/report.json" 'stream("load").totals.messages_sent' == 50
expect_text "$work/load.err" 'StatsD 127.0.0.1:9: refused$'
expect_text "$work/load.err" 'StatsD 127.0.0.1:9: [0-9]+ of [0-9]+ datagrams not taken: refused$'
expect "lines about it" "$(grep -c StatsD "$work/load.err")" == 2
expect_json "$work/report.json" '.pushes[0] | .kind == "StatsD" and .sent > 3 and .dropped > 3' == true
expect_text "$work/load.out" '^Trust: .*; StatsD 127.0.0.1:9: [0-9]+ of [0-9]+ datagrams not taken \(refused\)'

# Nobody of that name.
start load "$conntest" load -r 50 -T 1s --statsd no-such-name.invalid:8125 --no-save \
	-o "json=$work/report.json" "echo://127.0.0.1:$(port echo echo)"
await_exit load
expect "exit" "$exit_status" == 0
expect_json "$work/report.json" 'stream("load").totals.messages_sent' == 50
expect_json "$work/report.json" '.pushes[0] | .dropped > 0 and .dropped == .sent' == true
expect_text "$work/load.err" 'StatsD no-such-name.invalid:8125: [0-9]+ of [0-9]+ datagrams not taken: '
