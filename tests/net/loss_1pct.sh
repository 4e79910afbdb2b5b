#!/bin/bash
# 1 % loss each way: TCP sends again and stalls for moments, nothing is lost to it, and there are no
# more path outages than the report itself expects by chance.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

shaped_link 'seed 7' 'delay 5ms' 'loss 0.01'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen traffic+udp://10.9.0.2:5003
space=a traffic_start -c 20 -r 50/conn --stall-after 25ms --path-probe 20 -T 4s \
	traffic://10.9.0.2:5003
traffic_end

report() { expect_json "$work/report.json" "$@"; }
expect "exit status" "$exit_status" == 0
report 'stream("persistent").totals | .messages_sent - .messages_received' == 0
report 'stream("persistent").totals.retransmitted_segments' '>' 10
report 'stream("persistent").stalls.count' '>' 0
report 'stream("path").totals.lost' '>' 5
report 'stream("path").outages | .count <= (.expected_false | ceil)' == true
