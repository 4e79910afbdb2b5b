#!/bin/bash
# What people load HTTP servers with takes `serve` for one: curl, wrk, h2load and ab. Nothing is lost
# or wrong, and what they counted is what was served.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need curl wrk h2load ab jq

serve web-1 --listen http://127.0.0.1:0 -o "json=$work/served.json"
url=http://127.0.0.1:$(port web-1 http)

# get CURL_OPTION...: the status; the body is in $work/body, the head in $work/head.
get() {
	curl -sS --max-time 30 -o "$work/body" -D "$work/head" -w '%{http_code}' "$@"
}

# ---- curl

expect "status of /" "$(get "$url/")" == 200
expect "body of /" "$(<"$work/body")" == web-1
expect_text "$work/head" '^X-Backend: web-1.$'
expect_text "$work/head" '^Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} .* GMT.$'
expect "status of /status/503" "$(get "$url/status/503")" == 503
expect "status of a HEAD" "$(get -I "$url/bytes/3k")" == 200
expect_text "$work/head" '^Content-Length: 3000.$'
expect "status of /bytes" "$(get "$url/bytes/20M")" == 200
expect "bytes of /bytes/20M" "$(wc -c <"$work/body")" == 20000000
expect "what is not zero in /bytes" "$(tr -d '\0' <"$work/body" | wc -c)" == 0
expect "seconds of /delay/300" "$(curl -sS -o "$work/body" -w '%{time_total}' "$url/delay/300")" '>=' 0.3
expect "status of another version" "$(curl -sS -o "$work/body" -w '%{http_code}' -0 "$url/")" == 200
expect "status of no such path" "$(get "$url/nothing")" == 404
expect "status of a head that is too large" \
	"$(get -H "X: $(head -c 70000 /dev/zero | tr '\0' x)" "$url/")" == 431

head -c 5000000 /dev/urandom >"$work/sent"
for header in 'X: length' 'Transfer-Encoding: chunked' 'Expect: 100-continue'; do
	expect "status of an echo, $header" \
		"$(get -H "$header" --data-binary "@$work/sent" "$url/echo")" == 200
	cmp "$work/sent" "$work/body" || fail "the echo is another one, $header"
done

# One connection serves them all.
expect "connections of five requests" "$(curl -sS -o "$work/body" -w '%{num_connects}\n' "$url/" \
	-: -sS -o "$work/body" -w '%{num_connects}\n' "$url/status/204" \
	-: -sS -o "$work/body" -w '%{num_connects}\n' --data-binary hello "$url/echo" \
	-: -sS -I -o "$work/body" -w '%{num_connects}\n' "$url/" \
	-: -sS -o "$work/body" -w '%{num_connects}\n' "$url/bytes/100k" | jq -s add)" == 1

# ---- pipelining

request() {
	printf 'GET %s HTTP/1.1\r\nHost: web\r\n\r\n' "$1"
}

exec {peer}<>"/dev/tcp/127.0.0.1/${url##*:}"
{ request /status/201; request /delay/100; request /bytes/70000; request /nothing; } >&"$peer"
timeout 20 cat <&"$peer" >"$work/pipelined" || fail "the connection does not end"
exec {peer}<&-
expect "statuses in order" "$(tr -d '\0' <"$work/pipelined" | grep -ao 'HTTP/1.1 [0-9]*' |
	cut -d ' ' -f 2 | paste -sd,)" == 201,200,200,404

# ---- load

h2load --h1 -c 10 -n 5000 -m 8 "$url/" >"$work/h2load.out"
expect_text "$work/h2load.out" '5000 succeeded, 0 failed, 0 errored, 0 timeout'
expect_text "$work/h2load.out" 'status codes: 5000 2xx'

for keep in '' -k; do
	# shellcheck disable=SC2086 # an option or none
	ab $keep -q -c 10 -n 2000 "$url/bytes/100" >"$work/ab.out"
	expect_text "$work/ab.out" '^Complete requests: +2000$'
	expect_text "$work/ab.out" '^Failed requests: +0$'
	expect_text "$work/ab.out" '^HTML transferred: +200000 bytes$'
done
expect_text "$work/ab.out" '^Keep-Alive requests: +2000$'
ab -q -c 4 -n 200 -p "$work/body" -T text/plain "$url/echo" >"$work/ab.out"
expect_text "$work/ab.out" '^Failed requests: +0$'

wrk -t 1 -c 20 -d 1s "$url/" >"$work/wrk.out"
expect "errors of wrk" "$(grep -cE 'Socket errors|Non-2xx' "$work/wrk.out")" == 0
expect "requests of wrk" "$(awk '/requests in/ { print $1 }' "$work/wrk.out")" '>' 100

# ---- what the server says of them

stop web-1
expect "status of serve" "$exit_status" == 0
adds_up "$work/served.json"
wrk_requests=$(awk '/requests in/ { print $1 }' "$work/wrk.out")
expect_json "$work/served.json" 'stream("served").totals.messages_received' \
	'>=' $((9200 + wrk_requests))
# wrk leaves with a reset.
expect "errors besides" "$(json "$work/served.json" '[stream("served").errors[].outcome |
	select(. != "protocol" and . != "reset")] | join(",")')" == ""
