#!/bin/bash
# Every snapshot of a run in which all goes wrong is consistent: what fell due was sent, missed or is
# still to go; what was sent was answered, lost or is in flight (traffic_end sees to both); totals
# never fall.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

shaped_link 'seed 7' 'loss 0.02' 'delay 2ms' 'jitter 1ms' 'duplicate 0.01'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen traffic+udp://10.9.0.2:5003
space=a traffic_start -c 50 -r 40/conn --new-connections 20/s --path-probe 20 --reply-timeout 300ms \
	-T 6s traffic://10.9.0.2:5003
pause 0.5
shape cut 400ms
pause 0.8
kill -KILL "${pids[web-1]}"
await_exit web-1
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen traffic+udp://10.9.0.2:5003
pause 0.5
kill -STOP "${pids[web-1]}"
pause 0.5
kill -CONT "${pids[web-1]}"
traffic_end

jq -c 'select(.event == "snapshot") | .streams | to_entries[] | {name: .key} + .value' \
	"$work/run.ndjson" >"$work/streams"
expect "streams in snapshots" "$(wc -l <"$work/streams")" '>=' 15
falling=$(jq -sc 'group_by(.name)[] | [., .[1:]] | transpose[] | select(.[1]) as [$a, $b] |
	$a | del(.debt, .in_flight, .connections, .connecting, .silent, .interrupted, .name,
		.cwnd_bytes, .cwnd_connections) |
	to_entries[] | select(.value > $b[.key]) | {stream: $a.name, counter: .key}' \
	"$work/streams")
expect "totals that fall" "$falling" == ""

# A sample ends where it says: at a tenth of a second, the last one with the run, after its linger.
at_ns='.streams[0].samples | map(.at_ns)'
expect_json "$work/report.json" "$at_ns | map(select(. % 100000000 != 0)) | length" '<=' 1
expect_json "$work/report.json" "$at_ns | .[-1]" '>=' 6000000000
expect_json "$work/report.json" "$at_ns | .[-1]" '<' 6500000000
