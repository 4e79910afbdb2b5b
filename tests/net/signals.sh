#!/bin/bash
# Signals end things regularly: traffic with its whole report, serve by a drain, and at once when
# it is told twice.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

echo "SIGINT and SIGTERM end traffic with the full report"
serve web-1 --drain 5s
for signal in INT TERM; do
	traffic_start -c 5 -r 20/conn --path-probe off -T 60s "traffic://127.0.0.1:$(port web-1)"
	stop traffic "$signal"
	expect "exit status" "$exit_status" == 0
	expect_json "$work/report.json" .interrupted == true
	expect_json "$work/report.json" .duration_ns '<=' 20000000000
	expect_json "$work/report.json" 'stream("persistent").survival.untouched' == 5
	expect_text "$work/traffic.out" '^Result:'
done

echo "in the ramp too, when nothing has answered yet"
start silent "$helpers/bad_peer" silent
silent=tcp://127.0.0.1:$(await "$work/silent.out" ready | cut -d' ' -f2)
start traffic "$conntest" traffic -c 3 --connect-timeout 60s --path-probe off --no-save -T 60s \
	-o "json=$work/report.json" "$silent"
await "$work/traffic.err" 'clients silent' >/dev/null
kill -INT "${pids[traffic]}"
traffic_end
expect "exit status" "$exit_status" == 1
expect_json "$work/report.json" .interrupted == true
expect_json "$work/report.json" .nothing_answered == true

echo "in the ramp, when some are up"
start traffic "$conntest" traffic -c 100 --connect-rate 10/s --path-probe off --no-save -v \
	-o "json=$work/report.json" "tcp://127.0.0.1:$(port web-1)"
await "$work/traffic.err" 'slot 1.*connected' >/dev/null
kill -INT "${pids[traffic]}"
traffic_end
expect "exit status" "$exit_status" == 0
expect_json "$work/report.json" .nothing_answered == false
expect_json "$work/report.json" '.figures.persistent.lost' == null
expect_text "$work/traffic.out" '^Result: +interrupted while connecting, [0-9]+ of 100 up, nothing measured'

echo "a second one doesn't wait for replies"
traffic_start -c 3 -r 10/conn --new-connections off --path-probe off --reply-timeout 60s \
	--connect-timeout 500ms -T 60s "$silent"
before=$SECONDS
kill -INT "${pids[traffic]}"
await "$work/traffic.err" 'SIGINT: .*once more' >/dev/null
kill -INT "${pids[traffic]}"
traffic_end
expect "seconds" $((SECONDS - before)) '<=' 20
expect_json "$work/report.json" 'stream("persistent").totals | .messages_sent == .in_flight' == true
expect_json "$work/report.json" 'stream("persistent").survival.stalled' == 3

echo "a drain without connections is over at once"
before=$SECONDS
stop web-1
expect "exit status" "$exit_status" == 0
expect "seconds" $((SECONDS - before)) '<=' 2
expect "last event" "$(tail -n 1 "$work/web-1.out" | jq -r .event)" == report

# half_a_message PORT: leaves a connection open in the middle of one, on descriptor $half.
half_a_message() {
	exec {half}<>"/dev/tcp/127.0.0.1/$1"
	printf '%64s\x43\x4e\x54\x11\0\0\x04\0\0\0\0\0\0\0\0\0' '' >&"$half"
	head -c 80 <&"$half" >/dev/null # it is there
}

echo "a drain waits for the rest of a message, to its deadline"
serve web-2 --drain 1s
half_a_message "$(port web-2)"
stop web-2
expect "exit status" "$exit_status" == 0
expect_json <(tail -n 1 "$work/web-2.out") '.report.served.cut_off' == 1

echo "a second signal doesn't wait"
serve web-3 --drain 15s
half_a_message "$(port web-3)"
before=$SECONDS
kill -TERM "${pids[web-3]}"
await "$work/web-3.out" '"event":"drain"' >/dev/null
stop web-3
expect "seconds" $((SECONDS - before)) '<=' 3
