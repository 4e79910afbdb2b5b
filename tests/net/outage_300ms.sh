#!/bin/bash
# A link that is cut for 300 ms: every path flow shows one outage of the length that the shaper
# logged, within the bounds [estimate - interval - RTT, estimate + interval], and every slot recovers.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

interval_ns=50000000
slack_ns=10000000 # what two busy processors add between the shaper and its log

shaped_link 'seed 7'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen traffic+udp://10.9.0.2:5003

report() { expect_json "$work/report.json" "$@"; }

# logged EVENT: the newest wall time of it.
logged() { jq -r "select(.event == \"$1\").unix_ns" "$work/shaper.out" | tail -n 1; }

# cut_once: a run with a cut; fails if the shaper itself was held up and cut for much longer.
cut_once() {
	space=a traffic_start -c 10 -r 20/conn --stall-after 200ms --new-connections off \
		--path-probe 20 -T 3s traffic://10.9.0.2:5003
	shape cut 300ms
	traffic_end
	cut_ns=$(($(logged join) - $(logged cut)))
	((cut_ns >= 300000000 && cut_ns <= 500000000))
}

for delay in 0 20 50; do
	echo "300 ms without the link, delay $delay ms a way"
	shape delay "${delay}ms"
	cut_once || cut_once || cut_once || fail "cut for $cut_ns ns instead of 300 ms"
	expect "exit status" "$exit_status" == 0

	# Due times are what counts: a probe that went out late may have been due before the cut.
	late_ns=$(json "$work/report.json" 'stream("path").schedule.debt_max_ns')
	before_ns=$((2 * delay * 1000000 + late_ns + slack_ns))
	start_ns=$(($(date -d "$(jq -r .started "$work/report.json")" +%s%N)))
	outages='stream("path").outages'
	report "$outages.count" == 16
	report "$outages.slots" == 16
	report "$outages.open" == 0
	estimates="$outages.list[] | .end_ns - .start_ns"
	report "[$estimates] | min" '>=' $((cut_ns - interval_ns - late_ns - slack_ns))
	report "[$estimates] | max" '<=' $((cut_ns + interval_ns + before_ns))
	begins="$outages.list[] | .start_ns + $start_ns - $(logged cut)"
	report "[$begins] | min" '>=' -$before_ns
	report "[$begins] | max" '<=' $((interval_ns + slack_ns))
	report "[$outages.list[].forward_lost] | min" '>=' 1
	report "$outages.all_ns <= $outages.max_ns and $outages.max_ns <= $outages.any_ns" == true
	report 'stream("persistent").survival.recovered' == 10
	report 'stream("persistent").totals.lost' == 0
	report 'stream("persistent").stalls.slots' == 10
	report 'stream("persistent").interruptions.count' == 0
done
