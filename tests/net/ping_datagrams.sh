#!/bin/bash
# Looks by datagram at real peers: what the link between lost and doubled is what ping says of it, who
# rejects is named, and DNS servers are told by what they answer.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq dnsmasq setpriv

# ping NAME [OPTION...] TARGET...: in namespace a; what it says is $work/NAME.out.
ping() {
	local name=$1
	shift
	exit_status=0
	inside a "$conntest" ping --no-save -o "json=$work/$name.json" "$@" \
		>"$work/$name.out" 2>"$work/$name.err" || exit_status=$?
}
report() { expect_json "$work/$1.json" "${@:2}"; }
says() { expect_text "$work/$1.out" "$2"; }
outcomes() { json "$work/$1.json" '[.streams[0].ping.probes[].outcome] | unique | join(" ")'; }
# What the shaper has done to packets of so many bytes.
done_to() { grep -c "\"event\":\"$1\".*\"bytes\":$2\b" "$work/shaper.out" || true; }

shaped_link "seed 7"
space=b serve far --listen echo+udp://10.9.0.2:0 --listen traffic+udp://10.9.0.2:0 \
	--listen discard+udp://10.9.0.2:0
echo_port=$(port far echo udp)
traffic_port=$(port far traffic udp)
silent_port=$(port far discard udp)

echo "each kind of echo, over both families"
for target in "udp://10.9.0.2:$echo_port" "traffic+udp://10.9.0.2:$traffic_port" 10.9.0.2 \
	"icmp://[fd09::2]"; do
	ping echo -c 3 -i 20ms "$target"
	expect "exit status of $target" "$exit_status" == 0
	report echo '.streams[0].totals | .messages_sent - .messages_received' == 0
	report echo '.streams[0].totals.duplicate' == 0
	report echo '.streams[0].ping.kernel_stamps' == true
	report echo '.streams[0].ping.probes[0].ttl' == 64
	tests/support/validate_report.py "$work/echo.json" || fail "the report is not valid"
done

echo "what is lost, to a datagram: 92 bytes of UDP, 84 of ICMP"
shape "loss 0.1"
ping lost -c 100 -i 5ms --timeout 300ms "echo+udp://10.9.0.2:$echo_port"
report lost '.streams[0].totals.lost' == "$(done_to drop 92)"
report lost '.streams[0].totals.lost' '>' 4
ping lost_icmp -c 100 -i 5ms --timeout 300ms --fresh 10.9.0.2
report lost_icmp '.streams[0].totals.lost' == "$(done_to drop 84)"
report lost_icmp '.streams[0].totals.lost' '>' 4
shape "loss 0"

echo "what comes twice: all but what follows the last"
shape "duplicate 0.2"
ping twice -c 100 -i 5ms "echo+udp://10.9.0.2:$echo_port"
report twice '.streams[0].totals.lost' == 0
report twice '.streams[0].totals.duplicate' '<=' "$(done_to duplicate 92)"
report twice '.streams[0].totals.duplicate' '>=' $(($(done_to duplicate 92) - 2))
shape "duplicate 0"

echo "what comes late is lost, and late"
shape "delay 150ms"
ping late -c 20 -i 50ms --timeout 200ms 10.9.0.2
expect "exit status" "$exit_status" == 1
report late '.streams[0].totals.messages_received' == 0
report late '.streams[0].totals.late' '>=' 12
shape "delay 0s"

echo "who rejects is named; who swallows is not"
inside b sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
ip -n "${spaces[a]}" route add 10.9.7.0/24 via 10.9.0.2 dev wire0
ip -n "${spaces[b]}" route add prohibit 10.9.7.1
ip -n "${spaces[b]}" route add unreachable 10.9.7.2
ip -n "${spaces[b]}" route add blackhole 10.9.7.3
for scheme in icmp:// echo+udp://; do
	ping rejected -c 1 "${scheme}10.9.7.1"
	expect "$scheme prohibited" "$(outcomes rejected)" == prohibited
	says rejected '10\.9\.0\.2 says: administratively prohibited'
	ping rejected -c 1 "${scheme}10.9.7.2"
	expect "$scheme unreachable" "$(outcomes rejected)" == unreachable
	says rejected '10\.9\.0\.2 says: host unreachable'
	ping rejected -c 1 --timeout 200ms "${scheme}10.9.7.3"
	expect "$scheme swallowed" "$(outcomes rejected)" == no_reply
done
ping rejected -c 3 -i 20ms "echo+udp://[fd09::2]:$echo_port"
expect refused "$(outcomes rejected)" == refused
says rejected 'fd09::2 says: port unreachable'
shape "mtu 1300"
ping large -c 1 --size 1400 "echo+udp://10.9.0.2:$echo_port"
says large 'says: fragmentation needed, packets of 1300 bytes fit'
shape "mtu 1500"

echo "ICMP by a ping socket, and by none"
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
install -m 755 "$conntest" "$work/conntest"
chmod 755 "$work"
inside a "${nobody[@]}" "$work/conntest" ping --no-save -c 1 127.0.0.1 &>"$work/refused.out" &&
	fail "a process without any right sent ICMP"
expect_text "$work/refused.out" 'net\.ipv4\.ping_group_range=.*setcap cap_net_raw'
inside a sysctl -qw net.ipv4.ping_group_range="0 2147483647"
for host in 127.0.0.1 "[::1]" 10.9.0.2; do
	inside a "${nobody[@]}" "$work/conntest" ping --no-save -c 3 -i 20ms "$host" \
		>"$work/unprivileged.out" || fail "no ping socket for $host"
	says unprivileged '^Result: +([0-9]+) of \1 answered'
done

echo "DNS servers"
long=$(printf 'a%.0s' {1..250})
start dns nsenter --net="/run/netns/${spaces[a]}" dnsmasq -k --no-resolv --no-hosts \
	--conf-file=/dev/null --listen-address=127.0.0.1 --bind-interfaces --user=root --pid-file= \
	--log-facility=- --local=/test/ --host-record=web.test,10.9.0.2 --edns-packet-max=4096 \
	--txt-record=large.test,"$long","$long","$long","$long","$long","$long"
await "$work/dns.err" 'started' >/dev/null
ping answered -c 3 -i 20ms --expect-text 10.9.0.2 dns://127.0.0.1/web.test
expect "exit status" "$exit_status" == 0
says answered '^ +3 +[0-9.]+ .* NOERROR$'
ping unknown -c 1 dns://127.0.0.1/none.test
expect "exit status" "$exit_status" == 1
says unknown 'NXDOMAIN +there is no such name$'
ping unknown -c 1 --expect-status NXDOMAIN dns://127.0.0.1/none.test
expect "exit status" "$exit_status" == 0
ping large -c 1 --expect-text aaa dns://127.0.0.1/large.test/TXT
expect "exit status" "$exit_status" == 0
report large '.streams[0].ping.protocol' == tcp
report large '.streams[0].ping.probes[0].transfer_ns' '>' 0
ping large -c 1 --expect-text aaa dns+tcp://127.0.0.1/large.test/TXT
expect "exit status" "$exit_status" == 0
ping silent -c 2 -i 50ms --timeout 200ms "dns://10.9.0.2:$silent_port/web.test"
expect "no answer" "$(outcomes silent)" == no_reply
