#!/bin/bash
# load and traffic over HTTP/2 and gRPC with servers that are not conntest: nginx with h2c and with h2 by
# ALPN, gRPC's own for JavaScript; and servers that do what none should.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx openssl python3

report() { expect_json "$work/report.json" "$@"; }
text() { expect_text "$work/load.out" "$@"; }
totals='stream("load").totals'

# good REQUESTS STATUS: all were answered, with this status.
good() {
	expect "exit status" "$exit_status" == 0
	report "$totals | .messages_sent == .messages_received" == true
	report "$totals | .lost + .corrupted + .rejected + .mismatched + .in_flight" == 0
	report "$totals.messages_received" '>=' "$1"
	report '[stream("load").statuses[].code] | join(",")' == "$2"
}

# ---- nginx

certificate web
choose_ports plain secure ten
for name in plain secure ten; do
	tls=http2
	requests=1000000
	[[ $name != ten ]] || requests=10
	[[ $name != secure ]] || tls='ssl http2'
	nginx_configure "$name" "$tls" <<-END
		ssl_certificate $work/web.pem;
		ssl_certificate_key $work/web.pem;
		keepalive_requests $requests;
		location = /hello { return 200 "hello \$http_x_who \$server_protocol\n"; }
		location = /busy { return 503; }
		location = /large { root $work; }
		location = /upload { dav_methods PUT; root $work/$name; }
	END
	nginx_start "$name"
done
head -c 300000 /dev/zero >"$work/large"
plain=h2c://127.0.0.1:${ports[plain]}
secure=https://127.0.0.1:${ports[secure]}

echo "nginx: as fast as it goes, one and several in flight, over TLS"
load -T 500ms "$plain/hello"
good 50 200
report "$totals.connects" == 1
text '^STATUS    200 [0-9,]+$'
load -T 500ms -c 3 --in-flight 30 --expect-text HTTP/2.0 "$plain/hello"
good 50 200
load -T 500ms -c 3 --in-flight 200 "$plain/hello" # nginx takes 128 streams
good 50 200
load -T 500ms -c 5 --in-flight 8 --ca "$work/web.crt" --alpn h2 "$secure/hello"
good 50 200
report .tls.protocol == h2
load -T 500ms -c 2 --in-flight 3 "$plain/large"
good 10 200
load -T 500ms -c 2 --ca "$work/web.crt" "$secure/hello"
good 50 200
report .tls.protocol == http/1.1

echo "nginx: a schedule, bodies, statuses, headers, backends"
load -T 2s -c 4 -r 500 --ca "$work/web.crt" --alpn h2 --expect 'lost == 0' --expect 'received >= 500' "$secure/hello"
good 500 200
load -T 500ms --method PUT --body 'body \{connection.uid}' "$plain/upload"
expect "exit status" "$exit_status" == 0
report "$totals | .messages_sent == .messages_received and .rejected == 0" == true
load -T 300ms --body "$(head -c 100000 /dev/zero | tr '\0' x)" --method PUT "$plain/upload"
report "$totals | .messages_received > 1 and .rejected == 0" == true
load -T 300ms "$plain/busy"
report "$totals | .rejected == .messages_received and .rejected > 0" == true
text ' replies were 503(;|$)'
load -T 300ms -H 'X-Who: me' --expect-text 'hello me' --backend header:X-Backend "$plain/hello"
good 10 200
report '[stream("load").survival.by_backend[]?.backend // empty] | length' '>=' 0
text plain

echo "nginx: it ends a connection after ten, by GOAWAY"
load -T 500ms "h2c://127.0.0.1:${ports[ten]}/hello"
expect "exit status" "$exit_status" == 0
report "$totals | .lost + .rejected" == 0
report "$totals | .connects >= .messages_received / 10" == true
report "$totals.connects" '>=' 2

echo "traffic through a restart of nginx"
start traffic "$conntest" traffic --no-save -c 10 -r 10/conn -T 3s --new-connections 10 -o "json=$work/report.json" "$plain/hello"
pause 1
nginx_run plain -s reload
await_exit traffic
report 'stream("persistent").totals | .messages_sent - .messages_received' '<=' 10
report 'stream("new").totals | .messages_received' '>' 20

# ---- gRPC

peers=tests/net/peers/node_modules
if command -v node >/dev/null && [[ -d $peers/@grpc/grpc-js ]]; then
	export NODE_PATH=$peers
	start grpc node tests/net/grpc_server.js
	start grpcs node tests/net/grpc_server.js "$work/web.key" "$work/web.crt"
	grpc=grpc://127.0.0.1:$(await "$work/grpc.out" ready | cut -d ' ' -f 2)
	grpcs=grpcs://127.0.0.1:$(await "$work/grpcs.out" ready | cut -d ' ' -f 2)

	echo "gRPC: health and a method of its own"
	load -T 500ms -c 2 "$grpc"
	good 10 1000
	text '^STATUS    grpc OK [0-9,]+$'
	load -T 500ms --ca "$work/web.crt" "$grpcs"
	good 10 1000
	report .tls.protocol == h2
	load -T 300ms "$grpc/db"
	report "$totals | .rejected == .messages_received and .rejected > 0" == true
	text ' replies were health NOT_SERVING(;|$)'
	load -T 300ms "$grpc/nobody"
	text ' replies were grpc NOT_FOUND(;|$)'
	load -T 500ms --in-flight 20 -m 'hello \{connection.uid}' --expect-text hello "$grpc/echo.Echo/Say"
	good 10 1000
	load -T 300ms -m x "$grpc/echo.Echo/Fail"
	text ' replies were grpc UNAVAILABLE(;|$)'
	load -T 300ms -m x "$grpc/echo.Echo/Nothing"
	text ' replies were grpc UNIMPLEMENTED(;|$)'
	load -T 1s -r 200 --expect 'response.p99 < 10s' "$grpc"
	good 200 1000
fi

# ---- servers that do what none should

# bad HOW [OPTION...]: a run of half a second against it, one connection, and no second try.
bad() {
	local how=$1
	shift
	echo "a server that does: $how"
	start "bad_$how" python3 tests/net/bad_h2.py "$how"
	bad_port=$(await "$work/bad_$how.out" ready | cut -d ' ' -f 2)
	load -T 1s -c 1 --reconnect off --reply-timeout 1s "$@" "${scheme:-h2c}://127.0.0.1:$bad_port/"
	stop "bad_$how"
}
outcome='stream("load").errors | map(.outcome + (if .why then ": " + .why else "" end)) | join(", ")'

bad settings_flood
report "$outcome" == 'protocol: sent more than 1,000 frames a second that bring nothing'
bad reset
report "$totals | .rejected == .messages_received and .rejected > 10" == true
text ' replies were RST_STREAM ENHANCE_YOUR_CALM(;|$)'
bad goaway
report "$totals | .messages_received == 3 and .lost == 0" == true
report "$outcome" == closed
bad goaway_calm
report "$totals | .messages_received == 1 and .rejected == 1" == true
bad large_headers
report "$outcome" == 'protocol: sent more than 64 KiB of headers'
bad continuation
report "$outcome" == 'protocol: sent one head in too many frames'
scheme=grpc bad no_trailers
report "$outcome" == 'protocol: ended a call without grpc-status'
bad http1
report "$outcome" == 'protocol: answered in HTTP/1.1 and does not speak HTTP/2 here'
bad silent
report "$totals | .messages_received == 0 and .in_flight == 1" == true

# Each answer's time is its own: ten are asked for 10 ms apart, and all are answered with the tenth.
bad backwards -r 100 --in-flight 10 -T 1s
report "$totals | .messages_received == .messages_sent and .messages_sent == 100" == true
report 'stream("load").latency.service | .p50_ns > 20e6 and .p50_ns < 80e6' == true
report 'stream("load").latency.service | .min_ns < 9e6 and .max_ns > 80e6' == true
report 'stream("load").latency.response | .min_ns < 9e6 and .p50_ns > 20e6' == true
