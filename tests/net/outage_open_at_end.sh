#!/bin/bash
# A link that is cut and stays so: what is open at the end is reported open, with its lower bound.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

shaped_link 'seed 7'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen traffic+udp://10.9.0.2:5003
space=a traffic_start -c 10 -r 20/conn --new-connections 10/s --path-probe 20 \
	--reply-timeout 500ms -T 3s traffic://10.9.0.2:5003
shape cut
traffic_end

report() { expect_json "$work/report.json" "$@"; }
expect "exit status" "$exit_status" == 0
report 'stream("path").outages.count' == 16
report 'stream("path").outages.open' == 16
report '[stream("path").outages.list[].open] | all' == true
report 'stream("new").outages.open' == 1
# One that stalled before, on a busy machine, counts by that: recovered.
report 'stream("persistent").survival | .stalled + .recovered' == 10
report 'stream("persistent").stalls.open' == 10
report 'stream("persistent").interruptions.open' == 10
report 'stream("persistent").totals.in_flight' '>' 0

# To the end of the run, or of the wait for replies, and from about the cut on.
end_ns=$(jq .duration_ns "$work/report.json")
for intervals in 'stream("path").outages' 'stream("new").outages' \
	'stream("persistent").interruptions' 'stream("persistent").stalls'; do
	report "[$intervals.list[] | select(.open) | .end_ns] | min" '>=' "$end_ns"
	report "$intervals.max_ns" '>=' 1000000000
done
