#!/bin/bash
# ping: the command, with nginx and a server that is not there, or not yet: many targets, what is
# expected of answers, the ways to end, and every format that has probes.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx openssl python3

# ping [OPTION...] TARGET...: a whole run; results in $work/report.json, ping.out, ping.err and
# $exit_status.
ping() {
	rm -f "$work/report.json"
	start ping "$conntest" ping --no-save -o "json=$work/report.json" "$@"
	await_exit ping
	[[ ! -s $work/report.json ]] || tests/support/validate_report.py "$work/report.json" ||
		[[ $? == 77 ]] || fail "the report does not fit the schema"
}
report() { expect_json "$work/report.json" "$@"; }
text() { expect_text "$work/ping.out" "$@"; }
exits() { expect "exit status" "$exit_status" == "$1"; }
probes='stream("ping").ping.probes'

certificate web DNS:web.example
choose_ports plain secure gone
nginx_configure plain "" <<-END
	location = /hello { return 200 "hello world\n"; }
	location = /busy { return 503; }
	location = /moved { return 302 /hello; }
	location = /posted { if (\$request_method != POST) { return 405; } return 200 "\$http_x_who\n"; }
END
nginx_configure secure ssl <<-END
	ssl_certificate $work/web.pem;
	ssl_certificate_key $work/web.pem;
	location = /hello { return 200 "hello from \$host\n"; }
END
nginx_start plain
nginx_start secure
plain=http://127.0.0.1:${ports[plain]}
gone=tcp://127.0.0.1:${ports[gone]}

echo "one target: phases add up" # what this host begins too late is skipped, and counted
ping -c 25 -i 20ms --expect 'failed == 0' --expect 'total.p50 < 1s' "$plain/hello"
exits 0
text '^  #   total = connect    send     wait  transfer   status$'
text '^Result:  PASS: ([0-9]+) of \1 answered; total min '
text '^Trust:   .*new connection each time'
text '^PROBES  25 due = [0-9]+ begun \+ [0-9]+ skipped;'
report "[${probes}[] | .connect_ns + .send_ns + .wait_ns + .transfer_ns == .total_ns] | all" == true
report 'stream("ping") | .totals.messages_sent == (.ping.probes | length)' == true
report 'stream("ping").schedule | .scheduled == 25 and .sent + .missed.generator == 25' == true
report "${probes}[0] | [.status, .body_bytes, .outcome] | join(\" \")" == "200 12 done"
report '.figures.ping["wait.count"] == .figures.ping.sent' == true

echo "one connection for all"
ping -c 4 -i 100ms --keep "$plain/hello"
report '[.streams[0].ping.probes[].kept] | .[0] == false and .[-1] == true' == true
report '.figures.ping | .["connect.count"] < .sent' == true

echo "what is asked, and what makes an answer a good one"
ping -c 1 --expect-text 'hello w' "$plain/hello"
exits 0
ping -c 1 --expect-text goodbye "$plain/hello"
exits 1
text '200   the text is not in it$'
ping -c 1 "$plain/busy"
exits 1
text '503   Service Unavailable'
text '^Trust:   [a-z]+: own delay at most '
ping -c 1 --expect-status 503 "$plain/busy"
exits 0
ping -c 1 "$plain/moved"
text '302   -> '
ping -c 1 --follow "$plain/moved"
text ' 200$'
ping -c 1 --body x -H 'X-Who: me' --expect-text me "$plain/posted"
exits 0

echo "another address for the same name"
ping -c 2 -i 10ms --ca "$work/web.crt" --connect-to "127.0.0.1:${ports[secure]}" --expect-text \
	'hello from web.example' https://web.example/hello
exits 0
text "^ping https://web.example:443/hello  127.0.0.1:${ports[secure]}, http/1.1, TLS 1\.[23], certificate good for [0-9]+ hours"
text '^  #   total = connect      tls    send     wait  transfer   status$'
ping -c 1 --connect-to "127.0.0.1:${ports[secure]}" https://web.example/hello
exits 1
report "${probes}[0] | [.outcome, .failed_in] | join(\" \")" == "untrusted tls"

echo "every address of a name, and every answer of a service"
if command -v dnsmasq >/dev/null; then
	choose_ports names
	start names dnsmasq -k --no-resolv --no-hosts --conf-file=/dev/null "--port=${ports[names]}" \
		--listen-address=127.0.0.1 --bind-interfaces --user=root --pid-file= \
		--host-record=all.test,127.0.0.1 --host-record=all.test,127.0.0.2 \
		"--srv-host=_http._tcp.test,all.test,${ports[plain]},10,60"
	"$conntest" ping --no-save -q --wait 20s -i 50ms "dns://127.0.0.1:${ports[names]}/all.test" >/dev/null
	ping -c 1 --dns "127.0.0.1:${ports[names]}" --addresses all "http://all.test:${ports[plain]}/hello"
	report '[.streams[] | .target + " " + .errors[0].outcome] | sort | join(", ")' == \
		"http://all.test:${ports[plain]}/hello at 127.0.0.1 , http://all.test:${ports[plain]}/hello at 127.0.0.2 refused"
	ping -c 1 --dns "127.0.0.1:${ports[names]}" --expect-status 404 srv://_http._tcp.test
	report '[.streams[] | .totals.messages_received] | add' == 1
	stop names
fi

echo "many targets, the worst first; who fails often is left alone"
ping -c 6 -i 50ms --max-failures 2 "$plain/hello" "$plain/busy" "$gone" "https://127.0.0.1:${ports[secure]}/" -k
exits 0
text '^Result:  1 of 4 targets good every time; '
expect "who is worst" "$(grep -A1 '^TARGET .*ANSWERED' "$work/ping.out" | tail -1 | grep -c 0/2)" == 1
expect_text "$work/ping.err" "^.* $gone: 2 failures in a row, not looked at any more$"
report '[.streams[] | .totals.messages_sent] | .[0] > 2 and .[1:] == [2, 2, 2]' == true
report '[.streams[] | .ping.stopped | tostring] | join(" ")' == "false true true true"
ping -c 2 -i 10ms --expect 'failed == 0' "$plain/hello" "$gone"
exits 1
text '^ping2.failed == 0 +FAILED +([0-9]+) of \1'

echo "until it is up"
start ping "$conntest" ping --no-save -o "json=$work/report.json" --wait 30s -i 50ms "$gone" "$plain/hello"
await "$work/ping.err" "$gone: refused" >/dev/null
start late "$conntest" serve --listen "echo://127.0.0.1:${ports[gone]}"
await_exit ping
exits 0
text '^ping 2 targets  every 50ms, waited '
text '^Result:  all 2 targets up after '
stop late
ping --wait 200ms -i 50ms "$gone"
exits 1
text '^Result:  not up within 0.2 s: [0-9]+ x refused$'

echo "the ways to end"
start ping "$conntest" ping --no-save -i 50ms "$plain/hello"
await "$work/ping.out" '^  3 ' >/dev/null
stop ping INT
exits 0
text '^Result:  [0-9]+ of [0-9]+ answered; '
ping -T 200ms -i 20ms "$plain/hello"
report 'stream("ping").schedule.scheduled' == 10

echo "other formats"
"$conntest" ping --no-save -c 3 -i 100ms -o tsv "$plain/hello" "$gone" >"$work/table"
expect "rows" "$(grep -c . "$work/table")" == 7
# Total has the phases but DNS; First has the sending in it.
awk -F '\t' 'NR > 1 && $8 == 200 && ($3 + $4 + $5 + $6 - $7) ^ 2 > 0.00001 { exit 1 }' "$work/table" ||
	fail "the columns of the table do not add up: $(<"$work/table")"
ping -c 1 -o tsv=/dev/full "$plain/hello"
exits 3
expect_text "$work/ping.err" 'could not be written to /dev/full'
expect "failed ones" "$(awk -F '\t' '$8 == 520' "$work/table" | grep -c .)" == 3
"$conntest" ping --no-save -c 3 -i 100ms -o ndjson "$plain/hello" >"$work/lines"
expect "lines" "$(jq -r .event "$work/lines" | sort | uniq -c | tr -s ' \n' ' ')" == " 3 probe 1 report "
XDG_STATE_HOME=$work "$conntest" ping -c 3 -i 100ms -q -o "hdr=$work/hdr" -o "html=$work/page" \
	-o "csv=$work/csv" "$plain/hello" >"$work/ping.out"
expect "tags" "$(grep -c '^Tag=ping\.' "$work/hdr")" == 5
expect "rows" "$(grep -c . "$work/csv")" == 4
grep -q 'http://127' "$work/page" || fail "the page does not name its target"
XDG_STATE_HOME=$work "$conntest" report list >"$work/list"
expect_text "$work/list" "ping +$plain/hello .*3 of 3 answered"
