#!/bin/bash
# OTLP: load, traffic and serve push to a receiver that checks what it gets; and to one that is dead,
# busy, never reads, or resets.
# labels: engine
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq openssl python3

# sink KIND [CERTIFICATE]: its port is $port.
sink() {
	start sink python3 tests/net/push_sink.py "$@"
	port=$(await "$work/sink.out" '"event": "ready"' | jq .port)
}
pushes() {
	jq -sc "[.[] | select(.event == \"push\")] | $1" "$work/sink.out"
}
check_sink() {
	expect "$1: what is no OTLP" "$(pushes 'map(.wrong) | add')" == '[]'
	expect "$1: moments" "$(pushes 'map(.times) | add | . == unique')" == true
	stop sink
}

# run OPTION...: a load of a second; its report and $exit_status, and how long it took in $took_ms.
run() {
	local begun=${EPOCHREALTIME/./}
	start load "$conntest" load -r 100 -T 1s --no-save -o "json=$work/report.json" "$@" "$target"
	await_exit load
	took_ms=$(((${EPOCHREALTIME/./} - begun) / 1000))
	adds_up "$work/report.json"
	expect_json "$work/report.json" 'stream("load").totals.messages_sent' == 100
	expect "exit" "$exit_status" == 0
}

serve echo --listen echo://127.0.0.1:0
target=echo://127.0.0.1:$(port echo echo)

# load, at an interval and at the end, with a header that nobody else sees.
sink otlp
echo "X-Key: open sesame" >"$work/header"
run --otlp "http://127.0.0.1:$port" --otlp-interval 300ms --otlp-header "@$work/header"
expect "pushes" "$(pushes length)" '>=' 3
expect "path" "$(pushes 'map(.path) | unique')" == '["/v1/metrics"]'
expect "the header" "$(pushes 'map(.key) | unique')" == '["open sesame"]'
expect "sent, at the end" "$(pushes 'last.figures.load["conntest.sent"]')" == 100
expect "sums only rise" "$(pushes 'map(.figures.load["conntest.bytes_sent"]) | . == sort')" == true
expect "answers in a histogram" "$(pushes 'last.figures.load["conntest.service"]')" == 100
expect "the secret in the report" "$(grep -c sesame "$work/report.json" || true)" == 0
expect_json "$work/report.json" '.settings["otlp-header"] | if type == "array" then .[0] else . end' == '***'
expect "what went wrong" "$(grep -c OTLP "$work/load.err" || true)" == 0
expect_json "$work/report.json" '.pushes[0] | .dropped == 0 and .trouble == null' == true
check_sink load

# traffic, over TLS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" \
	-out "$work/cert.pem" -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat "$work/key.pem" "$work/cert.pem" >"$work/both.pem"
sink otlp "$work/both.pem"
SSL_CERT_FILE=$work/cert.pem traffic -c 2 -r 20 -T 1s --path-probe off \
	--otlp "https://localhost:$port/otlp/v1/metrics" "$target"
expect "pushes over TLS" "$(pushes length)" == 1
expect "path" "$(pushes 'last.path')" == '"/otlp/v1/metrics"'
expect "streams" "$(pushes 'last.figures | keys')" == '["new","persistent"]'
# Nobody vouches for this certificate.
run --otlp "https://localhost:$port"
expect_text "$work/load.err" 'OTLP https://localhost:[0-9]+: .*(certificate|trust)'
expect "pushes that nobody vouches for" "$(pushes length)" == 1
check_sink traffic

# serve
sink otlp
serve told --listen echo://127.0.0.1:0 --otlp "http://127.0.0.1:$port/"
start load "$conntest" load -r 50 -T 1s --no-save "echo://127.0.0.1:$(port told echo)"
await_exit load
stop told
expect "answered by serve" "$(pushes 'last.figures.served["conntest.received"]')" == 50
check_sink serve

# Busy at first: what it did not take comes again.
sink busy
run --otlp "http://127.0.0.1:$port" --otlp-interval 400ms
expect "answers" "$(pushes 'map(.status) | .[0:2]')" == '[503,200]'
expect "the same again" "$(pushes '.[0].times == .[1].times')" == true
expect_text "$work/load.err" 'OTLP .*: the receiver answers 503$'
expect "lines about it" "$(grep -c OTLP "$work/load.err")" == 1
stop sink

# Nobody there, and one that resets: told once, counted, no time lost.
run --otlp http://127.0.0.1:9 --otlp-interval 100ms
expect_text "$work/load.err" 'OTLP http://127.0.0.1:9: refused$'
expect_text "$work/load.err" 'OTLP .*: [0-9]+ of [0-9]+ requests dropped: refused$'
expect "lines about it" "$(grep -c OTLP "$work/load.err")" == 2
dropped='.pushes[0] | .kind == "OTLP" and .sent > 3 and .dropped == .sent'
expect_json "$work/report.json" "$dropped" == true
expect_json "$work/report.json" '.pushes[0].trouble' == refused
expect_text "$work/load.out" '^Trust: .*; OTLP http://127.0.0.1:9: [0-9]+ of [0-9]+ requests not taken \(refused\)'
sink reset
run --otlp "http://127.0.0.1:$port" --otlp-interval 100ms
expect_text "$work/load.err" 'OTLP .*: reset$'
expect_text "$work/load.err" 'OTLP .*: [0-9]+ of [0-9]+ requests dropped: reset$'
expect_json "$work/report.json" "$dropped" == true
stop sink

# One that never reads: the run ends at its time, and its end takes the 2 s that it is given.
sink never
run --otlp "http://127.0.0.1:$port" --otlp-interval 100ms
expect_text "$work/load.err" 'OTLP .*: [0-9]+ of [0-9]+ requests dropped: no answer in time$'
expect_json "$work/report.json" .duration_ns == 1000000000
expect "the time it took" "$took_ms" '>=' 3000
# A signal cuts that short.
start load "$conntest" load -r 100 -T 1s --no-save --otlp "http://127.0.0.1:$port" --linger 0 \
	-o "json=$work/report.json" "$target"
await "$work/sink.out" accepted >/dev/null
for _ in {1..40}; do
	[[ $(grep -c accepted "$work/sink.out") -lt 2 ]] || break
	pause 0.1
done
kill -INT "${pids[load]}"
await_exit load
expect "exit" "$exit_status" == 0
expect_json "$work/report.json" .interrupted == false
stop sink
