#!/bin/bash
# load --serve: both ends in one process, whose figures agree, on the cpus that were asked for; and
# workers that never sleep, in load, traffic and serve.
source "$(dirname "$0")/lib.sh"
need jq
export CONNTEST_LOAD_DURATION=1s CONNTEST_LOAD_NO_SAVE=true CONNTEST_TRAFFIC_NO_SAVE=true

# load NAME OPTION...: its text in $work/NAME.out, its report in $work/NAME.json.
load() {
	local name=$1
	shift
	start "$name" "$conntest" load -o text -o "json=$work/$name.json" "$@"
	await_exit "$name" 30
	expect "exit of $name" "$exit_status" == 0
	expect_json "$work/$name.json" '[.streams[].name] | join(" ")' == 'load served'
}

# agree NAME A B: two figures of its report are the same, and not 0.
agree() {
	expect_json "$work/$1.json" "$2" '>' 0
	expect_json "$work/$1.json" "($2) - ($3)" == 0
}

load bulk --serve -c 3
agree bulk 'stream("load").totals.bytes_sent' 'stream("served").totals.bytes_received'
agree bulk 'stream("load").totals.bytes_sent' 'stream("load").receiver.bytes'
expect_json "$work/bulk.json" '.generator.pairs' == "$(nproc | awk '{ print $1 < 3 ? $1 : 3 }')"
expect_text "$work/bulk.out" '^load discard://127\.0\.0\.1  3 .*, both ends in this process, [0-9]+ pairs?'
expect_text "$work/bulk.out" '^Result: .* received at the far end .*; both ends in this process'

load tls --serve -c 2 -w 2 discard+tls://localhost
agree tls 'stream("load").totals.bytes_sent' 'stream("served").totals.bytes_received'
expect_text "$work/tls.out" '^TLS: .* 2 handshakes'
expect "an unverified certificate" "$(grep -c 'not verified' "$work/tls.out")" == 0

load http --serve -c 4 http://
agree http 'stream("load").totals.messages_received' 'stream("load").statuses | map(select(.code == 200).count) | add'
agree http 'stream("load").totals.bytes_sent' 'stream("served").totals.bytes_received'

load udp --serve -c 3 -r 600 discard+udp://
agree udp 'stream("load").totals.messages_sent' 'stream("load").receiver.messages'
expect_json "$work/udp.json" 'stream("load").totals.lost' == 0

# Each connection comes back to its own worker's far end.
load churn --serve -c 4 -w 2 --messages-per-connection 1 echo://
agree churn 'stream("load").totals.messages_sent' 'stream("load").totals.messages_received'
agree churn 'stream("load").totals.messages_sent' 'stream("served").totals.messages_received'

start again "$conntest" load --serve --repeat 2 -T 200ms -r 50 -o "json=$work/again.json" echo://
await_exit again 30
expect "exit of the second run" "$exit_status" == 0
agree again.2 'stream("load").totals.messages_received' 'stream("served").totals.messages_received'

# Its workers stand where they should, the first thread is free.
pinned() {
	local status
	for status in "/proc/${pids[$1]}"/task/*/status; do
		sed -n 's/^Cpus_allowed_list:\t//p' "$status"
	done | sort | uniq -c | awk '{ print $2 "x" $1 }' | paste -sd ' '
}
allowed=$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)
first=${allowed%%[-,]*}
start alone "$conntest" load --serve --cpus "$first" -w 2 -c 2 -T 60s -o ndjson echo://
await "$work/alone.out" '"event":"snapshot"' >/dev/null
[[ $allowed == "$first" ]] || expect "cpus of the threads" "$(pinned alone)" == "${first}x2 ${allowed}x1"
stop alone INT

load spin --serve --spin -w 1 -c 2 -T 500ms echo://
expect_text "$work/spin.out" '^Trust: .*the workers spin \(--spin\), so that cpu figures say nothing'
expect_json "$work/spin.json" '.generator.limited_cause != "cpu of one worker"' == true
expect_json "$work/spin.json" '.settings.spin' == true

start server "$conntest" serve --spin -w 1 -o ndjson --listen traffic://127.0.0.1:0 --listen traffic+udp://127.0.0.1:0
await "$work/server.out" '"transport":"udp"' >/dev/null
port=$(jq -r 'select(.transport == "tcp").port' "$work/server.out")
start traffic "$conntest" traffic --spin -w 1 -c 2 -r 100 -T 500ms -o text -o "json=$work/traffic.json" "127.0.0.1:$port"
await_exit traffic 30
expect "exit of a spinning traffic" "$exit_status" == 0
agree traffic 'stream("persistent").totals.messages_sent' 'stream("persistent").totals.messages_received'
expect_text "$work/traffic.out" '^Trust: .*the workers spin'
stop server
expect "exit of a spinning server" "$exit_status" == 0
