# What the tests of the shaper share: UDP pings of both families from a to b.
# shellcheck shell=bash
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need jq

ping_servers() {
	local udp_ping=(nsenter --net="/run/netns/${spaces[b]}" "$helpers/udp_ping" serve)
	start echo4 "${udp_ping[@]}" 10.9.0.2 0
	start echo6 "${udp_ping[@]}" fd09::2 0
	ping_port4=$(await "$work/echo4.out" ready | cut -d' ' -f2)
	ping_port6=$(await "$work/echo6.out" ready | cut -d' ' -f2)
}

# ping4|ping6 COUNT INTERVAL [SIZE]: `found EXPRESSION OPERATOR WANTED` checks the result.
ping4() { inside a "$helpers/udp_ping" 10.9.0.2 "$ping_port4" "$@" >"$work/ping.json"; }
ping6() { inside a "$helpers/udp_ping" fd09::2 "$ping_port6" "$@" >"$work/ping.json"; }
found() { expect_json "$work/ping.json" "$@"; }
