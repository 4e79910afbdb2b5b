# What works of bulk need beside lib.sh: each measurement is a run of a peer or of both our ends, and
# its figures are of that whole run. CPU comes from the peers' own account, or from the kernel's of
# the processes, read when they have nothing more to do: nobody has to look while the machine is full.
# shellcheck shell=bash disable=SC2034,SC2154

bulk_bare=${BULK_BARE:-build/release/bench/bulk_bare}
udp_bare=${UDP_BARE:-build/release/bench/udp_bare}
sink_bare=${SINK_BARE:-build/release/bench/sink_bare}
# Nobody paces: bbr, which may be the system's, would.
congestion=(--congestion cubic)
bulk_seconds=2

# needs_built PROGRAM: of bench/.
needs_built() {
	[[ -x $1 ]] || fail "not built: cmake --build --preset release --target benches"
}

# serve_start OPTION...: as $server; its first port as $port.
serve_start() {
	: >"$files/serve.out"
	timeout 60 "${measured[@]}" "$conntest" serve -o ndjson "$@" >"$files/serve.out" \
		2>"$files/serve.err" &
	pids=($!)
	port=$(await "$files/serve.out" '"event":"listening"' | jq .port)
	server=$(pgrep -P "${pids[0]}")
}

serve_end() {
	kill "$server" 2>/dev/null || true
	wait "${pids[0]}" || true
	pids=()
}

# load_run OPTION... TARGET: leaves its report; prints {"cpu_client":..}, cpus.
load_run() {
	local TIMEFORMAT='%U %S' used
	used=$({ time timeout 60 "${measured[@]}" "$conntest" load -T "${bulk_seconds}s" --no-save \
		-q -o "json=$files/report.json" "$@" >"$files/load.out" 2>"$files/load.err"; } 2>&1) ||
		fail "load: $(<"$files/load.err")"
	awk -v s="$bulk_seconds" '{ printf "{\"cpu_client\":%.3f}\n", ($1 + $2) / s }' <<<"$used"
}

# cpu_served: what the server has used, as {"cpu_server":..}; it has nothing more to do.
cpu_served() {
	awk -v ns="$(cpu_ns "$server")" -v s="$bulk_seconds" \
		'BEGIN { printf "{\"cpu_server\":%.3f}\n", ns / s / 1e9 }'
}


# Of what was written: on loopback that is what was received, but for the last buffers.
# report_rates: bytes and messages a second of the report.
report_rates() {
	jq -c --argjson seconds "$bulk_seconds" '.streams[0].totals |
		{ gbit_per_s: (.bytes_sent * 8 / $seconds / 1e9),
		  messages_per_s: (.messages_sent / $seconds), writes: .writes }' "$files/report.json"
}

# conntest_bulk SERVICE SERVE-OPTION... -- LOAD-OPTION...: both ends, load to serve.
conntest_bulk() {
	local service=$1 serve_options=() client
	shift
	while [[ $1 != -- ]]; do
		serve_options+=("$1")
		shift
	done
	shift
	serve_start --listen "$service://$address:0" "${serve_options[@]}"
	client=$(load_run "${congestion[@]}" --receiver off "$@" "$service://$address:$port")
	merged "$client" "$(cpu_served)" "$(report_rates)"
	serve_end
}

# iperf3_run OPTION...: its client's report, and with it both ends' CPU.
iperf3_run() {
	local iperf_port=$((20000 + RANDOM % 10000))
	needs iperf3
	: >"$files/iperf3.out"
	timeout 60 "${measured[@]}" iperf3 -s -1 -B "$address" -p "$iperf_port" --forceflush \
		>"$files/iperf3.out" 2>&1 &
	pids=($!)
	await "$files/iperf3.out" listening >/dev/null
	timeout 60 "${measured[@]}" iperf3 -c "$address" -p "$iperf_port" -t "$bulk_seconds" -J "$@" \
		>"$files/iperf3.json" 2>"$files/iperf3.err" || fail "iperf3: $(<"$files/iperf3.err")"
	wait "${pids[0]}" || true
	pids=()
}

# iperf3_bulk OPTION...
iperf3_bulk() {
	iperf3_run -C cubic "$@"
	jq -c '.end | { gbit_per_s: (.sum_received.bits_per_second / 1e9),
		cpu_client: (.cpu_utilization_percent.host_total / 100),
		cpu_server: (.cpu_utilization_percent.remote_total / 100) }' "$files/iperf3.json"
}

# iperf3_udp SIZE: datagrams that arrived.
iperf3_udp() {
	iperf3_run -u -b 0 -l "$1"
	jq -c '.end | { per_s: ((.sum.packets - .sum.lost_packets) / .sum.seconds),
		cpu_client: (.cpu_utilization_percent.host_total / 100),
		cpu_server: (.cpu_utilization_percent.remote_total / 100) }' "$files/iperf3.json"
}

# conntest_udp SIZE RATE LOAD-OPTION...: datagrams that arrived.
conntest_udp() {
	local client
	serve_start --listen "discard+udp://$address:0" --listen "control://$address:5004" -w 1
	client=$(load_run --receiver "control://$address:5004" --message-size "$1" -r "$2" \
		"${@:3}" "discard+udp://$address:$port")
	merged "$client" "$(cpu_served)" "$(jq -c --argjson seconds "$bulk_seconds" '.streams[0] |
		{ per_s: (.receiver.messages / $seconds), sent: .totals.messages_sent,
		  overflows: .receiver.queue_overflows }' "$files/report.json")"
	serve_end
}
