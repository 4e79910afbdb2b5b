#!/bin/bash
# As in the demo: a backend behind haproxy is killed. Its clients lose their connections and have
# new ones, to the others, at once.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq haproxy

four_backends
traffic_start -c 40 -r 20/conn --new-connections off --path-probe off -T 3s \
	--expect hitless "tcp://127.0.0.1:$PORT"
kill -KILL "${pids[web-2]}"
traffic_end

report() { expect_json "$work/report.json" "$@"; }
survival='stream("persistent").survival'
expect "exit status" "$exit_status" == 1
report "$survival.untouched" == 30
report "$survival | .closed + .reset" == 10
report "$survival.reconnected" == 10
report "$survival.backend_changed" == 10
report 'backend("web-2") | .closed + .reset' == 10
report 'stream("persistent").interruptions.max_ns' '<=' 1000000000
