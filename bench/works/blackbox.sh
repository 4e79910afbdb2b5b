# Looks at a service at a fixed rate, a new connection each time: how much CPU of the one who looks,
# beside Prometheus's blackbox_exporter, which is asked for the same number over its own HTTP, one
# behind the other; and beside the least that they need, which is the kernel's connection, and
# OpenSSL's handshake.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest blackbox bare)

looks=4000 # a run
interval_us=500
tls_looks=1000 # handshakes cost the server more

# targets_start: nginx, which answers in HTTP/1.1 and, on ports of their own, over TLS 1.3 and as h2c.
targets_start() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
		-addext "subjectAltName=IP:$address" -keyout "$files/key.pem" -out "$files/cert.pem" 2>/dev/null
	nginx_servers="server { listen $address:4431 ssl; root $files; ssl_protocols TLSv1.3;
		ssl_certificate $files/cert.pem; ssl_certificate_key $files/key.pem; }
		server { listen $address:8002 http2; root $files; }"
	nginx_start
	nginx_port=$port
}

# ping_cpu NAME LOOKS INTERVAL [OPTION...] TARGET: of the whole process, from its start to its end.
ping_cpu() {
	local spent TIMEFORMAT='%3U %3S'
	spent=$({ time "${measured[@]}" taskset -c 1 "$conntest" ping -q --no-save -c "$2" -i "$3" \
		--timeout 5s -o "json=$files/report.json" "${@:4}" >/dev/null 2>"$files/client.err"; } 2>&1)
	jq -c --arg spent "$spent" '($spent / " " | map(tonumber) | add) as $cpu | .streams[0].totals |
		{ "'"$1"'": { us: ($cpu * 1e6 / .messages_sent), failed: (.messages_sent - .messages_received) } }' \
		"$files/report.json"
}

measure_conntest() {
	targets_start
	local figures
	serve_start grpc --cpus 0 -w 1
	figures=$(
		ping_cpu http "$looks" "${interval_us}us" "http://$address:$nginx_port/file"
		ping_cpu tcp "$looks" "${interval_us}us" "tcp://$address:$nginx_port"
		ping_cpu https "$tls_looks" 2ms --ca "$files/cert.pem" --alpn http/1.1 "https://$address:4431/file"
		ping_cpu kept "$looks" "${interval_us}us" --keep "http://$address:$nginx_port/file"
		ping_cpu h2_kept "$looks" "${interval_us}us" --keep "h2c://$address:8002/file"
		ping_cpu grpc "$looks" "${interval_us}us" "grpc://$address:$port"
		ping_cpu grpc_kept "$looks" "${interval_us}us" --keep "grpc://$address:$port"
	)
	jq -sc add <<<"$figures"
}

# blackbox_cpu NAME MODULE LOOKS TARGET
blackbox_cpu() {
	local before after
	before=$(cpu_ns "$blackbox")
	curl -s -o "$files/probe" "http://$address:9115/probe?module=$2&target=$4&n=[1-$3]"
	after=$(cpu_ns "$blackbox")
	grep -q '^probe_success 1' "$files/probe" || fail "blackbox: $(<"$files/probe")"
	jq -nc "{ $1: { us: (($after - $before) / 1e3 / $3) } }"
}

measure_blackbox() {
	needs prometheus-blackbox-exporter
	needs curl
	targets_start
	cat >"$files/blackbox.yml" <<-END
		modules:
		  http: { prober: http, http: { preferred_ip_protocol: ip4 } }
		  tcp: { prober: tcp, tcp: { preferred_ip_protocol: ip4 } }
		  https: { prober: http, http: { preferred_ip_protocol: ip4, enable_http2: false,
		           tls_config: { ca_file: $files/cert.pem } } }
	END
	"${measured[@]}" taskset -c 1 prometheus-blackbox-exporter --config.file="$files/blackbox.yml" \
		--web.listen-address="$address:9115" 2>"$files/blackbox.err" &
	blackbox=$!
	pids+=("$blackbox")
	until (exec 3<>"/dev/tcp/$address/9115") 2>/dev/null; do
		sleep 0.05
	done
	local figures
	figures=$(
		blackbox_cpu http http "$looks" "http://$address:$nginx_port/file"
		blackbox_cpu tcp tcp "$looks" "$address:$nginx_port"
		blackbox_cpu https https "$tls_looks" "https://$address:4431/file"
	)
	jq -sc add <<<"$figures"
}

# bare_cpu NAME [REQUEST]
bare_cpu() {
	local spent
	spent=$("${measured[@]}" taskset -c 1 "$bares/look_bare" "$address" "$nginx_port" "$looks" \
		"$interval_us" "${@:2}") || fail "look_bare"
	jq -c "{ $1: . }" <<<"$spent"
}

# handshakes_cpu: of OpenSSL's own client in 2 s, without a request.
handshakes_cpu() {
	local spent TIMEFORMAT='%3U %3S' count
	spent=$({ time "${measured[@]}" taskset -c 1 openssl s_time -new -time 2 -connect "$address:4431" \
		>"$files/s_time.out" 2>/dev/null; } 2>&1)
	count=$(sed -n 's/^\([0-9]*\) connections in .* real seconds.*/\1/p' "$files/s_time.out")
	jq -nc --arg spent "$spent" "(\$spent / \" \" | map(tonumber) | add) as \$cpu |
		{ https: { us: (\$cpu * 1e6 / $count) } }"
}

measure_bare() {
	targets_start
	merged "$(bare_cpu tcp)" "$(handshakes_cpu)" \
		"$(bare_cpu http $'GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')"
}

rows() {
	against blackbox "look, http: CPU, us" .http.us "<= 0.1"
	against blackbox "look, tcp: CPU, us" .tcp.us "<= 0.1"
	against blackbox "look, https, whole handshake: CPU, us" .https.us "<= 0.5"
	against bare "look, http: CPU, us, beside the least" .http.us "<= 1.25"
	against bare "look, tcp: CPU, us, beside the least" .tcp.us "<= 1.25"
	against bare "look, https: CPU, us, beside OpenSSL's" .https.us "<= 1.25"
	alone "look, http, kept: CPU, us" .kept.us "<= 1000"
	alone "look, h2c, kept: CPU, us" .h2_kept.us "<= 1000"
	alone "look, grpc: CPU, us" .grpc.us "<= 1000"
	alone "look, grpc, kept: CPU, us" .grpc_kept.us "<= 1000"
	alone "looks that failed" '[.[] | .failed?] | add' "== 0"
}
