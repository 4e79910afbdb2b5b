#!/bin/bash
# The schedule is honest: a server that stands still for 5 s of 12 is seen as a user sees it, though
# the sender could not send.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

serve web-1
traffic_start -c 1 -r 50 --message-size 100kB --new-connections off --path-probe off -T 12s \
	"traffic://127.0.0.1:$(port web-1)"
pause 2
kill -STOP "${pids[web-1]}"
pause 5
kill -CONT "${pids[web-1]}"
traffic_end

report() { expect_json "$work/report.json" "$@"; }
report 'stream("persistent").schedule.scheduled' == 600
report 'stream("persistent").schedule | .sent + (.missed | add)' == 600
report 'stream("persistent").latency.response.count' == 600
report 'stream("persistent").latency.response.p99_ns' '>=' 4500000000
report 'stream("persistent").latency.service.p50_ns' '<=' 100000000
