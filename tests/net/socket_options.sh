#!/bin/bash
# Options of sockets: what the kernel refuses is said before anything is sent, what it takes is on the
# wire and in the report.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq nft ss setpriv

# refused STATUS REGEX OPTION...: a run that must not begin.
refused() {
	local wanted=$1 regex=$2 status=0
	shift 2
	"$conntest" traffic --no-save "$@" 127.0.0.1:9 >"$work/refused.out" 2>"$work/refused.err" ||
		status=$?
	expect "exit status of $*" "$status" == "$wanted"
	expect_text "$work/refused.err" "$regex"
	expect "output of $*" "$(<"$work/refused.out")" == ""
}

echo "refusals"
refused 2 'traffic: --congestion: .*"no-such".* it has: .*reno' --congestion no-such
refused 2 'traffic: --bind-device: there is no device "no-such0"' --bind-device no-such0
refused 2 'traffic: --mss: 20 is less than 88' --mss 20
refused 2 'traffic: --dscp: "EF1"' --dscp EF1

namespace a
# The first that is there and that not everybody may have.
kept=$(inside a sh -c 'for name in $(cat /proc/sys/net/ipv4/tcp_available_congestion_control); do
	grep -qw "$name" /proc/sys/net/ipv4/tcp_allowed_congestion_control || echo "$name"; done' | head -n 1)
if [[ $kept && -r $conntest ]] && setpriv --reuid 65534 --clear-groups "$conntest" version >/dev/null 2>&1; then
	status=0
	setpriv --reuid 65534 --clear-groups "$conntest" traffic --no-save --congestion "$kept" \
		127.0.0.1:9 2>"$work/kept.err" >/dev/null || status=$?
	expect "exit status for want of a privilege" "$status" == 3
	expect_text "$work/kept.err" "--congestion: \"$kept\" .*CAP_NET_ADMIN"
fi

report() { expect_json "$work/report.json" "$@"; }
run() {
	start traffic inside a "$conntest" "$1" --no-save -o "json=$work/report.json" "${@:2}"
	await_exit traffic
}
# The first classes by which nft counts what leaves a.
inside a nft -f - <<'END'
table inet seen {
	chain out {
		type filter hook output priority 0
		ip dscp ef tcp dport 5003 counter
		ip dscp ef udp dport 5003 counter
		ip dscp af11 tcp sport 5003 counter
	}
}
END
counted() { inside a nft -j list chain inet seen out | jq "[.nftables[].rule // empty | .expr[] | .counter // empty | .packets][$1]"; }

inside a sysctl -qw net.ipv4.tcp_fastopen=3
space=a serve web-1 --dscp AF11 --fastopen --listen traffic://127.0.0.1:5003 \
	--listen traffic+udp://127.0.0.1:5003 --listen discard://127.0.0.1:5009

echo "what is asked for is in the report and on the wire"
run traffic -T 1s -c 3 --mss 1000 --congestion reno --sndbuf 50kB --dscp EF --path-probe 20 \
	--bind-device lo traffic://127.0.0.1:5003
expect "exit status" "$exit_status" == 0
tcp='stream("persistent").tcp'
report "$tcp.congestion" == reno
report "$tcp.mss_max_bytes" '<=' 1000
report "$tcp.mss_max_bytes" '>=' 960 # with room for TCP's own options
report "$tcp.send_buffer_bytes" == 100000
report "$tcp.send_buffer_asked_bytes" == 50000
report "$tcp.receive_buffer_asked_bytes" == 0
report "$tcp.connections" == 3
report "$tcp.bytes_acked - stream(\"persistent\").totals.bytes_sent" == 0
expect_text "$work/traffic.out" '^TCP       reno, mss 9[0-9]+, .*sndbuf 100.0 kB \(50kB asked for'
expect "TCP packets in class EF" "$(counted 0)" '>' 30
expect "UDP packets in class EF" "$(counted 1)" '>' 10
expect "answers in class AF11" "$(counted 2)" '>' 30

echo "pacing by the kernel spreads a message over its interval"
run traffic -T 1s -c 1 -r 4 --message-size 250kB --pacing kernel --new-connections off \
	traffic://127.0.0.1:5003
report 'stream("persistent").latency.service.p50_ns' '>' 100000000

echo "fast open: from the second connection on"
run load -T 1s --messages-per-connection 1 --fastopen traffic://127.0.0.1:5003
expect_text "$work/traffic.out" 'fast open on [1-9][0-9]* of'
report 'stream("load").tcp.fast_opened' '>' 1

echo "--close rst leaves nothing in TIME-WAIT"
waiting() { inside a ss -Htan state time-wait | wc -l; }
inside a sysctl -qw net.ipv4.tcp_tw_reuse=0
before=$(waiting)
run load -T 1s --messages-per-connection 1 --close rst traffic://127.0.0.1:5003
report 'stream("load").totals.connects' '>' 10
expect "sockets more in TIME-WAIT" "$(($(waiting) - before))" '<=' 0
stop web-1

if inside a sysctl -qw net.mptcp.enabled=1 2>/dev/null; then
	echo "MPTCP, where both sides have it"
	space=a serve web-2 --mptcp --listen traffic://127.0.0.1:5004
	space=a serve web-3 --listen traffic://127.0.0.1:5005
	run traffic -T 500ms -c 2 --mptcp traffic://127.0.0.1:5004
	report "$tcp.multipath" == 2
	run traffic -T 500ms -c 2 --mptcp traffic://127.0.0.1:5005
	report "$tcp.multipath" == 0
	expect_text "$work/traffic.out" '^TCP  .*mptcp on 0 of 2 connections'
fi
