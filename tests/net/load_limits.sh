#!/bin/bash
# What limited a load: a slow link, a receiver that does not read, or nothing but its own schedule;
# and what TCP tells of it by interval.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

report() { expect_json "$work/report.json" "$@"; }
run() {
	start traffic inside a "$conntest" load --no-save -o "json=$work/report.json" "$@"
	await_exit traffic
	[[ -s $work/report.json ]] || { fail "load left no report, status $exit_status"; exit 1; }
}

# A queue of 40 packets on 20 Mbps: 24 ms when it is full, and then it drops.
shaped_link 'seed 7' 'delay 5ms' 'queue 60kB' 'rate 20Mbps'
space=b serve web-1 --listen traffic://10.9.0.2:5003 --listen discard://10.9.0.2:5009

echo "limited by the network"
run -T 3s --congestion reno discard://10.9.0.2
load='stream("load")'
report '.generator.limited_by' == network
report '.generator.limited_share' '>' 0.5
expect_text "$work/traffic.out" '^Trust: .*limited by the network \(window full [0-9]+ % of the time\)'
expect_text "$work/traffic.out" '^TIME +[A-Z]+ +RETRANS +CWND +RTT p50 +max ms$'
expect_text "$work/traffic.out" '^1-2 s +1[0-9]\.[0-9] Mbps '
report "$load.totals.retransmitted_segments" '>' 0
report "$load.samples | map(.retransmits) | add" == "$(json "$work/report.json" "$load.totals.retransmitted_segments")"
report "$load.samples | map(.bytes_acked) | add" == "$(json "$work/report.json" "$load.tcp.bytes_acked")"
report "$load.tcp | .bytes_acked + .bytes_queued_at_end" '>=' 5000000
report "$load.tcp.segments_sent" '>' 3000
report "[$load.samples[].rtt_max_ns] | max" '>' 20000000 # the queue
report "$load.tcp.mss_max_bytes" '>=' 1300

echo "limited by nothing but the rate that was asked for"
run -T 2s -r 50 --message-size 1KiB traffic://10.9.0.2
report '.generator.limited_by' == schedule

echo "limited by the receiver, which does not read"
kill -STOP "${pids[web-1]}"
run -T 2s discard://10.9.0.2
kill -CONT "${pids[web-1]}"
report '.generator.limited_by' == receiver
expect_text "$work/traffic.out" '^Trust: .*limited by the receiver \(its window was full [0-9]+ % of the time\)'
report "$load.tcp.bytes_queued_at_end" '>' 0
report "$load.tcp | .receiver_limited_ns / .watched_ns > 0.5" == true
