#!/bin/bash
# Datagrams in one direction over a link that loses, doubles and reorders them: from source, where
# the client counts what comes, and to discard, where only the server can; and bursts as long as the
# link was cut.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

shaped_link 'seed 7' 'delay 5ms'
space=b serve web-1 --listen source+udp://10.9.0.2:5019 --listen discard+udp://10.9.0.2:5009 \
	--listen echo+udp://10.9.0.2:5007

# load OPTION...: a whole run; results in $work/report.json and $exit_status.
load() {
	logged_before=$(wc -l <"$work/shaper.out")
	start load nsenter --net="/run/netns/${spaces[a]}" \
		"$conntest" load --no-save -o "json=$work/report.json" "$@"
	await_exit load
	adds_up "$work/report.json"
}

# logged EVENT WAY: of datagrams of this load, which are larger than what asks for them.
logged() {
	tail -n "+$((logged_before + 1))" "$work/shaper.out" |
		jq -s "[.[] | select(.event == \"$1\" and .way == \"$2\" and .bytes > 400)] | length"
}

report() { expect_json "$work/report.json" "$@"; }
stream='stream("load")'

echo "from source: lost is what the link dropped, twice is what it doubled"
shape loss 0.02
load -c 2 -r 3k --message-size 500 -T 3s source+udp://10.9.0.2:5019
expect "exit status" "$exit_status" == 0
expect "datagrams dropped" "$(logged drop ba)" '>' 100
report "$stream.totals.lost" == "$(logged drop ba)"
report "$stream.datagrams.lost" == "$(logged drop ba)"
report "$stream.datagrams.network_lost" == "$(logged drop ba)"
report "$stream.datagrams.receiver_overflows" == 0
report "$stream.datagrams | .bursts <= .lost and .longest_burst >= 1 and .longest_burst <= 5" == true
report "$stream.totals.messages_sent" '>' 8900
report "$stream.latency.delay_variation.count" '>' 8500
shape loss 0
shape duplicate 0.02
load -r 3k --message-size 500 -T 2s source+udp://10.9.0.2:5019
report "$stream.totals.duplicate" == "$(logged duplicate ba)"
report "$stream.totals.lost" == 0
shape duplicate 0

echo "an outage of 300 ms is one burst as long"
(sleep 1 && shape loss 1 && sleep 0.3 && shape loss 0) &
cutter=$!
load -r 1k --message-size 500 -T 3s source+udp://10.9.0.2:5019
wait "$cutter"
report "$stream.datagrams.lost" == "$(logged drop ba)"
report "$stream.datagrams.bursts" == 1
report "$stream.datagrams.longest_burst" == "$(logged drop ba)"
report "$stream.datagrams | .longest_burst_ns == .longest_burst * 1000000" == true
report "$stream.datagrams | .first_lost_ns >= 600000000 and .last_lost_ns <= 2500000000" == true

echo "echoed: lost on either way"
shape loss 0.01
load -r 2k --message-size 500 -T 3s echo+udp://10.9.0.2:5007
shape loss 0
report "$stream.totals.lost" == "$(($(logged drop ab) + $(logged drop ba)))"
report "$stream.datagrams | .counted_by == \"here\" and .receiver_overflows == null" == true

echo "to discard: all is sent, the server counts what comes"
shape ab loss 0.05
load --gso off -c 4 -r 4k --message-size 500 -T 3s discard+udp://10.9.0.2:5009
shape ab loss 0
report "$stream.totals.one_way" == 12000
report "$stream.totals.datagrams_merged" == 0
report "$stream | has(\"datagrams\")" == false
arrived=$((12000 - $(logged drop ab)))

stop web-1
# Greetings of the flows are answered, not discarded: they are in `messages_received` too.
tail -n 1 "$work/web-1.out" | jq .report >"$work/served.json"
expect_json "$work/served.json" 'stream("served").totals.bytes_received >= '"$((arrived * 500))" == true
expect_json "$work/served.json" 'stream("served").totals.queue_overflows' == 0
