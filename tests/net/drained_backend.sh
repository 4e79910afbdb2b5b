#!/bin/bash
# A server that drains closes every connection at a message boundary: all slots are classed closed,
# and what is lost is exactly what was written after its FIN, by its own count of what came.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

serve web-1 --drain 5s
traffic_start -c 10 -r 50/conn --reconnect off --connect-rate off --new-connections off \
	--path-probe off -T 3s "traffic://127.0.0.1:$(port web-1)"
kill -TERM "${pids[web-1]}"
await_exit web-1 10
expect "exit status of serve" "$exit_status" == 0
traffic_end

report() { expect_json "$work/report.json" "$@"; }
report 'stream("persistent").survival.closed' == 10
served=$(tail -n 1 "$work/web-1.out" | jq '(.report // .).streams[0].totals.bytes_received / 1024')
sent=$(json "$work/report.json" '[.connections[].sent] | add')
report '[.connections[].lost] | add' == $((sent - served))
report 'stream("persistent").totals.in_flight' == 0
