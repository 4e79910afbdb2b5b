#!/bin/bash
# Datagrams in one direction over a link that loses, doubles and reorders them: from source, where
# the client counts what comes, and to discard, where only the server can; and bursts as long as the
# link was cut.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

shaped_link 'seed 7' 'delay 5ms'
(umask 077 && head -c 16 /dev/urandom | base64 >"$work/token")
space=b serve web-1 --rcvbuf 4MiB --listen source+udp://10.9.0.2:5019 --listen discard+udp://10.9.0.2:5009 \
	--listen echo+udp://10.9.0.2:5007 --listen control://10.9.0.2:5004 --control-token @"$work/token"

# load OPTION...: a whole run; results in $work/report.json and $exit_status.
load() {
	logged_before=$(wc -l <"$work/shaper.out")
	start load nsenter --net="/run/netns/${spaces[a]}" \
		"$conntest" load --no-save --receiver-token @"$work/token" -o "json=$work/report.json" "$@"
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
(pause 1 && shape loss 1 && pause 0.3 && shape loss 0) &
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

echo "to discard: the server counts what comes, and loss is what the link dropped"
shape ab loss 0.01
load --receiver -c 4 -r 4k --message-size 500 -T 3s --expect 'lost > 0' --expect 'network_lost > 0' \
	--expect 'duplicate == 0' discard+udp://10.9.0.2:5009
shape ab loss 0
dropped=$(logged drop ab)
expect "exit status" "$exit_status" == 0
expect "datagrams dropped" "$dropped" '>' 60
report "$stream.totals.one_way" == 12000
report "$stream.receiver | .known and .source == \"control\" and .connections_known == 4" == true
report "$stream.receiver.messages" == $((12000 - dropped))
report "$stream.datagrams.lost" == "$dropped"
report "$stream.datagrams | .network_lost == .lost and .receiver_overflows == 0" == true
report "$stream.datagrams | .bursts <= .lost and .longest_burst <= 5" == true
report '.figures.load["lost"]' == "$dropped"
report "$stream.latency.delay_variation.count" == $((12000 - dropped))
expect_text "$work/load.out" ' \(([0-9]+) of 12,000\), all in the network; 0 reordered, 0 duplicates$'
expect_text "$work/load.out" "receiver's socket dropped 0;"
arrived=$((12000 - dropped))

echo "to discard, reordered and cut: one burst, and a tail that never arrived"
shape ab reorder 0.02
(pause 1 && shape ab loss 1 && pause 0.3 && shape ab loss 0) &
cutter=$!
load --gso off -r 1k --message-size 500 -T 3s discard+udp://10.9.0.2:5009
wait "$cutter"
shape ab reorder 0
report "$stream.datagrams.lost" == "$(logged drop ab)"
report "$stream.datagrams.bursts" == 1
report "$stream.datagrams.longest_burst" == "$(logged drop ab)"
report "$stream.totals.reordered" '>' 10
report "$stream.datagrams | .first_lost_ns >= 600000000 and .last_lost_ns <= 2500000000" == true
arrived=$((arrived + 3000 - $(logged drop ab)))

echo "a tail of which nothing arrives is lost: the last that came does not tell of it"
shape icmp off
(pause 2 && shape ab mtu 400) & # what asks control is smaller
cutter=$!
load --gso off -r 1k --message-size 500 -T 3s --receiver control://10.9.0.2 discard+udp://10.9.0.2:5009
wait "$cutter"
shape ab mtu 1500
lost=$(json "$work/report.json" "$stream.datagrams.lost")
expect "lost at the end" "$lost" '>' 500
report "$stream.receiver.messages" == $((3000 - lost))
report "$stream.datagrams | .bursts == 1 and .longest_burst == .lost" == true
report "$stream.datagrams.last_lost_ns" == 2999000000
arrived=$((arrived + 3000 - lost))

echo "a server that stands still on a link that loses: its socket drops, and the link, each its own"
shape ab loss 0.01
(pause 1 && kill -STOP "${pids[web-1]}" && pause 1 && kill -CONT "${pids[web-1]}") &
cutter=$!
load --gso off -c 4 -r 30k --message-size 500 -T 3s discard+udp://10.9.0.2:5009
wait "$cutter"
shape ab loss 0
report "$stream.datagrams.receiver_overflows" '>' 1000
report "$stream.datagrams.network_lost" '>' 500
report "$stream.datagrams | .lost == .receiver_overflows + .network_lost" == true
report "$stream.datagrams.network_lost" == "$(logged drop ab)"
report "$stream.receiver | .queue_overflows" == "$(json "$work/report.json" "$stream.datagrams.receiver_overflows")"
expect_text "$work/load.out" "receiver's socket dropped [1-9][0-9,]+; no GSO\$"
arrived=$((arrived + $(json "$work/report.json" "$stream.receiver.messages")))

echo "nobody there to ask: what was sent is told, and what arrived is not"
load -r 1k --message-size 500 -T 1s --receiver control://10.9.0.2:9 --expect 'lost == 0' \
	discard+udp://10.9.0.2:5009
expect "exit status" "$exit_status" == 1
report "$stream | has(\"datagrams\")" == false
report '.expectations[0] | .held == false and (.reason | test("^control://10.9.0.2:9: refused"))' == true
expect_text "$work/load.out" ' sent from here \(500.0 kB payload\)$'
expect_text "$work/load.out" 'what arrived is unknown: control://10.9.0.2:9: refused'
arrived=$((arrived + 1000))

stop web-1
# Greetings of the flows are answered, not discarded: they are in `messages_received` too.
tail -n 1 "$work/web-1.out" | jq .report >"$work/served.json"
expect_json "$work/served.json" 'stream("served").totals.bytes_received >= '"$((arrived * 500))" == true
