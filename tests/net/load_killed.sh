#!/bin/bash
# Either side of a load is killed at a bad moment, over every transport: the client counts what it
# lost and comes back, the server goes on with its other clients. Connections that are ended on
# purpose, by their age or their messages, lose nothing.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq

report() { expect_json "$work/report.json" "$@"; }
totals='stream("load").totals'
# A message file is a template: no byte of it may be a backslash.
head -c 15000 /dev/urandom | base64 -w 0 >"$work/message"
choose_ports tcp tls ws wss http https

# All services, at the same ports after each restart. Its name is another one each time.
restarts=0
server() {
	restarts=$((restarts + 1))
	serve "web-$restarts" --listen "echo://127.0.0.1:${ports[tcp]}" \
		--listen "echo+tls://127.0.0.1:${ports[tls]}" --listen "ws://127.0.0.1:${ports[ws]}" \
		--listen "ws+tls://127.0.0.1:${ports[wss]}" --listen "http://127.0.0.1:${ports[http]}" \
		--listen "http+tls://127.0.0.1:${ports[https]}"
}

# options TRANSPORT: what to say there, and to whom, as ${what[@]}.
options() {
	local text=(-f "$work/message" --reply echo)
	case $1 in
	tcp) what=("${text[@]}" "tcp://127.0.0.1:${ports[tcp]}") ;;
	tls) what=(-k "${text[@]}" "tls://127.0.0.1:${ports[tls]}") ;;
	ws) what=("${text[@]}" "ws://127.0.0.1:${ports[ws]}/any") ;;
	wss) what=(-k "${text[@]}" "wss://127.0.0.1:${ports[wss]}/any") ;;
	http) what=(--body-file "$work/message" "http://127.0.0.1:${ports[http]}/echo") ;;
	https) what=(-k --body-file "$work/message" "https://127.0.0.1:${ports[https]}/echo") ;;
	esac
}
transports=(tcp tls ws wss http https)

# every FUNCTION: in all transports at the same time, with their reports in $work/TRANSPORT.json.
every() {
	local transport
	for transport in "${transports[@]}"; do
		options "$transport"
		"$@" "$transport"
	done
}

begin() {
	local name=${*: -1}
	: >"$work/$name.ndjson"
	start "$name" "$conntest" load --no-save -o "json=$work/$name.json" -o "ndjson=$work/$name.ndjson" \
		"${@:1:$#-1}" "${what[@]}"
}

# under_way TRANSPORT: returns when it is.
under_way() {
	await "$work/$1.ndjson" '"event":"snapshot"' >/dev/null
}

end() {
	await_exit "$1"
	cp "$work/$1.json" "$work/report.json"
	adds_up "$work/report.json"
	snapshots_add_up "$work/$1.ndjson"
	expect "exit status over $1" "$exit_status" == 0
}

echo "the server is killed, and comes back"
server
every begin -c 4 -r 200 -T 5s
every under_way
stop "web-$restarts" KILL 2>>"$work/killed"
pause 0.3
server
survived() {
	end "$1"
	report 'stream("load").survival | .closed + .reset' == 4
	report 'stream("load").survival.reconnected' == 4
	report 'stream("load").interruptions.open' == 0
	report "$totals.messages_received" '>=' 100
	report "$totals.corrupted" == 0
	report "$totals.mismatched" == 0
	report 'stream("load").errors | map(select(.outcome == "refused")) | length' == 1
	expect_text "$work/$1.out" '^Result:  4 of 4 connections came up, 0 stayed; '
}
every survived

echo "the client is killed, and the next one is served"
every begin -c 4 -T 30s
every under_way
for transport in "${transports[@]}"; do
	stop "$transport" KILL 2>>"$work/killed"
done
unharmed() {
	end "$1"
	report "$totals | .messages_sent == .messages_received and .messages_received >= 20 and
		.lost + .corrupted + .mismatched + .connect_failures == 0" == true
}
every begin -c 2 -T 500ms
every unharmed

echo "connections that are ended on purpose"
transports=(tcp tls ws http)
for how in fin rst; do
	every begin -c 2 -T 500ms --messages-per-connection 5 --close "$how"
	every unharmed
	for transport in "${transports[@]}"; do
		totals_of=$(jq -c '.streams[0].totals' "$work/$transport.json")
		expect "connections over $transport, $how" "$(jq '.connects >= 4 and
			.connects * 5 >= .messages_sent and .messages_sent > (.connects - 3) * 5 and
			.disconnects == 0' <<<"$totals_of")" == true
	done
	every begin -c 2 -r 100 -T 800ms --lifetime 200ms --close "$how"
	every unharmed
	for transport in "${transports[@]}"; do
		expect "connections over $transport, $how" \
			"$(jq '.streams[0].totals.connects | . >= 4 and . <= 12' "$work/$transport.json")" == true
	done
done

echo "an answer that ends the run"
transports=(tcp wss http https)
stops() {
	local before=$SECONDS
	begin -c 2 -T 30s --stop-on "$(head -c 5 "$work/stop")" "$1"
	end "$1"
	expect "seconds until the stop over $1" $((SECONDS - before)) '<=' 5
	report .duration_ns '<' 5000000000
}
printf 'stop here' | tee "$work/stop" >"$work/message"
every stops

stop "web-$restarts"
expect "exit status of serve" "$exit_status" == 0
