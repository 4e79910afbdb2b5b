#!/bin/bash
# The schedule is honest over every protocol: a server that stands still for 5 s of 12 is seen as a
# user sees it, over TLS, a WebSocket and HTTP, though the sender could not send.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq

# A message file is a template: no byte of it may be a backslash.
head -c 75000 /dev/urandom | base64 -w 0 >"$work/message"
serve web-1 --listen traffic+tls://127.0.0.1:0 --listen ws://127.0.0.1:0 --listen http://127.0.0.1:0

# At the same time, as each takes 12 s; the port of the server tells them apart.
run() {
	: >"$work/$1.ndjson"
	start "$1" "$conntest" "${@:2}" --no-save -o "json=$work/$1.json" -o "ndjson=$work/$1.ndjson" \
		-c 1 -r 50 -T 12s
	await "$work/$1.ndjson" '"event":"snapshot"' >/dev/null
}
run tls traffic -k --message-size 100kB --new-connections off --path-probe off \
	"traffic+tls://127.0.0.1:$(port web-1 traffic tls)"
run ws load -f "$work/message" --reply echo "ws://127.0.0.1:$(port web-1 ws)"
run http load --method POST --body-file "$work/message" "http://127.0.0.1:$(port web-1 http)/echo"
pause 2
kill -STOP "${pids[web-1]}"
pause 5
kill -CONT "${pids[web-1]}"

for name in tls ws http; do
	await_exit "$name"
	expect "exit status of $name" "$exit_status" == 0
	adds_up "$work/$name.json"
	report() { expect_json "$work/$name.json" ".streams[0] | $1" "${@:2}"; }
	report .schedule.scheduled == 600
	report '.schedule | .sent + (.missed | add)' == 600
	report .latency.response.count == 600
	report .latency.response.p99_ns '>=' 4500000000
	report .latency.service.p50_ns '<=' 100000000
	report .totals.lost == 0
	report .totals.corrupted == 0
	report '.totals | .messages_received + .in_flight == .messages_sent' == true
	report .totals.connects == 1
done
