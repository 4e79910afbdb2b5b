#!/bin/bash
# The shaper's rate with its queue, and its MTU with and without ICMP, for both families.
# shellcheck source=lib_ping.sh
source "$(dirname "$0")/lib_ping.sh"

shaped_link 'seed 7'
ping_servers

# 1,000 packets of 1,000 bytes in a second are 8 Mbps: of these a second of 4 Mbps lets pass 500,
# and the queue 20 more, each of which waits 40 ms at most.
echo "rate 4 Mbps, queue 20 kB"
shape ab queue 20kB
shape ab rate 4Mbps
ping4 1000 1ms 972
found .received '>=' 505
found .received '<=' 530
found .rtt_p50_ns '>=' 30000000
found .rtt_max_ns '<=' 100000000
shape ab rate 0

echo "MTU 1300: the sender is told"
shape mtu 1300
ping4 20 1ms 1400
found .received == 0
found .mtu == 1300
found .too_big '>=' 15
ping6 20 1ms 1400
found .received == 0
found .mtu == 1300
ping4 20 1ms 1272 # with 28 bytes of heads it just fits
found .received == 20

echo "MTU 1290 without ICMP: large ones vanish, nobody is told"
shape mtu 1290
shape icmp off
inside a ip route flush cache
inside a ip -6 route flush cache
ping6 20 1ms 1250
found .received == 0
found .too_big == 0
ping6 20 1ms 1200
found .received == 20
expect "large packets logged" "$(jq -s '[.[] | select(.why == "mtu")] | length' "$work/shaper.out")" '>=' 22
