#!/bin/bash
# 1 % loss each way: TCP sends again and stalls for moments, nothing is lost to it; the path loses
# what the shaper dropped, and has no more outages than chance makes, as the report says itself.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

shaped_link 'seed 7' 'delay 5ms' 'loss 0.01'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen traffic+udp://10.9.0.2:5003
space=a traffic_start -c 20 -r 50/conn --stall-after 25ms --path-probe 100 --outage-after 2 -T 4s \
	traffic://10.9.0.2:5003
traffic_end

report() { expect_json "$work/report.json" "$@"; }
expect "exit status" "$exit_status" == 0
report 'stream("persistent").totals.lost' == 0
report 'stream("persistent").totals.in_flight' == 0
report 'stream("persistent").totals.retransmitted_segments' '>' 10
report 'stream("persistent").stalls.count' '>' 0
dropped=$(jq -s '[.[] | select(.why == "loss" and .protocol == "udp")] | length' "$work/shaper.out")
report 'stream("path").totals.lost' == "$dropped"
report 'stream("path").totals.forward_lost' '>' 0
# About 2.5 by chance; more than five standard deviations above would be no chance.
report 'stream("path").outages.expected_false' '>' 0.5
report 'stream("path").outages | .count <= .expected_false + 5 * (.expected_false | sqrt) + 1' == true
