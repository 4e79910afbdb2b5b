#!/bin/bash
# Names: of a host, of a service with two answers (SRV), of one over TLS, and one that is not there.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq dnsmasq unshare

namespace a
echo nameserver 127.0.0.1 >"$work/resolv.conf"
start dns nsenter --net="/run/netns/${spaces[a]}" dnsmasq -k --no-resolv --no-hosts \
	--conf-file=/dev/null --listen-address=127.0.0.1 --bind-interfaces --user=root --pid-file= \
	--log-facility=- --log-queries --local=/test/ --host-record=one.test,127.0.0.11 \
	--host-record=two.test,127.0.0.12 --srv-host=_traffic._tcp.test,one.test,7001,10,60 \
	--srv-host=_traffic._tcp.test,two.test,7002,10,40 \
	--srv-host=_https._tcp.web.test,one.test,7443 --srv-host=_https._tcp.other.test,one.test,7443
await "$work/dns.err" 'started' >/dev/null
space=a serve one --listen traffic://127.0.0.11:7001
space=a serve two --listen traffic://127.0.0.12:7002
certificate web DNS:web.test
space=a serve three --listen https://127.0.0.11:7443 --cert "$work/web.crt" --key "$work/web.key"

# With the name server of the namespace; a bind mount of its own.
with_names=(nsenter --net="/run/netns/${spaces[a]}" unshare --mount bash -c
	'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' _ "$work/resolv.conf")
by_name() {
	start traffic "${with_names[@]}" "$conntest" traffic --no-save -o "json=$work/report.json" -c 4 -r 10/conn -T 1s \
		--new-connections off --path-probe off "$@"
	traffic_end
}
report() { expect_json "$work/report.json" "$@"; }

echo "a host"
by_name traffic://one.test:7001
expect "exit status" "$exit_status" == 0
report 'backend("one").untouched' == 4

echo "a service"
by_name srv://_traffic._tcp.test
expect "exit status" "$exit_status" == 0
report 'backend("one").untouched' == 2
report 'backend("two").untouched' == 2

echo "a service over TLS: who has its name is trusted, and not where DNS sends it"
by_name --ca "$work/web.crt" srv://_https._tcp.web.test
expect "exit status" "$exit_status" == 0
report .tls.verified == true
by_name --ca "$work/web.crt" srv://_https._tcp.other.test
expect "exit status" "$exit_status" == 1
report '.tls.complaint | contains("other.test")' == true

echo "no such name"
by_name --expect graceful none.test
expect "exit status" "$exit_status" == 1
expect_text "$work/traffic.err" 'none.test'
expect_text "$work/traffic.out" '^Result: +nothing answered: none.test: no such name$'
expect_text "$work/traffic.out" 'persistent.lost == 0 .*not measured'
report .result == 'nothing answered: none.test: no such name'
report '[.streams[].errors[].outcome] | join(" ")' == not_resolved
tests/support/validate_report.py "$work/report.json" || fail "the report is not valid"

echo "wrong usage is told before any name is asked for"
for mistake in '--expect outage.max<1s' '-o jsn' '--source nonsense' '-4 -6'; do
	# shellcheck disable=SC2086 # words
	start traffic "${with_names[@]}" "$conntest" traffic $mistake unasked.test
	await_exit traffic
	expect "exit status of $mistake" "$exit_status" == 2
done
expect "queries" "$(grep -c unasked.test "$work/dns.err")" == 0
