#!/bin/bash
# STAMP between two namespaces: each way has its delay and its loss, an authenticated session works and
# one with another key doesn't, tshark reads in both directions what we wrote, and what a reflector
# must not answer it doesn't.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq tshark python3

shaped_link 'ab delay 20ms' 'ba delay 5ms'
echo 0123456789abcdef >"$work/key"
echo fedcba9876543210 >"$work/other_key"
space=b serve open --listen stamp://10.9.0.2:862 --stamp-allow 10.9.0.1 --stamp-stateful
space=b serve keyed --listen stamp://10.9.0.2:8620 --stamp-key "@$work/key"

# ping OPTION... TARGET: the report is $work/ping.json.
ping() {
	start ping nsenter --net="/run/netns/${spaces[a]}" "$conntest" ping --no-save \
		-o "json=$work/ping.json" "$@"
	await_exit ping
}
found() { expect_json "$work/ping.json" "$@"; }

echo "20 ms there, 5 ms back, as tshark sees it, too"
start capture nsenter --net="/run/netns/${spaces[b]}" \
	tshark -i wire0 -f 'udp port 862' -w "$work/seen.pcap"
await "$work/capture.err" 'Capture started|Capturing on' >/dev/null
ping -c 40 -i 25ms stamp://10.9.0.2
sent=$(json "$work/ping.json" '.streams[0].totals.messages_sent') # less where this host was held up
found '.streams[0].totals.messages_received' == "$sent"
found '.streams[0].latency.wait.p50_ns' '>=' 25000000
found '.streams[0].latency.wait.p50_ns' '<=' 40000000
found '[.streams[0].ping.probes[].forward_ns] | min' '>=' 20000000
found '[.streams[0].ping.probes[].backward_ns] | min' '>=' 5000000
found '[.streams[0].ping.probes[] | .forward_ns - .backward_ns] | sort | .[length / 2 | floor]' '>=' 10000000
found '.streams[0].ping.kernel_stamps' == true
# The capture is whole when tshark has written what it saw last.
for _ in {1..50}; do
	seen=$(tshark -r "$work/seen.pcap" 2>/dev/null | wc -l)
	((seen < 2 * sent)) || break
	pause 0.1
done
stop capture INT
# number, receiver's number, times (s since 1970), TTL; of requests the last are 0
tshark -r "$work/seen.pcap" -d udp.port==862,twamp.test -T json >"$work/seen.json" 2>/dev/null
seen() {
	expect "tshark: $1" "$(jq -r "def field(name): ._source.layers.\"twamp.test\" |
			.. | objects | .[\"twamp.test.\" + name] | select(. != null);
		def number(name): [field(name)][0] | tonumber;
		def replies: map(select(._source.layers.udp[\"udp.srcport\"] == \"862\"));
		def requests: map(select(._source.layers.udp[\"udp.dstport\"] == \"862\"));
		$1" "$work/seen.json" 2>&1)" "$2" "$3"
}
seen 'requests | length' == "$sent"
seen 'requests | map(number("seq_number")) == [range(length)]' == true
seen 'replies | map(number("sender_seq_number")) == [range(length)]' == true
seen 'replies | map(number("seq_number")) == [range(length)]' == true
seen 'replies | map(number("sender_ttl")) | unique | tojson' == '[64]'
seen 'requests | map(._source.layers.frame["frame.len"]) | unique | tojson' == '["72"]'

echo "loss there and back, told apart"
shape ab loss 0.3
ping -c 200 -i 5ms --timeout 300ms stamp://10.9.0.2
lost_there=$(jq -s '[.[] | select(.why == "loss" and .protocol == "udp")] | length' "$work/shaper.out")
found '.streams[0].totals.forward_lost' '<=' "$lost_there"
found '.streams[0].totals.forward_lost' '>=' "$((lost_there - 10))"
found '.streams[0].ping.peer_counted' == "$(json "$work/ping.json" '.streams[0].totals.messages_received')"
shape ab loss 0
shape ba loss 0.3
ping -c 200 -i 5ms --timeout 300ms 'stamp://10.9.0.2?counts'
found '.streams[0].totals.lost' '>=' 10
found '.streams[0].totals.forward_lost' == 0
found '.result | test("lost 0 on the way there, [1-9][0-9]* on the way back")' == true
shape ba loss 0

echo "with a key, with another one, and without"
ping -c 5 -i 100ms --timeout 500ms "stamp://10.9.0.2:8620?key-file=$work/key"
found '.streams[0].totals.messages_received' == 5
found '.streams[0].ping.probes[0].body_bytes' == 112
ping -c 3 -i 100ms --timeout 300ms "stamp://10.9.0.2:8620?key-file=$work/other_key"
expect "exit status with another key" "$exit_status" == 1
ping -c 3 -i 100ms --timeout 300ms stamp://10.9.0.2:8620
found '.streams[0].totals.lost' == 3

echo "TWAMP-light's sizes; a stranger, a reflector's port, and what is no STAMP"
ping -c 3 -i 100ms --size 14 stamp://10.9.0.2
found '.streams[0].ping.probes[0].body_bytes' == 41
ip -n "${spaces[a]}" addr add 10.9.0.3/32 dev wire0
inside a python3 - <<'PYTHON' >"$work/raw.json"
import json, socket, struct

def ask(data, source, port=0):
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind((source, port))
    end.settimeout(0.3)
    end.sendto(data, ("10.9.0.2", 862))
    try:
        return end.recv(2000)
    except socket.timeout:
        return b""

light = struct.pack(">IQH", 7, 1 << 63, 1)
answer = ask(light, "10.9.0.1")
sequence, sent, error, _, received, number, asked, said, _, ttl = struct.unpack(
    ">IQHHQIQHHB", answer)
print(json.dumps({
    "size": len(answer),
    "echoes": [number, asked, said] == [7, 1 << 63, 1],
    "kept_s": (sent - received) / 2**32,
    "ttl": ttl,
    "stranger": len(ask(light, "10.9.0.3")),
    "reflector": len(ask(light, "10.9.0.1", 862)),
    "short": len(ask(light[:13], "10.9.0.1")),
}))
PYTHON
raw() { expect_json "$work/raw.json" "$@"; }
raw .size == 41
raw .echoes == true
raw .kept_s '>=' 0
raw .kept_s '<=' 0.1
raw .ttl == 64
raw '.stranger + .reflector + .short' == 0

echo "our clock steps an hour ahead and two back: round trips don't"
library=$(find /usr/lib -name libfaketime.so.1 | head -n 1)
if [[ $library ]]; then
	echo +0 >"$work/clock"
	start ping nsenter --net="/run/netns/${spaces[a]}" env LD_PRELOAD="$library" \
		ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
		FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 \
		FAKETIME_DONT_FAKE_MONOTONIC=1 \
		"$conntest" ping --no-save -o "json=$work/ping.json" -c 15 -i 100ms stamp://10.9.0.2
	for step in +3600 -3600; do
		pause 0.5
		echo "$step" >"$work/clock.new"
		mv "$work/clock.new" "$work/clock"
	done
	await_exit ping
	found '.streams[0].totals.messages_received' == 15
	found '.streams[0].latency.wait.max_ns' '<=' 1000000000
	found '[.streams[0].ping.probes[] | select(.forward_ns == null)] | length' '>=' 1
fi

for name in open keyed; do
	stop "$name" INT
	tail -n 1 "$work/$name.out" | jq .report >"$work/$name.json"
done
totals() { expect_json "$work/$1.json" ".streams[0].totals.$2" == "$3"; }
totals open stamp_refused 1
totals open stamp_looped 1
totals open stamp_malformed 1
totals keyed stamp_forged 3
totals keyed stamp_malformed 3
totals keyed messages_received 5
expect_json "$work/open.json" '.result | contains("3 STAMP packets not answered (1 not on the list, 1 malformed, 1 from a reflector'"'"'s port)")' == true
expect "the key in a report" "$(grep -c 0123456789abcdef "$work/keyed.out")" == 0
