# What a probe costs its host, 200 a second of one nginx with a new connection each: beside
# blackbox_exporter, asked for the same as Prometheus 2 asks it, on kept connections; and beside the
# least that it needs: a bare program's connection and request, a handshake of OpenSSL's own client.
# Kept ones and those of gRPC alone.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest blackbox bare)
per_s=200
seconds=2

# An nginx that answers over TLS, too, at $secure, and in HTTP/2 at $h2c.
web_start() {
	needs openssl
	secure=$address:9443
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=bench \
		-addext "subjectAltName=IP:$address" -keyout "$files/key" -out "$files/crt" 2>/dev/null
	h2c=h2c://$address:9080
	nginx_start "server { listen $secure ssl; root $files; ssl_protocols TLSv1.3;
		ssl_certificate $files/crt; ssl_certificate_key $files/key; }
		server { listen $address:9080 http2; root $files; }"
}

# probe NAME OPTION... TARGET: {NAME: us of CPU each}.
probe() {
	local cpu
	"${measured[@]}" "$conntest" ping -q --no-save -i 5ms -T $((seconds + 2))s \
		-o "json=$files/report.json" "${@:2}" >"$files/client.out" 2>"$files/client.err" &
	client=$!
	pids+=("$client")
	sleep 1
	cpu=$(sample "$client" "$server" "$seconds")
	reap "$client" || fail "ping: $(<"$files/client.err")"
	jq -c --argjson cpu "$cpu" --argjson per_s "$per_s" --arg name "$1" '
		if .figures.ping.failed > 0 then error("probes failed") else
		{ ($name): ($cpu.cpu_client * 1e6 / $per_s) } end' "$files/report.json"
}

measure_conntest() {
	local trust=(--ca "$files/crt")
	web_start
	merged "$(probe tcp "tcp://$address:$port")" \
		"$(probe http "http://$address:$port/file")" \
		"$(probe https "${trust[@]}" "https://$secure/file")" \
		"$(probe http_kept --keep "http://$address:$port/file")" \
		"$(probe https_kept --keep "${trust[@]}" "https://$secure/file")" \
		"$(probe h2c_kept --keep "$h2c/file")" "$(probe_grpc)"
}

probe_grpc() {
	serve_start grpc
	merged "$(probe grpc "grpc://$address:$port")" "$(probe grpc_kept --keep "grpc://$address:$port")"
}

blackbox_start() {
	needs prometheus-blackbox-exporter
	blackbox_port=$((30000 + RANDOM % 10000))
	cat >"$files/blackbox.yml" <<-END
		modules:
		  tcp: { prober: tcp }
		  http: { prober: http, http: { preferred_ip_protocol: ip4 } }
		  https: { prober: http, http: { tls_config: { ca_file: $files/crt } } }
	END
	"${measured[@]}" prometheus-blackbox-exporter --config.file "$files/blackbox.yml" \
		--web.listen-address "$address:$blackbox_port" >"$files/blackbox.out" 2>&1 &
	blackbox=$!
	pids+=("$blackbox")
	for ((i = 0; i < 100; i++)); do
		(exec 3<>"/dev/tcp/$address/$blackbox_port") 2>/dev/null && return
		sleep 0.05
	done
	fail "blackbox_exporter does not listen: $(<"$files/blackbox.out")"
}

# scrape MODULE TARGET: the same of blackbox_exporter, which compresses what it says to Prometheus.
scrape() {
	local cpu ask="http://$address:$blackbox_port/probe?module=$1&target=$2"
	"$conntest" load --no-save -c 1 -T 100ms --expect-text 'probe_success 1' "$ask" \
		>"$files/first.out" 2>&1 || fail "blackbox_exporter: $(<"$files/first.out")"
	client_start load $((seconds + 2)) -w 1 -c 4 -r "$per_s" -H 'Accept-Encoding: gzip' \
		-H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' \
		-H 'X-Prometheus-Scrape-Timeout-Seconds: 10' "$ask"
	sleep 1
	cpu=$(sample "$blackbox" "$server" "$seconds")
	reap "$client" || fail "load: $(<"$files/client.err")"
	jq -c --argjson cpu "$cpu" --argjson per_s "$per_s" --arg name "$1" '
		if .streams[0].totals.rejected > 0 then error("probes failed") else
		{ ($name): ($cpu.cpu_client * 1e6 / $per_s) } end' "$files/report.json"
}

measure_blackbox() {
	web_start
	blackbox_start
	merged "$(scrape tcp "$address:$port")" "$(scrape http "http://$address:$port/file")" \
		"$(scrape https "https://$secure/file")"
}

# bare_look NAME [REQUEST]
bare_look() {
	local us
	us=$("${measured[@]}" taskset -c 1 "$bares/look_bare" "$address" "$port" $((per_s * seconds)) \
		$((1000000 / per_s)) "${@:2}") || fail "look_bare"
	jq -nc "{ $1: $us }"
}

# bare_handshakes: one behind the other, and no request.
bare_handshakes() {
	local spent count TIMEFORMAT='%3U %3S'
	spent=$({ time "${measured[@]}" taskset -c 1 openssl s_time -new -time "$seconds" -connect "$secure" \
		>"$files/s_time.out" 2>/dev/null; } 2>&1)
	count=$(sed -n 's/^\([0-9]*\) connections in .* real seconds.*/\1/p' "$files/s_time.out")
	jq -nc --arg spent "$spent" "{ https: ((\$spent / \" \" | map(tonumber) | add) * 1e6 / $count) }"
}

measure_bare() {
	web_start
	merged "$(bare_look tcp)" "$(bare_handshakes)" \
		"$(bare_look http $'GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')"
}

rows() {
	against blackbox "probe of tcp: CPU, us" .tcp "<= 0.1"
	against blackbox "probe of http: CPU, us" .http "<= 0.1"
	against blackbox "probe of https, fresh: CPU, us" .https "<= 0.5"
	against bare "probe of tcp: CPU, us" .tcp "<= 1.4"
	against bare "probe of http: CPU, us" .http "<= 1.4"
	against bare "probe of https, fresh: CPU, us" .https "<= 1.4"
	alone "probe of http, kept: CPU, us" .http_kept ">= 0"
	alone "probe of https, kept: CPU, us" .https_kept ">= 0"
	alone "probe of h2c, kept: CPU, us" .h2c_kept ">= 0"
	alone "probe of grpc: CPU, us" .grpc ">= 0"
	alone "probe of grpc, kept: CPU, us" .grpc_kept ">= 0"
}
