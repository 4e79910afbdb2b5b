#!/bin/bash
# Four backends behind one address; the connections of one are reset. Exactly its clients are
# classed so, by name, and nobody else is touched.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq nft ss

namespace a
ip -n "${spaces[a]}" addr add 10.9.9.9/32 dev lo
for i in 1 2 3 4; do
	space=a serve "web-$i" --listen "traffic://127.0.0.1$i:5003"
done
inside a nft 'table ip balancer { chain output {
	type nat hook output priority -100
	ip daddr 10.9.9.9 tcp dport 5003 dnat to numgen inc mod 4 map {
		0: 127.0.0.11, 1: 127.0.0.12, 2: 127.0.0.13, 3: 127.0.0.14 }
}; }' 2>"$work/nft.err" || skip "nft can't balance here: $(<"$work/nft.err")"

space=a traffic_start -c 40 -r 20/conn --new-connections off --path-probe off -T 3s \
	traffic://10.9.9.9:5003
inside a ss -Kt state established src 127.0.0.12 sport = :5003 >"$work/ss.out" || skip "no ss -K"
traffic_end

report() { expect_json "$work/report.json" "$@"; }
survival='stream("persistent").survival'
expect "exit status" "$exit_status" == 0
report "$survival.untouched" == 30
report "$survival.reset" == 10
report "$survival.reconnected" == 10
report 'stream("persistent").survival.by_backend | length' == 4
report 'backend("web-2").reset' == 10
for i in 1 3 4; do
	report "backend(\"web-$i\").untouched" == 10
done
