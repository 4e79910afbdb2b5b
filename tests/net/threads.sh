#!/bin/bash
# Two workers everywhere, with all that reads of them while they run: scrapes, pushes, snapshots, control,
# signals; over TCP, TLS and UDP. For the thread sanitizer, which ends a program that has a race with a
# status of its own.
# labels: engine
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need curl jq python3

start sink python3 tests/net/push_sink.py otlp
sink=$(await "$work/sink.out" '"event": "ready"' | jq .port)
pushed=(--statsd 127.0.0.1:1 --otlp "http://127.0.0.1:$sink" --otlp-interval 200ms --metrics 127.0.0.1:0)
serve web-1 -w 2 "${pushed[@]}" --listen traffic://127.0.0.1:0 --listen echo://127.0.0.1:0 \
	--listen echo+tls://127.0.0.1:0 --listen http://127.0.0.1:0 --listen discard+udp://127.0.0.1:0 \
	--listen control://127.0.0.1:0

# run NAME COMMAND...: two workers of it, scraped while they run, ended by a signal.
run() {
	local name=$1 url
	: >"$work/$name.ndjson"
	start "$name" "$conntest" "${@:2}" -w 2 -T 0 --no-save "${pushed[@]}" -o "ndjson=$work/$name.ndjson" \
		-o "json=$work/$name.json" --mark 1s=half
	url=http://$(await "$work/$name.ndjson" '"service":"metrics"' | jq -r '"\(.address):\(.port)"')/metrics
	await "$work/$name.ndjson" '"event":"snapshot"' >/dev/null
	for _ in {1..10}; do
		curl -sS --max-time 10 -o "$work/scraped" "$url" || fail "$name: a scrape failed"
	done
	expect_text "$work/scraped" '^conntest_sent_total'
	await "$work/$name.err" 'mark half' >/dev/null
	kill -INT "${pids[$name]}"
	await_exit "$name" 120
	expect "exit status of $name" "$exit_status" == 0
	[[ -s $work/$name.json ]] || { fail "$name left no report"; return; }
	adds_up "$work/$name.json"
	snapshots_add_up "$work/$name.ndjson"
}
run paced load -c 8 -r 500 "echo://127.0.0.1:$(port web-1 echo)"
run closed load -c 8 --lifetime 200ms "http://127.0.0.1:$(port web-1 http)/bytes/100"
run tls load -c 4 -r 200 -k "echo+tls://127.0.0.1:$(port web-1 echo tls)"
run datagrams load -c 4 -r 500 --receiver "control://127.0.0.1:$(port web-1 control)" \
	"discard+udp://127.0.0.1:$(port web-1 discard udp)"
run persistent traffic -c 8 -r 200 "tcp://127.0.0.1:$(port web-1)"
stop web-1
expect "exit status of serve" "$exit_status" == 0
