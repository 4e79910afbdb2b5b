# What works need to measure: both ends of conntest and of its peers, their CPU and memory. A
# measurement has a network namespace of its own, so ports and TIME-WAIT of others don't matter.
# shellcheck shell=bash

conntest=${CONNTEST:-build/release/conntest}
bare=${BARE:-build/release/bench/paced_bare}
bares=build/release/bench
PATH=$PATH${PEERS:+:$PEERS}
address=127.0.0.$((2 + RANDOM % 250))
files=$(mktemp -d)
pids=()
serve_options=() # of the echo server
message_64=$(printf 'x%.0s' {1..64})

# Measured processes are preferred to all others of the machine with bench/run --rr, and who looks
# at a clock meanwhile to them, else a full machine never lets it look. That one waits for nobody:
# a real-time process that reaps another while a thread of lower rank on its cpu is being taken out
# of /proc waits for that thread, in the kernel, for ever.
measured=()
before_measured=()
[[ -z ${BENCH_RR-} ]] || measured=(chrt -r 5) before_measured=(chrt -r 6)

# schedule_as POLICY PRIORITY: this script, where measured processes have a priority.
schedule_as() {
	[[ -z ${BENCH_RR-} ]] || chrt "$1" -p "$2" $$
}

# reap PID...: waits for them; the status of the last one. As an ordinary process: at real-time
# priority it may turn for ever in the kernel (release_task() of 6.18), when a process that it keeps
# from running is just looking at the dead one in /proc.
reap() {
	local status=0
	schedule_as -o 0
	wait "$@" || status=$?
	schedule_as -r 6
	return $status
}

clean_up() {
	trap - EXIT
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	reap "${pids[@]}" 2>/dev/null || true
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

# serve_start SERVICE [OPTION...]: conntest's server, as $server on $port of $address.
serve_start() {
	: >"$files/serve.out"
	"${measured[@]}" "$conntest" serve --listen "$1://$address:0" --drain 1s -o ndjson "${@:2}" \
		>"$files/serve.out" 2>"$files/serve.err" &
	server=$!
	pids+=("$server")
	port=$(await "$files/serve.out" '"event":"listening"' | jq .port)
}

# client_start COMMAND SECONDS [OPTION...] TARGET: conntest's client, as $client; returns when all
# connections are up and traffic flows.
client_start() {
	: >"$files/run.ndjson"
	"${measured[@]}" "$conntest" "$1" -T "$2s" --connect-rate off --no-save \
		-o "json=$files/report.json" -o "ndjson=$files/run.ndjson" "${@:3}" \
		>"$files/client.out" 2>"$files/client.err" &
	client=$!
	pids+=("$client")
	await "$files/run.ndjson" '"event":"snapshot"' >/dev/null
}

# conntest_start CONNECTIONS RATE SECONDS [OPTION...]: both ends of traffic.
conntest_start() {
	serve_start traffic
	client_start traffic "$3" -c "$1" -r "$2" --new-connections off --path-probe off "${@:4}" \
		"traffic://$address:$port"
}

conntest_end() {
	reap "$client" || fail "conntest: $(<"$files/client.err")"
	kill "$server"
	reap "$server" || true
	pids=()
}

# report FIELDS: an object of what the report, $run, says of the persistent connections, $s.
report() {
	jq -c ". as \$run | .streams[0] as \$s | { $1 }" "$files/report.json"
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

# bare_start COMMAND...: a bare program, its ends as $client and $server; returns when they are up.
bare_start() {
	local begin peer
	: >"$files/bare.out"
	"${measured[@]}" "$@" >"$files/bare.out" 2>"$files/bare.err" &
	peer=$!
	pids=("$peer")
	begin=$(await "$files/bare.out" '"begin"')
	client=$(jq .client <<<"$begin")
	server=$(jq .server <<<"$begin")
}

# bare_end: prints what it says at its end.
bare_end() {
	await "$files/bare.out" '"end"'
}

# bare_paced CONNECTIONS RATE: the same of the bare program.
bare_paced() {
	bare_start "$bare" "$1" "$2" 5
	merged "$(sample "$client" "$server" 3)" "$(bare_end)"
}

# conntest_echo CONNECTIONS [OPTION...]: echoes of 64 B, one after the other, 3 s; one worker an end, on
# the cpus that the bare program takes.
conntest_echo() {
	local cpu
	serve_start echo -w 1 --cpus 0 "${serve_options[@]}"
	client_start load 3 -w 1 --cpus 1 -c "$1" -m "$message_64" "${@:2}" \
		"echo://$address:$port"
	cpu=$(sample "$client" "$server" 1)
	conntest_end
	merged "$cpu" "$(report 'service_p50_ns: $s.latency.service.p50_ns,
		service_p99_ns: $s.latency.service.p99_ns,
		per_s: ($s.totals.messages_received * 1e9 / $run.duration_ns)')"
}

# bare_echo MODE CONNECTIONS: the same of the bare program.
bare_echo() {
	bare_start "$bares/echo_bare" "$@" 4
	merged "$(sample "$client" "$server" 1)" "$(bare_end)"
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
	reap "$peer" || true
	pids=()
	jq -c '{ sent: .Sent, received: .Received, missed: .Dropped }' "$files/ctraffic.json"
}

# nginx_start [SERVER...]: one worker of it, as $server on $port of $address; it answers /file with 128
# bytes. Each SERVER is one more of its own, as nginx's configuration has it.
nginx_start() {
	needs nginx
	port=$((20000 + RANDOM % 10000))
	head -c 128 /dev/zero | tr '\0' x >"$files/file"
	chmod a+rx "$files"
	cat >"$files/nginx.conf" <<-END
		daemon off; master_process off; worker_processes 1; pid $files/nginx.pid;
		error_log $files/nginx.err; user root;
		events { worker_connections 1024; }
		http {
			access_log off; keepalive_requests 1000000000; client_body_temp_path $files/body;
			proxy_temp_path $files/proxy; fastcgi_temp_path $files/fastcgi;
			uwsgi_temp_path $files/uwsgi; scgi_temp_path $files/scgi;
			server { listen $address:$port; root $files; }
			$*
		}
	END
	"${measured[@]}" taskset -c 0 nginx -c "$files/nginx.conf" -e "$files/nginx.err" &
	server=$!
	pids+=("$server")
	for ((i = 0; i < 100; i++)); do
		(exec 3<>"/dev/tcp/$address/$port") 2>/dev/null && return
		sleep 0.02
	done
	fail "nginx does not listen: $(<"$files/nginx.err")"
}

# wrk_run URL: over 50 connections, 3 s, of which the CPU of 1.
wrk_run() {
	local cpu
	needs wrk
	"${measured[@]}" taskset -c 1 wrk -t1 -c50 -d3s "$1" >"$files/wrk.out" &
	client=$!
	pids+=("$client")
	sleep 1
	cpu=$(sample "$client" "$server" 1)
	reap "$client"
	! grep -E 'Non-2xx|Socket errors' "$files/wrk.out" >&2 || fail "wrk met errors"
	merged "$cpu" "{ \"per_s\": $(sed -n 's/^Requests.sec: *//p' "$files/wrk.out") }"
}
