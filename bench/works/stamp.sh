# STAMP: a reflector asked 100,000 times a second, by a sender that does the least and by ten sessions
# of `ping`; and how far a round trip by the kernel's stamps is from what a capture on this host says.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest bare capture)
stamp_seconds=3

reflector_start() {
	: >"$files/serve.out"
	"${measured[@]}" "$conntest" serve --listen stamp://127.0.0.1:862 -o ndjson \
		>"$files/serve.out" 2>"$files/serve.err" &
	server=$!
	pids=("$server")
	await "$files/serve.out" '"event":"listening"' >/dev/null
}

# Also what its receive queue had no room for, as "overflows".
reflector_end() {
	kill "$server"
	reap "$server" || true
	pids=()
	tail -n 1 "$files/serve.out" |
		jq '{ overflows: .report.streams[0].totals.queue_overflows }'
}

stamp_ping() {
	"${measured[@]}" "$conntest" ping --no-save -q -o "json=$files/ping.json" "$@" \
		>"$files/ping.out" 2>"$files/ping.err" || fail "ping: $(<"$files/ping.err")"
}

measure_conntest() {
	local targets=()
	for _ in {1..10}; do targets+=(stamp://127.0.0.1); done
	reflector_start
	stamp_ping -i 100us -T "${stamp_seconds}s" --timeout 1s "${targets[@]}"
	merged "$(reflector_end)" "$(jq '[.streams[]] | {
		scheduled: map(.schedule.scheduled) | add,
		skipped: map(.schedule.missed | add) | add,
		unanswered: map(.totals.messages_sent - .totals.messages_received) | add }' \
		"$files/ping.json")"
}

measure_bare() {
	[[ -x $bares/stamp_bare ]] || fail "not built: cmake --build --preset release --target benches"
	reflector_start
	local counted
	counted=$("${measured[@]}" "$bares/stamp_bare" 862 100000 "$stamp_seconds")
	merged "$(reflector_end)" "$counted"
}

# A thousand a second, each beside what the capture says: from one packet to the other, less what the
# answer says that the reflector took. What tshark had not written when it was ended is left out.
measure_capture() {
	needs tshark
	needs python3
	local capture
	reflector_start
	: >"$files/tshark.err"
	tshark -i lo -f 'udp port 862' -w "$files/seen" 2>"$files/tshark.err" &
	capture=$!
	pids+=("$capture")
	await "$files/tshark.err" 'Capture started' >/dev/null
	stamp_ping -i 1ms -c 3000 stamp://127.0.0.1
	sleep 0.5
	kill -INT "$capture"
	reap "$capture" || true
	tshark -r "$files/seen" -T fields -e frame.time_epoch -e udp.srcport -e udp.payload \
		2>/dev/null >"$files/packets"
	reflector_end >/dev/null
	python3 - "$files/packets" "$files/ping.json" <<-'PYTHON'
	import json, struct, sys
	from decimal import Decimal

	asked, taken = {}, {}
	for line in open(sys.argv[1]):
	    at, port, payload = line.split()
	    at_ns = int(Decimal(at) * 10**9)
	    packet = bytes.fromhex(payload.replace(":", ""))
	    if port == "862":
	        left, came, number = struct.unpack_from(">4xQ4xQI", packet)
	        taken[number] = at_ns - asked[number] - ((left - came) * 10**9 >> 32)
	    else:
	        asked[struct.unpack_from(">I", packet)[0]] = at_ns
	stream = json.load(open(sys.argv[2]))["streams"][0]
	errors = sorted(abs(probe["wait_ns"] - taken[probe["number"] - 1])
	                for probe in stream["ping"]["probes"]
	                if probe["outcome"] == "done" and probe["number"] - 1 in taken)
	print(json.dumps({
	    "count": len(errors),
	    "missed": sum(stream["schedule"]["missed"].values()),
	    "error_p50_ns": errors[len(errors) // 2],
	    "error_p99_ns": errors[len(errors) * 99 // 100],
	}))
	PYTHON
}

rows() {
	of bare alone "STAMP 100,000/s: not answered" '.sent - .received + .wrong' "== 0"
	alone "STAMP 100,000/s, ping: not answered" .unanswered "== 0"
	alone "STAMP 100,000/s, ping: sent/s" '(.scheduled - .skipped) / '$stamp_seconds ">= 90000"
	of capture alone "STAMP: error of a round trip, p99 (ns)" .error_p99_ns "<= 20000"
}
