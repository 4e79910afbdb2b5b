#!/bin/bash
# As in the demo: a backend behind haproxy stands still for 1.5 s. Its clients stall as long and
# recover, and nothing is lost.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq haproxy

four_backends
traffic_start -c 40 -r 20/conn --new-connections off --path-probe off -T 4s \
	--expect graceful "tcp://127.0.0.1:$PORT"
kill -STOP "${pids[web-3]}"
pause 1.5
kill -CONT "${pids[web-3]}"
traffic_end

report() { expect_json "$work/report.json" "$@"; }
survival='stream("persistent").survival'
expect "exit status" "$exit_status" == 0
report "$survival.untouched" == 30
report "$survival.recovered" == 10
report 'backend("web-3").recovered' == 10
report 'stream("persistent").totals.lost' == 0
report 'stream("persistent").stalls.max_ns' '>=' 1400000000
report 'stream("persistent").stalls.max_ns' '<=' 1800000000
