#!/bin/bash
# What packets a path lets through, each way, over IPv4 and IPv6: whole, reduced and told, a black hole
# there, back or both, under random loss, and with an MSS that is clamped; and what TCP makes of it.
# shellcheck source=lib_routers.sh
source "$(dirname "$0")/lib_routers.sh"
need jq
routers
export CONNTEST_PATH_HOPS=off # path_hops.sh has them

silent='table inet silent {
	chain told { type filter hook output priority 0
		icmp type destination-unreachable icmp code frag-needed drop
		icmpv6 type packet-too-big drop
	}
}'
lossy='table inet lossy {
	chain passed { type filter hook forward priority 0
		meta l4proto udp numgen random mod 100 < 5 drop
	}
}'
clamping='table inet clamping {
	chain passed { type filter hook forward priority 0
		tcp flags syn tcp option maxseg size set 1200
	}
}'

start serve inside b "$conntest" serve --no-save --name web-3 --control-token sesame
await "$work/serve.out" '^listening' >/dev/null

# look WHAT OPTION...: over both families at once, into $work/WHAT4.json and WHAT6.json, and each figure
# into facts.
declare -A facts
look() {
	local family name value
	forget
	for family in 4:10.9.3.7 '6:[fd09:3::7]'; do
		start "$1${family%%:*}" inside a "$conntest" path --no-save --timeout 200ms \
			--receiver-token sesame -o "json=$work/$1${family%%:*}.json" "${@:2}" "${family#*:}"
	done
	for family in 4 6; do
		await_exit "$1$family" 30
		expect "exit status of $1 over IPv$family" "$exit_status" == 0
		while IFS=$'\t' read -r name value; do
			facts[$1$family.$name]=$value
		done < <(jq -r '.path | del(.hops) | paths(type != "object") as $path |
			[($path | join(".")), (getpath($path) | tostring)] | @tsv' "$work/$1$family.json")
	done
}

# told WHAT FACT WANTED; found: over both families.
told() {
	[[ ${facts[$1.$2]:-} == "$3" ]] ||
		fail "$2 of $1: expected $3, found ${facts[$1.$2]:-nothing}"
}
found() {
	told "${1}4" "$2" "$3"
	told "${1}6" "$2" "$3"
}

look whole --timeout 1s # both kernels look for their neighbours first
for way in forward reverse; do
	found whole $way.verdict ok
	found whole $way.mtu_bytes 1500
	found whole $way.told_by answer
done
found whole tcp.echoed true
found whole name web-3
expect_text "$work/whole4.out" '^Result:  1,500 B pass both ways$'

middle 1400
look told
for way in forward reverse; do
	found told $way.verdict reduced
	found told $way.mtu_bytes 1400
	found told $way.signal_bytes 1400
done
told told4 forward.signal_from 10.9.1.254
told told4 reverse.signal_from 10.9.3.254
told told6 forward.signal_from fd09:1::fe
told told6 reverse.signal_from fd09:3::fe
found told tcp.echoed true
found told tcp.path_mtu_bytes 1400

# As mesh.md's third row says: the kernel sees nothing, and TCP hangs.
rules r1 "$silent"
rules r2 "$silent"
look hole
for way in forward reverse; do
	found hole $way.verdict 'black hole'
	found hole $way.mtu_bytes 1400
	found hole $way.signalled false
done
found hole tcp.echoed false
found hole tcp.acked_bytes 0
found hole tcp.path_mtu_bytes 1500
expect_text "$work/hole4.out" '^Result:  BLACK HOLE on the way there: 1,400 B pass, .* no ICMP says so; BLACK HOLE on the way back'
expect_text "$work/hole4.out" '^TCP  STUCK there: .*; MSS not clamped on the way$'

rules r1 "$silent
$clamping"
look clamped
found clamped forward.verdict 'black hole'
found clamped tcp.echoed true
expect_text "$work/clamped4.out" '^TCP  passes: .*; MSS 1,200 B \(packets of 1,240 B\): clamped on the way, which is why it passes$'

rules r1
look back --exact
found back forward.verdict reduced
found back reverse.verdict 'black hole'
found back reverse.mtu_bytes 1400
found back reverse.failed_bytes 1401
expect_text "$work/back6.out" '^TCP  STUCK back: '

rules r1 "$silent"
rules r2
look there
found there forward.verdict 'black hole'
found there forward.mtu_bytes 1400
found there reverse.verdict reduced

rules r1 "$lossy"
look lossy
found lossy forward.verdict reduced
found lossy forward.mtu_bytes 1400
found lossy reverse.mtu_bytes 1400
rules r1 "$silent
$lossy"
look lossyhole
found lossyhole forward.verdict 'black hole'
found lossyhole forward.mtu_bytes 1400

# Who may not ask is told so, an expectation decides, and a host that says nothing has not answered.
rules r1
forget
start asked inside a "$conntest" path --no-save --timeout 200ms --expect 'path.mtu >= 1500' 10.9.3.7
start deaf inside a "$conntest" path --no-save --timeout 100ms 10.9.3.77
await_exit asked
expect "exit status of a failed expectation" "$exit_status" == 1
expect_text "$work/asked.out" '^Result:  FAIL: reduced .*; way back not asked: .*--receiver-token'
expect_text "$work/asked.out" '^path.mtu >= 1500 +FAILED +1,400 B'
await_exit deaf
expect "exit status of nobody there" "$exit_status" == 1
expect_text "$work/deaf.out" '^Result:  nothing answered; undecided on the way there'
