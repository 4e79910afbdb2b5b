#!/bin/bash
# A server that drains closes every connection at a message boundary: all slots are classed closed,
# and what is lost is exactly what was written after its FIN, by its own count of what came.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

# A FIN that travels for 20 ms, so that messages are written behind it.
shaped_link 'delay 20ms'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --drain 5s
space=a traffic_start -c 10 -r 50/conn --reconnect off --new-connections off --path-probe off \
	-T 3s traffic://10.9.0.2:5003
kill -TERM "${pids[web-1]}"
await_exit web-1 10
expect "exit status of serve" "$exit_status" == 0
traffic_end

report() { expect_json "$work/report.json" "$@"; }
report 'stream("persistent").survival.closed' == 10
report 'stream("persistent").totals.in_flight' == 0
report 'stream("persistent").interruptions.open' == 10
report '[.connections[] | select(.outcome != "closed")] | length' == 0
report '[.connections[].lost] | add' == "$(json "$work/report.json" 'stream("persistent").totals.lost')"

tail -n 1 "$work/web-1.out" | jq .report >"$work/served.json"
expect_json "$work/served.json" .served.drained == 10
expect_json "$work/served.json" .served.cut_off == 0
lost=$(json "$work/report.json" 'stream("persistent").totals.lost')
expect "lost" "$lost" '>=' 10
expect_json "$work/served.json" 'stream("served").totals | .bytes_received / 1024 - .messages_sent' \
	== "$lost"
