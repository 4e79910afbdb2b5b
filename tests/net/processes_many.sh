#!/bin/bash
# More connections than the descriptors of one process are for: refused with the number of processes
# that would do, and held by so many.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

limit=10000
(($(ulimit -Hn) >= limit)) || skip "no $limit file descriptors"
ulimit -n "$limit"
namespace a
space=a serve web-1 --processes 3 --no-save -o "json=$work/web-1.json" \
	--listen traffic://127.0.0.1:0 --listen echo://127.0.0.1:0
target=tcp://127.0.0.1:$(port web-1 echo)

many() {
	start load nsenter --net="/run/netns/${spaces[a]}" "$conntest" load --no-save \
		-o "json=$work/report.json" -c 24k -r 6k -m hello --reply echo "$@" "$target"
	await_exit load 120
}

many -T 1s
expect "exit status" "$exit_status" == 3
expect_text "$work/load.err" 'needs 24,0[0-9]+ file descriptors, the hard limit here is 10,000: say --processes 3, lower -c to 9,900, or raise it'

many -T 2s --processes 3
expect "exit status" "$exit_status" == 0
adds_up "$work/report.json"
expect_json "$work/report.json" 'stream("load").totals | [.connects, .connections, .connect_failures] ==
	[24000, 24000, 0]' == true
expect_json "$work/report.json" 'stream("load").survival | .untouched + .recovered + .stalled' == 24000
expect_json "$work/report.json" '.generator.processes | map(.slots) == [8000, 8000, 8000]' == true
expect_json "$work/report.json" 'stream("load").schedule.scheduled' == 12000
stop web-1
expect "exit status of serve" "$exit_status" == 0
expect_json "$work/web-1.json" 'stream("served").totals | [.connects, .disconnects] == [24000, 24000]' == true
expect_json "$work/web-1.json" '.served.limits | length' == 0
