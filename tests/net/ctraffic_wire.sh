#!/bin/bash
# ctraffic's wire in both roles: its clients against our serve, our traffic against its server and
# against plain echoes.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

serve web-1 --listen traffic://:0 --listen traffic+udp://:0
expect "ready lines" "$(jq -s '[.[] | select(.event == "listening") |
	del(.port) == {event, service: "traffic", transport, address} and .port > 0] |
	. == [true, true]' "$work/web-1.out")" == true

# as_client TRANSPORT ADDRESS SIZE
as_client() {
	expect "the host that a $1 client sees at $2" \
		"$("$helpers/ctraffic_client" "$1" "$2" "$(port web-1 traffic "$1")" "$3" 50)" == web-1
}
echo "its clients"
for size in 64 1024 65000; do
	as_client tcp 127.0.0.1 "$size"
	as_client udp 127.0.0.1 "$size"
done
as_client udp 127.0.0.77 1024 # answered from the address it was sent to

# against TARGET BACKEND: everything is answered.
against() {
	traffic -c 5 -r 20/conn --new-connections off --path-probe off -T 1s "$1"
	expect "exit status" "$exit_status" == 0
	expect_json "$work/report.json" 'stream("persistent").totals.messages_received' == 100
	expect_json "$work/report.json" 'stream("persistent").survival.untouched' == 5
	expect_json "$work/report.json" '[.connections[].backend // "-"] | unique | join(" ")' == "$2"
}
echo "its server"
start ctraffic "$helpers/bad_peer" ctraffic
against "tcp://127.0.0.1:$(await "$work/ctraffic.out" ready | cut -d' ' -f2)" ctraffic-host
echo "a plain echo of datagrams"
start udp_echo "$helpers/udp_ping" serve 127.0.0.1 0
against "udp://127.0.0.1:$(await "$work/udp_echo.out" ready | cut -d' ' -f2)" -
