#!/bin/bash
# The hops of conntest path: a router that limits its ICMP, two equal paths of which one loses, and a
# link too small, by datagrams, SYNs and inside TCP; with and without privileges.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need ip jq nft setpriv

# router NAME, link A B NET: a's end is .1, b's .2
router() {
	namespace "$1"
	inside "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}
link() {
	ip link add "to_$2" netns "${spaces[$1]}" type veth peer name "to_$1" netns "${spaces[$2]}"
	ip -n "${spaces[$1]}" addr add "10.9.$3.1/24" dev "to_$2"
	ip -n "${spaces[$2]}" addr add "10.9.$3.2/24" dev "to_$1"
	ip -n "${spaces[$1]}" link set "to_$2" up
	ip -n "${spaces[$2]}" link set "to_$1" up
}
route() {
	ip -n "${spaces[$1]}" route add "${@:2}"
}

# a - near - good or bad - far - b
for name in a near good bad far b; do
	router "$name"
done
link a near 1
link near good 2
link near bad 3
link good far 4
link bad far 5
link far b 6
# TCP goes on sooner than after 0.2 s, more when it is lost again.
route a default via 10.9.1.2 rto_min 100ms
route near 10.9.6.0/24 nexthop via 10.9.2.2 nexthop via 10.9.3.2
route near default via 10.9.2.2
route good 10.9.1.0/24 via 10.9.2.1
route good default via 10.9.4.2
route bad 10.9.1.0/24 via 10.9.3.1
route bad default via 10.9.5.2
route far default via 10.9.4.1
route b default via 10.9.6.1
# By ports; and by what is in the packet, since veth hands on what the sender's kernel had hashed.
inside near sysctl -qw net.ipv4.fib_multipath_hash_fields=55 net.ipv4.fib_multipath_hash_policy=3 ||
	skip "no paths by ports in this kernel"
# A Linux router's own limit: some at once, then twenty a second to each host, of hundreds that ask.
inside near sysctl -qw net.ipv4.icmp_ratelimit=50
# lose PERCENT of what goes on from there
lose() {
	inside bad nft "flush ruleset; table ip loss { chain forward { type filter hook forward priority 0;
		ip daddr 10.9.6.2 numgen random mod 100 < $1 drop; }; }"
}
space=b serve b --listen traffic://:5003 --listen traffic+udp://:5003 --listen http://:8080 \
	--listen h2c://:8081

# Where anybody may run it.
chmod 711 "$work"
cp "$conntest" "$work/conntest"
chmod 755 "$work/conntest"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# begin NAME [OPTION...]: a trace; `as=nobody` without privileges. Many source ports, so that each path
# has some: all of 16 go one way once in 30,000 times. traced NAME...: their ends, in $work/NAME.json.
begin() {
	local name=$1 who=()
	shift
	[[ ${as:-} != nobody ]] || who=("${nobody[@]}")
	start "$name" nsenter --net="/run/netns/${spaces[a]}" "${who[@]}" "$work/conntest" path \
		--no-save --hop-rate 500 --timeout 250ms --receiver off -o json "$@" "${target:-10.9.6.2}"
}
traced() {
	local name
	for name; do
		await_exit "$name"
		mv "$work/$name.out" "$work/$name.json"
		expect "exit status of $name" "$exit_status" == 0
	done
}
trace() {
	begin "$@"
	traced "$1"
}

# bad_path NAME PORTS: two paths; the bad one loses behind the router named bad, at both hops there; the
# near router's silence is no loss on either.
bad_path() {
	local json=$work/$1.json
	expect_json "$json" '.path.hops | length' == 1
	expect_json "$json" '.path.hops[0].paths | length' == 2
	expect_json "$json" '.path.hops[0].paths[0].small_lost_from' == 3
	expect_json "$json" '.path.hops[0].paths[0] | .small_lost > 0' == true
	expect_json "$json" '.path.hops[0].paths[1] | .small_lost' == 0
	expect_json "$json" '.path.hops[0].paths | map(.reached) | all' == true
	expect_json "$json" '.path.hops[0].paths | map(.hops | map(.ttl) | join(" ")) | join("/")' == \
		'1 2 3 4/1 2 3 4'
	expect_json "$json" '.path.hops[0].paths | map(.hops[0].small_note) | unique | join(" ")' == rate-limited
	expect_json "$json" '.path.hops[0].paths[0].hops[3] | .target' == true
	expect_json "$json" '.path.hops[0].paths | map(.ports | length) | add' == "$2"
}

bad_addresses() {
	expect_json "$work/$1.json" '.path.hops[0].paths[0].hops | map(.address) | join(" ")' == \
		'10.9.1.2 10.9.3.2 10.9.4.2 10.9.6.2'
	expect_json "$work/$1.json" '.path.hops[0].paths[1].hops | map(.address) | join(" ")' == \
		'10.9.1.2 10.9.2.2 10.9.4.2 10.9.6.2'
}

# A port asks one hop after the other but by datagrams: many ports and few rounds take the least time.
# Fewer rounds, and some port never meets the target at hop 4.
lose 30
as=nobody trace udp --hops udp --flows 16 --rounds 12
bad_path udp 16
bad_addresses udp
expect_json "$work/udp.json" '.path.hops[0].paths[0].full_lost_from' == 3
lose 20
as=nobody trace syn --hops syn --flows 20 --rounds 6 --monitor
expect_text "$work/syn.err" '^[0-9]+ s  hops by syn, [0-9]+ %$'
bad_path syn 20
bad_addresses syn
trace tcp --hops tcp --flows 20 --rounds 6
bad_path tcp 20
bad_addresses tcp

# Without loss, and without privileges inside TCP: how far it is, how soon and how often, but not who.
inside bad nft flush ruleset
target=10.9.6.2:7777 begin closed --hops udp --rounds 6
as=nobody begin nameless --hops tcp --rounds 5
# Inside connections to a web server, which sees requests that never end.
target=http://10.9.6.2:8080 begin http --hops tcp --rounds 5
target=h2c://10.9.6.2:8081 begin h2c --hops tcp --rounds 5
traced nameless http h2c
expect_json "$work/nameless.json" '.path.hops[0] | .nameless' == true
expect_json "$work/nameless.json" '.path.hops[0].paths[0] | .reached, .small_lost' == $'true\n0'
expect_json "$work/nameless.json" '.path.hops[0].paths[0].hops | map(.address // "?") | join(" ")' == \
	'? ? ? 10.9.6.2'
expect_json "$work/nameless.json" '.path.hops[0].paths[0].hops[2] | .nameless == 10 and .rtt_min_ns > 0' == true

for web in http h2c; do
	expect_json "$work/$web.json" '.path.hops[0].paths[0] | .reached, .small_lost, .small_sent' == $'true\n0\n5'
	expect_json "$work/$web.json" '.path.hops[0].paths[0].ports[0].failure' == null
	expect_json "$work/$web.json" '.path.tcp.measured' == false
done

# A link that takes less: who says so is named. Then nobody says it.
ip -n "${spaces[far]}" link set to_b mtu 1400
trace small --hops udp --rounds 5
expect_json "$work/small.json" '.path.hops[0].paths[0] | .small_lost, .full_lost_from' == $'0\n4'
expect_json "$work/small.json" '.path.hops[0].paths[0].hops[3] | .too_big_from, .too_big_bytes' == $'10.9.4.2\n1400'
inside far nft 'table ip hole { chain output { type filter hook output priority 0
	icmp type destination-unreachable drop; }; }'
trace hole --hops udp --rounds 5
expect_json "$work/hole.json" '.path.hops[0].paths[0] | .small_lost, .full_lost, .full_lost_from' == $'0\n5\n4'
expect_json "$work/hole.json" '.path.hops[0].paths[0].hops[3] | .too_big' == 0

# Where nothing answers but by ICMP, and that seldom, a limit is not taken for loss.
traced closed
expect_json "$work/closed.json" '.path.hops[0].paths[0] | .reached, .small_lost, .small_lost_from' == $'true\n0\nnull'
expect_json "$work/closed.json" '.path.hops[0].paths[0].hops[0].small_note == "loses"' == false

# A saved report says the same.
"$conntest" report show "$work/small.json" >"$work/small.txt"
expect_text "$work/small.txt" '10.9.4.2 says: 1,400 B at most; <- full size is lost from here'
tests/support/validate_report.py "$work"/*.json >"$work/valid.out" || [[ $? == 77 ]] ||
	fail "$(<"$work/valid.out")"
exit 0
