#!/bin/bash
# Flows of datagrams over a link that loses, doubles and reorders them, by IPv6: each is counted as
# what the link says it did to it.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

shaped_link 'seed 7' 'delay 5ms'
space=b serve web-1 --listen 'traffic+udp://[fd09::2]:5003'
space=a traffic_start -c 2 -r 500/conn --message-size 128B --new-connections off --path-probe off \
	-T 3s 'udp://[fd09::2]:5003'
shape loss 0.02
shape duplicate 0.02
shape reorder 0.02
traffic_end
stop web-1
tail -n 1 "$work/web-1.out" | jq .report >"$work/served.json"

# logged EVENT [WAY]: how many datagrams it happened to.
logged() {
	jq -s --arg event "$1" --arg way "${2-}" '[.[] | select(.event == $event and .protocol == "udp"
		and ($way == "" or .way == $way))] | length' "$work/shaper.out"
}
report() { expect_json "$work/report.json" "stream(\"persistent\").$1" "${@:2}"; }
report totals.messages_sent == 3000
report totals.in_flight == 0
# A doubled one that is lost once still arrives: at most as many are lost as were dropped, by the
# link or, on a busy machine, by a receive queue.
dropped=$(($(logged drop) + $(jq .generator.receive_queue_overflows "$work/served.json") +
	$(jq .generator.receive_queue_overflows "$work/report.json")))
report totals.lost '<=' "$dropped"
report totals.lost '>=' $(($(logged drop) - $(logged duplicate)))
report totals.lost '>' 50
report totals.forward_lost '<=' $((dropped - $(logged drop ba)))
report totals.forward_lost '>' 0 # a doubled one may hide a loss
# One of a pair may be lost; one that was doubled both ways comes four times.
report totals.duplicate '<=' $((3 * $(logged duplicate)))
report totals.duplicate '>=' $(($(logged duplicate) * 3 / 4))
report totals.reordered '>' 0
report totals.corrupted == 0
report 'survival | .untouched + .recovered' == 2
expect_json "$work/report.json" 'backend("web-1").slots' == 2
