# What works need to measure: both ends of conntest and of its peers, their CPU and memory. A
# measurement has a network namespace of its own, so ports and TIME-WAIT of others don't matter.
# shellcheck shell=bash

conntest=${CONNTEST:-build/release/conntest}
bare=${BARE:-build/release/bench/paced_bare}
PATH=$PATH${PEERS:+:$PEERS}
address=127.0.0.$((2 + RANDOM % 250))
files=$(mktemp -d)
pids=()

# Measured processes are preferred to all others of the machine with bench/run --rr, and who looks
# at a clock meanwhile to them, else a full machine never lets it look. That one waits for nobody:
# a real-time process that reaps another while a thread of lower rank on its cpu is being taken out
# of /proc waits for that thread, in the kernel, for ever.
measured=()
before_measured=()
[[ -z ${BENCH_RR-} ]] || measured=(chrt -r 5) before_measured=(chrt -r 6)

clean_up() {
	trap - EXIT
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -rf "$files"
}
trap clean_up EXIT
trap 'exit 143' INT TERM

fail() {
	echo "bench: $*" >&2
	exit 3
}

# needs PROGRAM: or the measurement says that it is not there.
needs() {
	command -v "$1" >/dev/null || exit 77
}

# await FILE REGEX: waits for a line of a growing file and prints it.
await() {
	local line reader input
	exec {input}< <(exec timeout 30 tail -n +1 -f "$1")
	reader=$!
	line=$(grep -Em1 -- "$2" <&"$input") || fail "$1 has no line like $2: $(cat "$files"/*.err)"
	kill "$reader"
	exec {input}<&-
	echo "$line"
}

# cpu_ns PID: what its threads have used, to the nanosecond: the kernel's sum that getrusage rounds.
cpu_ns() {
	cat /proc/"$1"/task/*/schedstat | awk '{ ns += $1 } END { printf "%.0f\n", ns }'
}

anonymous_bytes() {
	awk '/^RssAnon/ { printf "%.0f\n", $2 * 1024 }' "/proc/$1/status"
}

listen_overflows() {
	awk '/^TcpExt/ { for (i = 1; i <= NF; i++) if ($i == "ListenOverflows") at = i; value = $at }
		END { print value }' /proc/net/netstat
}

# sample CLIENT SERVER SECONDS: cpus that they use meanwhile, as {"cpu_client":..,"cpu_server":..}.
sample() {
	"${before_measured[@]}" bash -c "$(declare -f cpu_ns sample_now); sample_now $*"
}

sample_now() {
	local client server client_end server_end start end
	start=${EPOCHREALTIME/[.,]/}
	client=$(cpu_ns "$1")
	server=$(cpu_ns "$2")
	sleep "$3"
	end=${EPOCHREALTIME/[.,]/}
	client_end=$(cpu_ns "$1")
	server_end=$(cpu_ns "$2")
	jq -nc "(($end - $start) * 1000) as \$ns | { cpu_client: (($client_end - $client) / \$ns),
		cpu_server: (($server_end - $server) / \$ns) }"
}

# merged OBJECT...: one object of all.
merged() {
	jq -sc add <<<"$*"
}

# conntest_start CONNECTIONS RATE SECONDS [OPTION...]: both ends, as $client and $server; returns
# when all connections are up and traffic flows.
conntest_start() {
	local port
	: >"$files/serve.out"
	: >"$files/run.ndjson"
	"${measured[@]}" "$conntest" serve --listen "traffic://$address:0" --drain 1s -o ndjson \
		>"$files/serve.out" 2>"$files/serve.err" &
	server=$!
	port=$(await "$files/serve.out" '"event":"listening"' | jq .port)
	"${measured[@]}" "$conntest" traffic -c "$1" -r "$2" -T "$3s" --connect-rate off \
		--new-connections off --path-probe off --no-save -o "json=$files/report.json" \
		-o "ndjson=$files/run.ndjson" "${@:4}" "traffic://$address:$port" \
		>"$files/traffic.out" 2>"$files/traffic.err" &
	client=$!
	pids=("$server" "$client")
	await "$files/run.ndjson" '"event":"snapshot"' >/dev/null
}

conntest_end() {
	wait "$client" || fail "traffic: $(<"$files/traffic.err")"
	kill "$server"
	wait "$server" || true
	pids=()
}

# report FIELDS: an object of what the report says of the persistent connections, $s.
report() {
	jq -c ".streams[0] as \$s | { $1 }" "$files/report.json"
}

# conntest_paced CONNECTIONS RATE: 5 s, of which the CPU of 3.
conntest_paced() {
	local cpu
	conntest_start "$1" "$2" 5
	cpu=$(sample "$client" "$server" 3)
	conntest_end
	merged "$cpu" "$(report 'scheduled: $s.schedule.scheduled, sent: $s.schedule.sent,
		send_error_p99_ns: $s.schedule.send_error_p99_ns')"
}

# bare_paced CONNECTIONS RATE: the same of the bare program.
bare_paced() {
	local begin cpu peer
	: >"$files/bare.out"
	"${measured[@]}" "$bare" "$1" "$2" 5 >"$files/bare.out" 2>"$files/bare.err" &
	peer=$!
	pids=("$peer")
	begin=$(await "$files/bare.out" '"begin"')
	cpu=$(sample "$(jq .client <<<"$begin")" "$(jq .server <<<"$begin")" 3)
	wait "$peer"
	pids=()
	merged "$(grep '"end"' "$files/bare.out")" "$cpu"
}

# ctraffic_paced CONNECTIONS RATE: its own server and client, 4 s; its rate is in KB/s.
ctraffic_paced() {
	local port=$((20000 + RANDOM % 10000)) peer
	needs ctraffic
	"${measured[@]}" ctraffic -server -address "$address:$port" >/dev/null \
		2>"$files/ctraffic.err" &
	peer=$!
	pids=("$peer")
	sleep 0.3 # it doesn't say when it listens
	timeout 30 "${measured[@]}" ctraffic -address "$address:$port" -nconn "$1" -rate "$2" \
		-timeout 4s -stats summary >"$files/ctraffic.json" 2>>"$files/ctraffic.err" || true
	kill "$peer"
	wait "$peer" || true
	pids=()
	jq -c '{ sent: .Sent, received: .Received, missed: .Dropped }' "$files/ctraffic.json"
}
