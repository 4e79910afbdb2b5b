#!/bin/bash
# The shaper keeps its word: what its own UDP ping sees through it is what was asked for.
# shellcheck source=lib_ping.sh
source "$(dirname "$0")/lib_ping.sh"

shaped_link 'seed 7'
ping_servers

# logged FILTER: how many lines of the log it selects.
logged() { jq -s "[.[] | select($1)] | length" "$work/shaper.out"; }

echo "a clean link, both families"
ping4 500 1ms
found .lost == 0
found .duplicates == 0
found .reordered == 0
ping6 500 1ms
found .lost == 0

echo "delay 20 ms and jitter 2 ms a way"
shape delay 20ms
shape jitter 2ms
ping4 300 2ms
found .lost == 0
found .rtt_min_ns '>=' 36000000
found .rtt_p50_ns '>=' 38500000
found .rtt_p50_ns '<=' 60000000
found .reordered '>' 20
shape order on
ping6 300 2ms
found .rtt_p50_ns '>=' 38500000
found .reordered == 0
shape delay 0
shape jitter 0

echo "5 % loss a way: 2000 round trips lose 195 +- 4.5 sigma, as logged"
shape loss 0.05
ping4 2000 200us
shape loss 0
found .lost '>=' 135
found .lost '<=' 255
expect "drops logged" "$(logged '.why == "loss" and .protocol == "udp"')" == \
	"$(json "$work/ping.json" .lost)"

echo "one way only"
shape ab loss 1
ping4 50 1ms
found .received == 0
shape ab loss 0

echo "2 % duplicated and 5 % reordered a way"
shape delay 5ms
shape duplicate 0.02
ping4 1000 500us
shape duplicate 0
found .duplicates '>=' 12
found .duplicates '<=' 75
shape reorder 0.05
ping6 1000 500us
shape reorder 0
shape delay 0
found .lost == 0
found .reordered '>=' 50

echo "a cut of 300 ms, by the clock"
ping4 2000 1ms &
pinging=$!
inside a "$helpers/udp_ping" 10.9.0.2 "$ping_port4" 100 1ms >/dev/null # the other is under way
shape cut 300ms
wait "$pinging"
cut_ns=$(jq -r 'select(.event == "cut").at_ns' "$work/shaper.out")
join_ns=$(jq -r 'select(.event == "join").at_ns' "$work/shaper.out")
expect "length of the cut (us)" $(((join_ns - cut_ns) / 1000)) '>=' 300000
expect "length of the cut (us)" $(((join_ns - cut_ns) / 1000)) '<=' 350000
gap=$(json "$work/ping.json" '(.gap.end_ns - .gap.start_ns) / 1000')
# The ping itself may be held up on a busy machine, the shaper less so.
expect "gap seen (us)" "$gap" '>=' $(((join_ns - cut_ns) / 1000 - 40000))
expect "gap seen (us)" "$gap" '<=' $(((join_ns - cut_ns) / 1000 + 40000))
found ".gap.start_ns - $cut_ns | fabs / 1000 | floor" '<=' 40000
found .lost == "$(logged '.why == "cut" and .protocol == "udp"')"
