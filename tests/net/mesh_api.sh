#!/bin/bash
# What a mesh node tells and does over HTTP, asked by curl: every route, whatever the method; tokens
# right and wrong; peers that may be added and such that may not; its end; events from where one has
# stopped reading; a pingmesh's eyes; TLS; and a crowd that keeps nobody out.
# shellcheck source=lib_nodes.sh
source "$(dirname "$0")/lib_nodes.sh"
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"

tests=$(dirname "$0")
token=a-token-of-this-test
bearer="Authorization: Bearer $token"
one=http://$(place 1):8080 two=http://$(place 2):8080 three=http://$(place 3):8080
peers=2 node 1 --location north --token "$token" --allow 127.0.0.0/24 --allow .example
peers=1 node 2 --location south
peers='' node 3 --location "a <b>place</b>" --token "$token" --drain 8s
await_json "$one/v1/peers" '.Peers[0] | .Host == "node-2" and .Pings > 1 and .conntest.verdict == "ok"'

echo "routes"
while IFS='|' read -r path type regex; do
	expect "status of $path" "$(get "$one$path")" == 200
	expect_text "$work/head" "^Content-Type: $type.$"
	expect_text "$work/head" '^Content-Length: [0-9]+.$'
	expect_text "$work/body" "$regex"
	expect "status of a HEAD of $path" "$(curl -sS -I -o "$work/head" \
		-w '%{http_code} %{size_download}' --max-time 30 "$one$path")" == "200 0"
	expect_text "$work/head" '^Content-Length: [1-9][0-9]*.$'
	for method in DELETE OPTIONS; do
		expect "status of a $method of $path" "$(get -X "$method" "$one$path")" == 405
		expect_text "$work/head" '^Allow: GET, HEAD(, POST)?.$'
	done
	[[ $path == /v1/addpeer || $path == /v1/quit || $path == /v1/mark ]] ||
		expect "status of a POST of $path" "$(get -H "$bearer" -d x=1 "$one$path")" == 405
done <<'ROUTES'
/|text/html; charset=utf-8|<title>node-1</title>
/?matrix=1&colour=rtt|text/html; charset=utf-8|<title>node-1</title>
/?peer=node-2|text/html; charset=utf-8|node-2
/page-body|text/html; charset=utf-8|^<header data-title="node-1"
/metrics|text/plain; version=0.0.4; charset=utf-8|^conntest_build_info
/metrics?pairs=1|text/plain; version=0.0.4; charset=utf-8|peer="node-2"
/v1|text/html; charset=utf-8|<a href="/v1/peers">
/v1/|text/html; charset=utf-8|<a href="/v1/peers">
/v1/ping|text/html; charset=utf-8|<p>Served from north
/v1/peers|application/json|"SrvHost": "node-1"
/v1/peers?conntest=row|application/json|"SrvHost": "node-1"
/v1/metrics|application/json|"NumActive"
/v1/events|application/x-ndjson|"event":"start"
/sd|application/json|"127.0.0.12:8080".*"__meta_conntest_traffic_port":"5003"
/healthz|text/plain; charset=utf-8|^alive$
/readyz|text/plain; charset=utf-8|^ready$
/v1/addpeer|text/html; charset=utf-8|<form method="post" action="/v1/addpeer">
/v1/quit|text/html; charset=utf-8|<form method="post" action="/v1/quit">
/v1/mark|text/html; charset=utf-8|<form method="post" action="/v1/mark">
ROUTES
for path in /nothing /v1/env /v2 /metrics/ '/../etc/passwd' '/%2e%2e/etc/passwd' //; do
	expect "status of $path" "$(get --path-as-is "$one$path")" == 404
done
expect "status of a head that is too large" \
	"$(get -H "X: $(head -c 70000 /dev/zero | tr '\0' x)" "$one/")" == 431
head -c 100000 /dev/zero >"$work/zeros"
expect "status of a body that is too large" \
	"$(get -H "$bearer" --data-binary "@$work/zeros" "$one/v1/mark")" == 413
get "$three/" >"$work/status"
expect_text "$work/body" 'in a &lt;b&gt;place&lt;/b&gt;'
get "$three/?peer=%22%3E%3Cscript%3Ealert(1)%3C/script%3E" >"$work/status"
expect "markup out of a query" "$(grep -c 'alert(1)</script>' "$work/body")" == 0

echo "which format"
while IFS='|' read -r accept type; do
	expect "type for $accept" "$(curl -sS -o "$work/text" -w '%{content_type}' -H "Accept: $accept" \
		"$one/metrics")" == "$type; charset=utf-8"
done <<'ACCEPT'
*/*|text/plain; version=0.0.4
text/html|text/plain; version=0.0.4
text/plain|text/plain; version=0.0.4
application/openmetrics-text|application/openmetrics-text; version=1.0.0
application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5|application/openmetrics-text; version=1.0.0
application/openmetrics-text;q=0.3,text/plain;q=0.9|text/plain; version=0.0.4
application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1|application/openmetrics-text; version=1.0.0
ACCEPT
expect "bytes behind gzip" "$(curl -sS --compressed "$one/metrics" | grep -c '^conntest_')" '>' 100

echo "a pingmesh reads it"
get "$one/v1/peers" >"$work/status"
python3 "$tests/pingmesh_reader.py" "$work/body" >"$work/read" 2>&1 || fail "pingmesh: $(<"$work/read")"
expect_text "$work/read" '^http://127.0.0.12:8080/v1/ping south [1-9][0-9]* [01]$'
expect "its own port" "$(jq .SrvPort "$work/body")" == 8080
expect "who listens there" "$(get "$(jq -r '.Peers[0].Url' "$work/body")")" == 200
expect_text "$work/body" '^<p>Served from south$|<p>Served from south'

echo "events"
events() {
	curl -sS --max-time 10 "$@" >"$work/found"
	jq -r .number "$work/found" | paste -sd,
}
expect "status of a mark" "$(get -H "$bearer" --data-urlencode 'text=a "first" <mark>' "$one/v1/mark")" == 202
last=$(events "$one/v1/events" | sed 's/.*,//')
expect_text "$work/found" '"event":"mark","subject":"","text":"a \\"first\\" <mark>"'
expect "events after the last" "$(events "$one/v1/events?after=$last")" == ""
get -H "$bearer" -d text=second "$one/v1/mark" >"$work/status"
get -H "$bearer" -d text=third "$one/v1/mark" >"$work/status"
expect "events after it" "$(events "$one/v1/events?after=$last")" == "$((last + 1)),$((last + 2))"
expect "events by Last-Event-ID" "$(events -H "Last-Event-ID: $((last + 1))" "$one/v1/events")" == "$((last + 2))"
expect "after, before Last-Event-ID" "$(events -H "Last-Event-ID: 0" "$one/v1/events?after=$((last + 1))")" == "$((last + 2))"
expect "one event" "$(events "$one/v1/events?after=$last&limit=1")" == "$((last + 1))"
expect "events of another life" "$(events "$one/v1/events?after=1000000" | cut -d, -f 1-2)" == null,1
expect_text "$work/found" '"event":"gap"'
expect "what is in the file" "$(jq -s -c 'map(.number)' "$work/node-1.events")" == \
	"$(curl -sS "$one/v1/events" | jq -s -c 'map(.number)')"

echo "tokens"
marks() {
	curl -sS "$one/v1/events" | grep -c '"event":"mark"' || true
}
before=$(marks)
expect "no token" "$(get -d text=x "$one/v1/mark")" == 401
expect_text "$work/head" '^WWW-Authenticate: Bearer '
expect "no token, from a foreign page" "$(get -H 'Origin: http://evil.example' -d text=x "$one/v1/mark")" == 401
expect "a password, which a browser sends by itself" "$(get -u "x:$token" -d text=x "$one/v1/mark")" == 401
expect "a token in the address" "$(get -d text=x "$one/v1/mark?token=$token")" == 401
expect "a GET with it" "$(get -H "$bearer" "$one/v1/mark?text=x&token=$token")" == 200
expect_text "$work/body" '<form method="post" action="/v1/mark">'
expect "a GET of quit" "$(get -H "$bearer" "$one/v1/quit?token=$token")" == 200
expect "a node that has no token" "$(get -H "$bearer" -d text=x "$two/v1/mark")" == 403
expect_text "$work/body" '^this node is read-only: it was started without --token$'
expect "marks without a token" "$(($(marks) - before))" == 0
expect "a token in the form" "$(get -d "text=x&token=$token" "$one/v1/mark")" == 202
for wrong in {1..10}; do
	expect "wrong token $wrong" "$(get --interface 127.0.0.99 -H "Authorization: Bearer no$wrong" -d text=x "$one/v1/mark")" == 401
done
expect "one more" "$(get --interface 127.0.0.99 -H "Authorization: Bearer no" -d text=x "$one/v1/mark")" == 429
expect_text "$work/head" '^Retry-After: 60.$'
expect "the right one from there" "$(get --interface 127.0.0.99 -H "$bearer" -d text=x "$one/v1/mark")" == 429
expect "reading from there" "$(get --interface 127.0.0.99 "$one/healthz")" == 200
expect "the right one from elsewhere" "$(get -H "$bearer" -d text=x "$one/v1/mark")" == 202
expect "marks with a token" "$(($(marks) - before))" == 2

echo "peers that are added"
add() {
	local at=$1
	shift
	get -H "$bearer" "$@" "$at/v1/addpeer"
}
expect "an address that is not allowed" "$(add "$one" --data-urlencode url=10.1.2.3:5003)" == 403
expect_text "$work/body" '^10\.1\.2\.3 may not be named over the network: this node was started with --allow for others; --allow 10\.1\.2\.3 would let it$'
expect "a name that is not" "$(add "$one" --data-urlencode url=http://metadata.internal/v1/ping)" == 403
expect "a name whose end only looks so" "$(add "$one" --data-urlencode url=http://notexample/v1/ping)" == 403
expect "an address that hides behind ip" "$(add "$one" -d "url=http://$(place 3):8080/v1/ping&ip=10.1.2.3")" == 403
expect "where nothing is allowed" "$(add "$three" -d "url=$(place 1):5003")" == 403
expect_text "$work/body" '^127\.0\.0\.11 may not be named over the network: this node was started without --allow; '
for wrong in '' file:///etc/passwd gopher://127.0.0.13/ 127.0.0.13 'http://a@127.0.0.13/' 127.0.0.13:x; do
	expect "url=$wrong" "$(add "$one" --data-urlencode "url=$wrong")" == 400
done
expect "peers so far" "$(curl -sS "$one/v1/peers" | jq '.Peers | length')" == 1
expect "one that is allowed" "$(add "$one" -d "url=$(place 3):5003&limit=5&delay=10")" == 202
expect_text "$work/body" '^127\.0\.0\.13:5003 is a peer from now on$'
expect_text "$work/body" '^not heeded: limit, delay '
awaited "$work/node-1.events" '"event":"joined","subject":"127.0.0.13"'
await_json "$one/v1/peers" '.Peers[] | select(.Host == "node-3") | .Pings > 1 and .conntest.verdict == "ok"'
expect "where it is" "$(jq -r '.Peers[] | select(.Host == "node-3") | .Location' "$work/body")" == "a_<b>place</b>"
expect "it twice" "$(add "$one" -d "url=$(place 3):5003")" == 202
expect "peers now" "$(curl -sS "$one/v1/peers" | jq '.Peers | length')" == 2

echo "the end of a node"
expect "quit without a token" "$(get -d x=1 "$three/v1/quit")" == 401
expect "quit" "$(get -H "$bearer" -d x=1 "$three/v1/quit")" == 202
expect "what it knew" "$(jq -r .SrvHost "$work/body")" == node-3
expect "ready" "$(get "$three/readyz")" == 503
expect_text "$work/body" '^it leaves$'
awaited "$work/node-1.events" '"event":"leaving","subject":"node-3"'
await_exit node-3 20
expect "status of node 3" "$exit_status" == 0
expect_text "$work/node-3.events" '"event":"stop".*told over HTTP: answers say for 8s that this node leaves'
expect "verdicts on it" "$(curl -sS "$one/v1/events" | grep -cE '"event":"began","subject":"node-3"' || true)" == 0

echo "TLS, and a token for all"
certificate node IP:127.0.0.14,IP:127.0.0.15
for number in 4 5; do
	peers=$((9 - number)) node "$number" --https --peers-https --cert "$work/node.pem" --ca "$work/node.crt" \
		--token "$token" --token-for-all
done
four=https://$(place 4):8080
ca=(--cacert "$work/node.crt")
expect "without trust" "$(curl -sS -o "$work/body" "$four/healthz" 2>"$work/why" || echo $?)" == 60
for path in /healthz /readyz; do
	expect "status of $path" "$(get "${ca[@]}" "$four$path")" == 200
done
for path in / /page-body /metrics /v1 /v1/ping /v1/peers /v1/events /sd /v1/addpeer /nothing; do
	expect "status of $path without a token" "$(get "${ca[@]}" "$four$path")" == 401
	expect "what it tells" "$(<"$work/body")" == "this node tells nothing without its token"
done
expect "with the token" "$(get "${ca[@]}" -H "$bearer" "$four/v1/peers")" == 200
expect "as a browser shows it" "$(get "${ca[@]}" -u "who:$token" "$four/")" == 200
expect "with a wrong one" "$(get "${ca[@]}" -u "who:no" "$four/")" == 401
expect_text "$work/head" '^WWW-Authenticate: Basic '
expect "without TLS" "$(curl -sS -o "$work/body" "http://$(place 4):8080/healthz" 2>"$work/why" || echo $?)" '!=' 0
expect "TLS 1.1" "$(curl -sS --tls-max 1.1 --tlsv1.0 "${ca[@]}" -o "$work/body" "$four/healthz" 2>"$work/why" || echo $?)" == 35
# The others' rows come over TLS and with the token, too.
rows=
for _ in {1..60}; do
	get "${ca[@]}" -H "$bearer" "$four/?matrix=1" >"$work/status"
	rows=$(grep -o 'node-5 to node-4[^<"]*' "$work/body" | head -n 1) && break
	pause 0.25
done
expect_text <(echo "$rows") 'node-5 to node-4'

echo "a crowd"
ulimit -n "$(ulimit -Hn)"
start crowd python3 "$tests/mesh_crowd.py" "$(place 1)" 8080 1000 200
awaited "$work/crowd.out" crowded
for ask in {1..3}; do
	expect "scrape $ask of a crowd" "$(get "$one/metrics")" == 200
	pause 0.1
done
slowest=$(for _ in {1..3}; do curl -sS -o "$work/body" -w '%{time_total}\n' --max-time 20 "$one/metrics"; done |
	sort -n | tail -n 1)
echo "the slowest of 3 scrapes in a crowd of 1,200 took $slowest s"
stop crowd KILL
echo "probes left out, all in all: $(curl -sS "$one/metrics" | awk '/^conntest_agent_probes_skipped_total/ { n += $2 } END { print n + 0 }')"
for number in 1 2 4 5; do
	stop "node-$number"
	expect "status of node $number" "$exit_status" == 0
done
