# 15,000 connections of `load` on which hardly anything is said: what memory does each take, beside
# a run of few at the same rate, and how much of a cpu do both ends need?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest)

# idle_start CONNECTIONS RATE LISTEN TARGET [OPTION...]: both ends, as $client and $server.
idle_start() {
	local port
	: >"$files/serve.out"
	: >"$files/run.ndjson"
	"${measured[@]}" "$conntest" serve --listen "$3://$address:0" --drain 1s -o ndjson \
		"${serve_options[@]}" >"$files/serve.out" 2>"$files/serve.err" &
	server=$!
	port=$(await "$files/serve.out" '"event":"listening"' | jq .port)
	"${measured[@]}" "$conntest" load -c "$1" -r "$2" -T 30s --connect-rate off --no-save \
		-o "ndjson=$files/run.ndjson" "${@:5}" "$4://$address:$port" \
		>"$files/load.out" 2>"$files/load.err" &
	client=$!
	pids=("$server" "$client")
	await "$files/run.ndjson" '"event":"snapshot".*"connections":'"$1"'[,}]' >/dev/null
}

idle_end() {
	kill "$client"
	wait "$client" || fail "load: $(<"$files/load.err")"
	kill "$server"
	wait "$server" || true
	pids=()
}

# memory_each FEW MANY LISTEN TARGET [OPTION...]: bytes a connection.
memory_each() {
	local few few_served many many_served
	idle_start "$1" 1k "${@:3}"
	sleep 1
	few=$(anonymous_bytes "$client")
	few_served=$(anonymous_bytes "$server")
	idle_end
	idle_start "$2" 1k "${@:3}"
	sleep 1
	many=$(anonymous_bytes "$client")
	many_served=$(anonymous_bytes "$server")
	idle_end
	echo "{ \"client_bytes\": $(((many - few) / ($2 - $1))),
		\"server_bytes\": $(((many_served - few_served) / ($2 - $1))) }"
}

# cpu_of_idle LISTEN TARGET [OPTION...]: with a message every other second.
cpu_of_idle() {
	idle_start 15000 0.5 "$@"
	sleep 2
	sample "$client" "$server" 4
	idle_end
}

# idle LISTEN TARGET [OPTION...]
idle() {
	merged "$(memory_each 2000 15000 "$@")" "$(cpu_of_idle "$@")"
}

serve_options=()

over_tls() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=bench -keyout "$files/key" -out "$files/crt" 2>/dev/null
	serve_options=(--cert "$files/crt" --key "$files/key")
	memory_each 200 1200 echo+tls tls -m 'hello\n' --reply echo --insecure
	serve_options=()
}

measure_conntest() {
	jq -nc --argjson raw "$(idle echo tcp -m 'hello\n' --reply echo)" \
		--argjson http "$(idle http http)" --argjson ws "$(idle ws ws -m hello)" \
		--argjson tls "$(over_tls)" '{ $raw, $http, $ws, $tls }'
}

rows() {
	local name
	for name in raw http ws; do
		alone "memory a connection, load, $name (B)" ".$name.client_bytes" "<= 256"
		alone "memory a connection, serve, $name (B)" ".$name.server_bytes" "<= 256"
	done
	alone "memory a connection, load, with TLS (B)" .tls.client_bytes ">= 0"
	alone "memory a connection, serve, with TLS (B)" .tls.server_bytes ">= 0"
	for name in raw http ws; do
		alone "15,000 idle, load, $name (cpus)" ".$name.cpu_client" "< 0.01"
		alone "15,000 idle, serve, $name (cpus)" ".$name.cpu_server" "< 0.01"
	done
}
