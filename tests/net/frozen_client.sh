#!/bin/bash
# The client itself stands still: that is no outage of the path, and the report says whose fault it is.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

namespace a
space=a serve web-1 --listen traffic://127.0.0.1:5003 --listen traffic+udp://127.0.0.1:5003
space=a traffic_start -c 10 -r 10/conn -T 3s --new-connections off --path-probe 20 127.0.0.1:5003
kill -STOP "${pids[traffic]}"
pause 0.8
kill -CONT "${pids[traffic]}"
traffic_end

report() { expect_json "$work/report.json" "$@"; }
expect "exit status" "$exit_status" == 0
report 'stream("path").outages.count' == 0
report 'stream("path").schedule.missed.generator' '>' 100
report 'stream("persistent").totals.lost' == 0
report '.generator.verdict' '!=' good
report '.generator.loop_lag_max_ns' '>' 500000000
expect_text "$work/traffic.err" 'behind its schedule'
