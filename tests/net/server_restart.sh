#!/bin/bash
# A server is killed and started again a second later: the outage of new connections and the
# interruptions of the old ones are as long as it was away, and all come back.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

interval_ns=50000000 # of both streams
slack_ns=50000000    # what a busy machine adds to the moments of a kill and of a start

now() { date +%s%N; }

serve web-1
port=$(port web-1)
traffic_start -c 10 -r 20/conn --new-connections 20/s --path-probe off -T 5s \
	"traffic://127.0.0.1:$port"
kill_ns=$(now)
kill -KILL "${pids[web-1]}"
await_exit web-1
gone_ns=$(now)
pause 1
start_ns=$(now)
serve web-1 --listen "traffic://127.0.0.1:$port"
back_ns=$(now)
traffic_end

report() { expect_json "$work/report.json" "$@"; }
expect "exit status" "$exit_status" == 0
report 'stream("new").outages.count' == 1
report 'stream("new").outages.open' == 0
report 'stream("new").outages.max_ns' '>=' $((start_ns - gone_ns - interval_ns))
report 'stream("new").outages.max_ns' '<=' $((back_ns - kill_ns + interval_ns + slack_ns))
report 'stream("new").errors | map(select(.outcome == "refused")) | length' == 1
report 'stream("persistent").survival | .closed + .reset' == 10
report 'stream("persistent").survival.reconnected' == 10
report 'backend("web-1").slots_at_end' == 10
report 'stream("persistent").interruptions.count' == 10
report 'stream("persistent").interruptions.open' == 0
report '[stream("persistent").interruptions.list[] | .end_ns - .start_ns] | min' '>=' \
	$((start_ns - gone_ns - interval_ns))
# Back-off: up to 1.25 s may pass until a slot tries again.
report 'stream("persistent").interruptions.max_ns' '<=' \
	$((back_ns - kill_ns + interval_ns + slack_ns + 1250000000))
