#!/bin/bash
# Services over HTTP/2 with clients that are not conntest: curl, h2load and nghttp on http, https
# (ALPN) and h2c, and gRPC's own for JavaScript on grpc and grpcs.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need curl h2load nghttp jq

serve web-1 --listen http://127.0.0.1:0 --listen https://127.0.0.1:0 --listen h2c://127.0.0.1:0 \
	--listen grpc://127.0.0.1:0 --listen grpcs://127.0.0.1:0 --health db=not-serving \
	--health legacy=unknown -o "json=$work/served.json"
ca=$(grep -oE '/[^ ,]*-cert.pem' "$work/web-1.out" | head -n 1)
plain=http://127.0.0.1:$(port web-1 http tcp)
secure=https://127.0.0.1:$(port web-1 http tls)
h2c=http://127.0.0.1:$(port web-1 h2c)
grpc=127.0.0.1:$(port web-1 grpc tcp)
grpcs=127.0.0.1:$(port web-1 grpc tls)

# get CURL_OPTION...: version and status; the body is in $work/body, the head in $work/head.
get() {
	curl -sS --max-time 30 --cacert "$ca" -o "$work/body" -D "$work/head" \
		-w '%{http_version} %{http_code}' "$@"
}

# ---- curl: both versions at one place, the same answers

prior=--http2-prior-knowledge
expect "h2c by prior knowledge at http" "$(get $prior "$plain/")" == "2 200"
expect "body of /" "$(<"$work/body")" == web-1
expect_text "$work/head" '^x-backend: web-1.$'
expect_text "$work/head" '^date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} .* GMT.$'
expect "HTTP/1.1 at http" "$(get --http1.1 "$plain/")" == "1.1 200"
expect "what TLS agrees on" "$(get "$secure/")" == "2 200"
expect "HTTP/1.1 over TLS" "$(get --http1.1 "$secure/")" == "1.1 200"
expect "h2c" "$(get $prior "$h2c/status/503")" == "2 503"
expect "a HEAD" "$(get $prior -I "$h2c/bytes/3k")" == "2 200"
expect_text "$work/head" '^content-length: 3000.$'
expect "no such path" "$(get $prior "$h2c/nothing")" == "2 404"
expect "another method" "$(get $prior -X DELETE "$h2c/")" == "2 405"
expect_text "$work/head" '^allow: GET, HEAD, POST.$'
expect "a body that nobody wants" "$(head -c 3M /dev/zero | get $prior --data-binary @- "$h2c/")" == "2 413"
expect "/bytes" "$(get $prior "$h2c/bytes/20M")" == "2 200"
expect "bytes of /bytes/20M" "$(wc -c <"$work/body")" == 20000000
expect "what is not zero in /bytes" "$(tr -d '\0' <"$work/body" | wc -c)" == 0
expect "seconds of /delay/300" \
	"$(curl -sS $prior -o "$work/body" -w '%{time_total}' "$h2c/delay/300")" '>=' 0.3
head -c 5000000 /dev/urandom >"$work/sent"
for url in "$plain" "$h2c" "$secure"; do
	expect "an echo at $url" "$(get $prior --data-binary "@$work/sent" "$url/echo")" == "2 200"
	cmp "$work/sent" "$work/body" || fail "the echo is another one, $url"
done
expect "what HTTP/1.1 gets at h2c" "$(get --http1.1 "$h2c/" 2>/dev/null)" == "0 000"

# ---- load

h2load -c 10 -n 20000 -m 50 "$h2c/" >"$work/h2load.out"
expect_text "$work/h2load.out" '20000 succeeded, 0 failed, 0 errored, 0 timeout'
expect_text "$work/h2load.out" 'status codes: 20000 2xx'
head -c 3000 "$work/sent" >"$work/small"
h2load -c 5 -n 2000 -m 10 -d "$work/small" "$secure/echo" >"$work/h2load.out"
expect_text "$work/h2load.out" '2000 succeeded, 0 failed, 0 errored, 0 timeout'
expect_text "$work/h2load.out" 'Application protocol: h2'
nghttp -nv -m 20 "$h2c/delay/100" >"$work/nghttp.out"
expect "answers that nghttp got" "$(grep -c ':status: 200' "$work/nghttp.out")" == 20

# ---- gRPC

peers=tests/net/peers/node_modules
if command -v node >/dev/null && [[ -d $peers/@grpc/grpc-js ]]; then
	export NODE_PATH=$peers
	status=0
	timeout 60 node tests/net/grpc_client.js "$grpc" check echo many unimplemented watch || status=$?
	expect "exit status of the gRPC client" "$status" == 0
	status=0
	CA=$ca timeout 60 node tests/net/grpc_client.js "localhost:${grpcs#*:}" check echo watch || status=$?
	expect "exit status of the gRPC client over TLS" "$status" == 0
	start drained timeout 60 node tests/net/grpc_client.js "$grpc" drained
	await "$work/drained.out" '^health 1$' >/dev/null
fi

# ---- a drain: what is asked for is answered, and who watches is told

start delayed curl -sS $prior -o "$work/late" -w '%{http_code}' "$h2c/delay/1500"
pause 0.5
stop web-1
expect "exit status of serve" "$exit_status" == 0
await_exit delayed
expect "status of what was asked before" "$(<"$work/delayed.out")" == 200
if [[ -v pids[drained] ]]; then
	await_exit drained
	expect "exit status of the client that watched" "$exit_status" == 0
	expect_text "$work/drained.out" '^ok drained$'
fi
