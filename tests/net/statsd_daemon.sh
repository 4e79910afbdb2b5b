#!/bin/bash
# The StatsD daemon itself: what it adds up is what the report says.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq node
daemon=tests/net/peers/node_modules/statsd/stats.js
[[ -f $daemon ]] || skip "the StatsD daemon is not installed: tools/setup check"

# It can't be asked for port 0, and tells on its second port what it holds.
ask() (
	exec {management}<>"/dev/tcp/127.0.0.1/$((statsd + 1))"
	echo "$1" >&"$management"
	while read -rt 5 -u "$management" line && [[ $line != END ]]; do
		echo "$line"
	done
)
for _ in {1..20}; do
	statsd=$((20000 + RANDOM % 10000))
	cat >"$work/statsd.js" <<-END
		{ port: $statsd, address: "127.0.0.1", mgmt_port: $((statsd + 1)), mgmt_address: "127.0.0.1",
		  flushInterval: 600000, backends: [], server: "./servers/udp", log: { backend: "stdout" } }
	END
	start statsd node "$daemon" "$work/statsd.js"
	for _ in {1..50}; do
		ask counters &>"$work/answer" && break 2
		kill -0 "${pids[statsd]}" 2>/dev/null || break
		pause 0.1
	done
done
expect_text "$work/answer" 'statsd.bad_lines_seen'

serve echo --listen echo://127.0.0.1:0
start load "$conntest" load -c 3 -r 100 -T 1s --statsd "localhost:$statsd" --no-save \
	-o "json=$work/report.json" "echo://127.0.0.1:$(port echo echo)"
await_exit load
# value KIND NAME: of what it holds.
value() {
	ask "$1" | sed -n "s/^ *'tcpkali\.$2': \([0-9.]*\),\{0,1\}$/\1/p"
}
expect "messages" "$(value counters traffic.msgs.sent)" == "$(json "$work/report.json" 'stream("load").totals.messages_sent')"
expect "bytes" "$(value counters traffic.data.rcvd)" == "$(json "$work/report.json" 'stream("load").totals.bytes_received')"
expect "connections at the end" "$(value gauges connections.total)" == 0
expect "lines it does not understand" "$(value counters bad_lines_seen)" == ""
expect "its own bad lines" "$(ask counters | sed -n "s/^ *'statsd\.bad_lines_seen': \([0-9]*\),\{0,1\}$/\1/p")" == 0
