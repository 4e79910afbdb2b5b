#!/bin/bash
# load over HTTP with a server that is not conntest: nginx, plain and over TLS. Each answer is
# counted once and by its status, connections that nginx ends are replaced without loss, and what
# it says of itself is checked.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx openssl

report() { expect_json "$work/report.json" "$@"; }
text() { expect_text "$work/load.out" "$@"; }
totals='stream("load").totals'

certificate web
choose_ports plain secure
for name in plain secure; do
	tls=
	[[ $name == plain ]] || tls=ssl
	nginx_configure "$name" "$tls" <<-END
		ssl_certificate $work/web.pem;
		ssl_certificate_key $work/web.pem;
		keepalive_requests 1000000;
		location = /ten { keepalive_requests 10; return 200 "hello\n"; }
		location = /hello { add_header Set-Cookie "route=\$request_method; Path=/"; return 200 "hello \$http_x_who\n"; }
		location = /busy { return 503; }
		location = /chunked { ssi on; ssi_types text/plain; root $work; }
		location = /redirect { return 302 /hello; }
		location = /upload { dav_methods PUT; root $work/$name; }
	END
	nginx_start "$name"
done
# Server-side includes make nginx answer in chunks, as it does not know how long it gets.
printf '<!--# echo var="host" -->%050000d\n' 0 >"$work/chunked"
plain=http://127.0.0.1:${ports[plain]}
secure=https://127.0.0.1:${ports[secure]}

# good REQUESTS STATUS: all were answered, with this status.
good() {
	expect "exit status" "$exit_status" == 0
	report "$totals | .messages_sent == .messages_received" == true
	report "$totals | .lost + .corrupted + .rejected + .mismatched + .in_flight" == 0
	report "$totals.messages_received" '>=' "$1"
	report '[stream("load").statuses[].code] | join(",")' == "$2"
	report 'stream("load") | (.statuses | map(.count) | add) == .totals.messages_received' == true
	report 'stream("load").latency.service | .count' == "$(json "$work/report.json" "$totals.messages_received")"
}

echo "as fast as it goes, one and several in flight"
load -T 500ms "$plain/hello"
good 50 200
report "$totals.connects" == 1
text '^STATUS    200 [0-9,]+$'
load -T 500ms -c 5 --in-flight 8 "$plain/hello"
good 50 200
load -T 500ms -c 5 --in-flight 8 --ca "$work/web.crt" "$secure/hello"
good 50 200
report .tls.verified == true
report 'stream("load").latency.tls.count' == 5

echo "a schedule"
load -T 2s -c 4 -r 500 --ca "$work/web.crt" --expect 'lost == 0' --expect 'received >= 500' "$secure/chunked"
good 500 200
report 'stream("load").schedule.scheduled' == 1000
report "$totals | .bytes_received > .messages_received * 50000" == true
text '^Result:  PASS: '
text '^REQUESTS  1,000 due = [0-9,]+ sent \+ [0-9]+ missed( \([^)]*\))?;  [0-9,]+ sent = [0-9,]+ received \+ 0 lost \+ 0 in flight$'

echo "connections that end behind an answer"
load -T 500ms -c 3 -r 300 "$plain/ten"
good 150 200
report "$totals | .connects >= .messages_received / 10" == true
report '[stream("load").errors[] | .outcome] | unique | join(",")' == closed
text '^ENDED EARLY  [0-9]+: closed by peer [0-9]+$'
load -T 500ms -c 3 --in-flight 16 --ca "$work/web.crt" "$secure/ten"
expect "exit status" "$exit_status" == 0
report "$totals | .messages_sent == .messages_received + .lost + .in_flight" == true
report "$totals.messages_received" '>=' 100

echo "methods and headers"
load -T 500ms -r 200 --method HEAD "$plain/chunked"
good 50 200
report "$totals | .bytes_received < .messages_received * 500" == true
load -T 500ms -r 200 --body '\{message.seq}' "$plain/hello"
good 50 200
load -T 500ms -r 200 --method PUT --body '\{re [a-z]{1000,5000}}' --expect-status 201,204 "$plain/upload"
expect "exit status" "$exit_status" == 0
report '[stream("load").statuses[].code] | join(",")' == 204,201
report "$totals.rejected" == 0
load -T 500ms -r 200 -H 'X-Who: you' -H 'Host: web.test' --expect-text 'hello you' "$plain/hello"
report "$totals.rejected" == 0

echo "what is expected"
load -T 500ms -r 200 --backend header:X-Backend "$plain/busy"
expect "exit status" "$exit_status" == 0
report '[stream("load").statuses[].code] | join(",")' == 503
report "$totals | .rejected == .messages_received and .rejected >= 50" == true
text '([0-9]+) of \1 replies were 503'
report 'stream("load").survival.by_backend | keys | join(",")' == plain
load -c 2 -T 500ms -r 200 --expect 'rejected == 0' "$plain/missing" "$plain/busy"
expect "exit status" "$exit_status" == 1
report '[stream("load").statuses[].code] | sort | map(tostring) | join(",")' == 404,503
report 'stream("load") | .totals.rejected == (.statuses[] | select(.code == 503).count)' == true
load -T 500ms -r 200 --expect-status 302 --expect 'rejected == 0' "$plain/redirect"
good 50 302
load -T 500ms -r 200 --expect-status 200,404 --expect 'rejected == 0' "$plain/redirect"
expect "exit status" "$exit_status" == 1
report "$totals | .rejected == .messages_received" == true
load -T 500ms -r 200 --expect-text 'good bye' "$plain/hello"
report "$totals | .rejected == .messages_received and .rejected >= 50" == true
load -T 500ms -r 200 --backend cookie:route "$plain/hello"
report 'stream("load").survival.by_backend | keys | join(",")' == GET
load -T 500ms -r 200 --backend 'body:hel(lo)' "$plain/hello"
report 'stream("load").survival.by_backend | keys | join(",")' == lo
load -T 5s --stop-on hello "$plain/hello"
report .duration_ns '<' 2000000000

echo "nginx restarts meanwhile"
load_start -T 7s -c 4 -r 200 --ca "$work/web.crt" "$secure/hello"
nginx_stop secure
pause 0.5
nginx_start secure
load_end
expect "exit status" "$exit_status" == 0
report 'stream("load").schedule | .scheduled == .sent + (.missed | add)' == true
report 'stream("load").schedule.missed.no_connection' '>' 0
report "$totals.messages_received" '>=' 200
report 'stream("load").survival | .closed + .reset' == 4
report 'stream("load").survival.reconnected' == 4
text '^Result:  4 of 4 connections came up, 0 stayed; [0-9.]+/s of 200/s, '
