#!/bin/bash
# A link that is cut for 300 ms: every path flow shows one outage of the length that the shaper
# logged, within the bounds [estimate - interval - RTT, estimate + interval], and every slot recovers.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

interval_ns=50000000
slack_ns=10000000 # what two busy processors add

shaped_link 'seed 7'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen traffic+udp://10.9.0.2:5003

# logged EVENT: the newest wall time of it.
logged() { jq -r "select(.event == \"$1\").unix_ns" "$work/shaper.out" | tail -n 1; }

for delay in 0 20 50; do
	echo "300 ms without the link, delay $delay ms a way"
	shape delay "${delay}ms"
	rtt_ns=$((2 * delay * 1000000 + slack_ns))
	space=a traffic_start -c 10 -r 20/conn --new-connections off --path-probe 20 -T 3s \
		traffic://10.9.0.2:5003
	shape cut 300ms
	traffic_end
	expect "exit status" "$exit_status" == 0

	cut_ns=$(($(logged join) - $(logged cut)))
	start_ns=$(jq '.started | sub("[.][0-9]+Z$"; "Z") | fromdate' "$work/report.json")
	start_ns=$((start_ns * 1000000000 +
		10#$(jq -r '.started | capture("[.](?<ms>[0-9]+)Z").ms' "$work/report.json") * 1000000))
	report() { expect_json "$work/report.json" "$@"; }
	outages='stream("path").outages'
	report "$outages.count" == 16
	report "$outages.open" == 0
	estimates="$outages.list[] | .end_ns - .start_ns"
	report "[$estimates] | min" '>=' $((cut_ns - interval_ns - slack_ns))
	report "[$estimates] | max" '<=' $((cut_ns + interval_ns + rtt_ns))
	begins="$outages.list[] | .start_ns + $start_ns - $(logged cut)"
	report "[$begins] | min" '>=' -$rtt_ns
	report "[$begins] | max" '<=' $((interval_ns + slack_ns))
	report 'stream("persistent").survival.recovered' == 10
	report 'stream("persistent").totals.lost' == 0
	report 'stream("persistent").stalls.count' == 10
done
