#!/bin/bash
# Several processes measure as one: what they count adds up and is what the other side counted; one
# that is killed is named and what it had measured is kept; signals and the end of the first process
# end them all.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq pgrep

report() { expect_json "$work/report.json" "$@"; }
totals='stream("load").totals'
# `exec` in every start: ${pids[NAME]} is conntest's own, and its processes are its children.
children() { pgrep -P "${pids[$1]}"; }

# load_start [OPTION...] TARGET: begins a load of 3 processes; returns at its first snapshot.
load_start() {
	: >"$work/run.ndjson"
	start load "$conntest" load --no-save --processes 3 -o "json=$work/report.json" \
		-o "ndjson=$work/run.ndjson" "$@"
	await "$work/run.ndjson" '"event":"snapshot"' >/dev/null
}

# load_end: as traffic_end.
load_end() {
	await_exit load 30
	[[ -s $work/report.json ]] || { fail "load left no report, status $exit_status"; exit 1; }
	adds_up "$work/report.json"
	snapshots_add_up "$work/run.ndjson"
}

# served NAME: ends it; its report is $work/NAME.json.
served() {
	stop "$1"
	expect "exit status of $1" "$exit_status" == "${2:-0}"
}

serve_many() {
	local name=$1
	shift
	serve "$name" --processes 3 --no-save -o "json=$work/$name.json" \
		--listen traffic://127.0.0.1:0 --listen discard://127.0.0.1:0 \
		--listen echo://127.0.0.1:0 --listen control://127.0.0.1:0 \
		--listen traffic+udp://127.0.0.1:0 --listen echo+tls://127.0.0.1:0 "$@"
}

echo "what all count is what was served"
serve web-0 --processes 3 --no-save -o "json=$work/web-0.json" --listen http://127.0.0.1:0
load_start -c 60 -r 1200 -T 1500ms "http://127.0.0.1:$(port web-0 http)/bytes/100"
load_end
report 'stream("load").schedule.scheduled' == 1800
report "$totals | .messages_sent == .messages_received and .connects == 60" == true
sent=$(json "$work/report.json" "$totals.messages_sent")
served web-0
expect_json "$work/web-0.json" "stream(\"served\").totals | [.messages_received, .messages_sent, .connects,
	.disconnects] == [$sent, $sent, 60, 60]" == true
expect_json "$work/web-0.json" '.generator.processes | length' == 3
serve_many web-1
expect "processes of serve" "$(children web-1 | wc -l)" == 3
load_start -c 60 -r 1200 -T 1500ms -m 'hello' --reply echo "tcp://127.0.0.1:$(port web-1 echo)"
load_end
expect "exit status" "$exit_status" == 0
report 'stream("load").schedule.scheduled' == 1800
report "$totals | .messages_sent == .messages_received" == true
report "$totals.connects" == 60
report 'stream("load").latency.response.count' == 1800
report 'stream("load").survival | .untouched + .recovered' == 60
report '.connections | length' == 60
report '[.connections[].slot] | sort == [range(60)]' == true
report "([.connections[].sent] | add) == ($totals.messages_sent)" == true
report '.generator.processes | map(.slots) == [20, 20, 20]' == true
report '.generator.processes | map(.lost) | unique == [null]' == true
report '.generator.cpu_seconds' '>' 0
start traffic "$conntest" traffic --no-save --processes 3 -o "json=$work/report.json" -c 30 \
	-r 600 --new-connections 20/s -T 1s "127.0.0.1:$(port web-1)"
traffic_end
expect "exit status" "$exit_status" == 0
report 'stream("persistent").schedule.scheduled' == 600
report 'stream("persistent").survival.by_backend["web-1"].slots' == 30
report 'stream("new").totals | .connects >= 19 and .connect_failures == 0' == true
start load "$conntest" load --no-save --processes 3 -o "json=$work/report.json" -c 6 -T 1s -k \
	-m 'hello' --reply echo "tls://127.0.0.1:$(port web-1 echo tls)"
await_exit load
report '.tls.handshakes' == 6
report '.tls.version' == TLSv1.3
echo "what other processes received is told by any of them"
start load "$conntest" load --no-save --processes 3 -o "json=$work/report.json" -c 6 -T 500ms \
	--receiver "127.0.0.1:$(port web-1 control)" "discard://127.0.0.1:$(port web-1 discard)"
await_exit load
report 'stream("load").receiver | .known and .connections_known == 6' == true
report 'stream("load") | .receiver.bytes == .totals.bytes_sent' == true
sent=$(json "$work/report.json" "$totals.bytes_sent")
served web-1
expect_json "$work/web-1.json" 'stream("served").totals.bytes_received' '>=' "$sent"
expect_json "$work/web-1.json" 'stream("served").totals | .connects == .disconnects and .connections == 0' == true
adds_up "$work/web-1.json"

echo "one is killed in the middle"
serve_many web-2
load_start -c 60 -r 1200 -T 4s -m 'hello' --reply echo "tcp://127.0.0.1:$(port web-2 echo)"
victim=$(children load | sed -n 2p)
kill -KILL "$victim"
await "$work/run.ndjson" '"event":"process_lost"' >/dev/null
load_end
expect "exit status" "$exit_status" == 3
expect_text "$work/load.err" \
	"process 2 of 3 \(pid $victim\) was killed by signal 9 \(SIGKILL\) after [0-9.]+ s: its 20 connections are not counted from here on"
expect_text "$work/load.out" '^Trust:   bad: process 2 of 3 was killed by signal 9 \(SIGKILL\) after [0-9.]+ s, with 20 connections; what it had measured is kept'
report '.generator.processes | map(.lost != null) == [false, true, false]' == true
report ".generator.processes[1] | .pid == $victim and .connections_lost == 20" == true
report 'stream("load").survival | [.untouched + .recovered, .unknown] == [40, 20]' == true
report "$totals.connections" == 40
# The two others sent all of theirs; the lost one until its last publication.
report 'stream("load").schedule.scheduled' '>=' 3200
report 'stream("load").schedule.scheduled' '<' 4800
report 'stream("load") | .latency.response.count == .totals.messages_received + .totals.in_flight +
	.totals.lost + (.schedule.missed | add)' == true
report '.duration_ns' == 4000000000
served web-2
expect_json "$work/web-2.json" 'stream("served").totals.connects' == 60

echo "one is killed while it has more to send and answers are owed"
serve_many web-3
head -c 200000 /dev/zero | tr '\0' x >"$work/message"
load_start -c 6 -r 300 -T 4s --reply-timeout 1s -f "$work/message" --reply echo \
	"tcp://127.0.0.1:$(port web-3 echo)"
children web-3 | xargs kill -STOP
await "$work/run.ndjson" '"debt":[1-9]' >/dev/null
children load | sed -n 3p | xargs kill -KILL
await "$work/run.ndjson" '"event":"process_lost"' >/dev/null
children web-3 | xargs kill -CONT
load_end
expect "exit status" "$exit_status" == 3
report 'stream("load").schedule.missed.generator' '>' 0
report "$totals.in_flight" '>' 0
report 'stream("load") | .latency.response.count == .totals.messages_received + .totals.in_flight +
	.totals.lost + (.schedule.missed | add)' == true
report 'stream("load").latency.response | .censored > 0 and .censored_min_ns == 1000000000' == true

echo "all are killed"
load_start -c 6 -r 100 -T 30s -m 'hello' --reply echo "tcp://127.0.0.1:$(port web-3 echo)"
children load | xargs kill -KILL
load_end
expect "exit status" "$exit_status" == 3
report 'stream("load").survival.unknown' == 6
report '.duration_ns' '<' 30000000000

echo "a process of serve is killed: the others serve on"
children web-3 | sed -n 1p | xargs kill -KILL
await "$work/web-3.out" '"event":"process_lost"' >/dev/null
load_start -c 6 -r 100 -T 1s -m 'hello' --reply echo "tcp://127.0.0.1:$(port web-3 echo)"
load_end
expect "exit status" "$exit_status" == 0
report 'stream("load").schedule.scheduled' == 100
served web-3 3
adds_up "$work/web-3.json"

echo "SIGINT from a terminal goes to all, and ends them regularly"
serve_many web-4
: >"$work/run.ndjson"
setsid --fork bash -c 'echo $$ >"$1"; shift; exec "$@"' _ "$work/pid" "$conntest" load --no-save \
	--processes 3 -o "json=$work/report.json" -o "ndjson=$work/run.ndjson" -c 6 -r 300 -T 60s \
	-m hello --reply echo "tcp://127.0.0.1:$(port web-4 echo)" >"$work/group.out" 2>"$work/group.err"
await "$work/run.ndjson" '"event":"snapshot"' >/dev/null
pids[group]=$(<"$work/pid")
kill -INT -- "-${pids[group]}"
await "$work/group.err" '^Saved:' >/dev/null
tail --pid="${pids[group]}" -f /dev/null
unset 'pids[group]'
adds_up "$work/report.json"
report '.interrupted' == true
report '.generator.processes | map(.lost) | unique == [null]' == true
report "$totals | .messages_sent == .messages_received" == true

echo "where the first process is killed, none is left"
load_start -c 6 -r 300 -T 60s -m hello --reply echo "tcp://127.0.0.1:$(port web-4 echo)"
mapfile -t left < <(children load)
expect "processes" "${#left[@]}" == 3
stop load KILL 2>>"$work/killed"
for pid in "${left[@]}"; do
	timeout 10 tail --pid="$pid" -f /dev/null || fail "process $pid outlives the one that forked it"
done

echo "find-rate, and what is wrong usage"
start load "$conntest" load --no-save --processes 2 -o "json=$work/report.json" -c 4 -T 200ms \
	--find-rate 'sent <= 100' --find-rate-from 100 -m hello --reply echo \
	"tcp://127.0.0.1:$(port web-4 echo)"
await_exit load 120
expect "exit status" "$exit_status" == 0
report '.search.found' == true
served web-4
wrong() {
	exit_status=0
	"$conntest" "${@:2}" >"$work/wrong.out" 2>"$work/wrong.err" || exit_status=$?
	expect "exit status of ${*:2}" "$exit_status" == 2
	expect_text "$work/wrong.err" "$1"
}
wrong '--processes: 4 can.t share 2 connections: say -c 4 or more' load --processes 4 -c 2 127.0.0.1
wrong '--workers: each of 3 processes needs one: say 3 or more' load --processes 3 -c 8 -w 2 127.0.0.1
wrong '--workers: each of 3 processes needs one: say 3 or more' serve --processes 3 -w 2
wrong '--dump: not together with --processes' load --processes 2 -c 2 --dump one 127.0.0.1
wrong '--processes: .*65' load --processes 65 127.0.0.1
