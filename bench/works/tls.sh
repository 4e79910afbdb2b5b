# TLS 1.3 with AES-128-GCM in bulk, against OpenSSL's own server and client.
# shellcheck shell=bash disable=SC2034
source bench/lib_bulk.sh
competitors=(conntest openssl)

use_aes_128() {
	printf '%s\n' 'openssl_conf = all' '[all]' 'ssl_conf = ssl' '[ssl]' 'system_default = tls' \
		'[tls]' 'Ciphersuites = TLS_AES_128_GCM_SHA256' >"$files/openssl.cnf"
	export OPENSSL_CONF=$files/openssl.cnf
}

measure_conntest() {
	use_aes_128
	conntest_bulk discard+tls -- -c 1 -k
	[[ $(jq -r .tls.cipher "$files/report.json") == TLS_AES_128_GCM_SHA256 ]] ||
		fail "not AES-128-GCM"
}

in_octets() {
	awk '/^IpExt/ { for (i = 1; i <= NF; i++) if ($i == "InOctets") at = i; value = $at }
		END { print value }' /proc/net/netstat
}

# The server sends as fast as the client reads; what passed is the namespace's own count.
measure_openssl() {
	local tls_port=$((20000 + RANDOM % 10000)) before
	use_aes_128
	needs openssl
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 \
		-keyout "$files/key.pem" -out "$files/cert.pem" 2>/dev/null
	"${measured[@]}" openssl s_server -accept "$address:$tls_port" -cert "$files/cert.pem" \
		-key "$files/key.pem" -tls1_3 -quiet </dev/zero >/dev/null 2>"$files/s_server.err" &
	pids=($!)
	until (exec 3<>"/dev/tcp/$address/$tls_port") 2>/dev/null; do
		sleep 0.05
	done
	before=$(in_octets)
	timeout "$bulk_seconds" "${measured[@]}" openssl s_client -connect "$address:$tls_port" \
		-quiet < <(exec sleep "$bulk_seconds") >/dev/null 2>"$files/s_client.err" || true
	jq -nc "{ gbit_per_s: (($(in_octets) - $before) * 8 / $bulk_seconds / 1e9) }"
	kill "${pids[0]}"
	wait "${pids[0]}" || true
	pids=()
}

rows() {
	against openssl "TLS 1.3 AES-128-GCM bulk: Gbit/s" .gbit_per_s ">= 3"
}
