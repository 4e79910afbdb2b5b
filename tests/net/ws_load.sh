#!/bin/bash
# load over WebSocket with a server that is not conntest: Debian's node-ws. Upgrades carry what was
# asked for, messages are matched whole or in fragments, pings and goodbyes are answered, and what
# is no WebSocket server is classed as what it is.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq node
export NODE_PATH=/usr/share/nodejs
node -e 'require("ws")' 2>/dev/null || skip "node-ws is not installed"

# server HOW [ARGUMENT]: its address is $url.
server() {
	start "$1" timeout 120 node tests/net/ws_server.js "$@"
	url="ws://127.0.0.1:$(await "$work/$1.out" '^ready ' | cut -d' ' -f2)/any?path=1"
}

# load [OPTION...] TARGET: a whole run; results in $work/report.json and $exit_status.
load() {
	start load "$conntest" load --no-save -o "json=$work/report.json" "$@"
	await_exit load
	adds_up "$work/report.json"
}

# seen HOW: what the server has seen by its end.
seen() {
	stop "$1"
	await "$work/$1.out" '^seen ' | cut -d' ' -f2- >"$work/$1.seen"
}

# expect_seen HOW EXPRESSION OPERATOR WANTED
expect_seen() {
	expect "$1: $2" "$(jq -r "$2" "$work/$1.seen")" "$3" "$4"
}

totals='stream("load").totals'

server echo
load -c 5 -r 500 -T 2s -m '\{message.seq} of \{connection.uid} at \{time}' -m '\{re [a-z]{65536}}' \
	--reply echo -H 'Cookie: a=b' "$url"
expect "exit status" "$exit_status" == 0
expect_json "$work/report.json" "$totals.messages_sent" == 1000
expect_json "$work/report.json" "$totals.messages_received" == 1000
expect_json "$work/report.json" "$totals.corrupted" == 0
expect_text "$work/echo.out" '^request /any\?path=1 .*"cookie":"a=b"'
# In a closed loop, with new connections; a text that is no UTF-8 goes as binary.
load -c 2 -T 1s --messages-per-connection 100 -e -m '\xff\xfe' --reply echo "$url"
expect "exit status" "$exit_status" == 0
expect_json "$work/report.json" "$totals | .messages_received == .messages_sent" == true
expect_json "$work/report.json" "$totals.messages_received" '>=' 100
expect_json "$work/report.json" "$totals.corrupted" == 0
seen echo
expect_seen echo '.messages >= 1100' == true
expect_seen echo '.connections >= 8' == true
expect_seen echo '.closes | keys | join(" ")' == 1000

server fragments
load -c 2 -r 200 -T 1s -m 'in two' --reply ws-message "$url"
expect "exit status" "$exit_status" == 0
expect_json "$work/report.json" "$totals.messages_received" == 200
seen fragments
# Of the last ones the pong may come too late to be seen.
expect_seen fragments '.pongs >= 190' == true

server pings
load -c 5 -T 1s -r 100 -m hello --reply echo "$url"
expect_json "$work/report.json" "$totals.messages_received" == 100
seen pings
expect_seen pings '.pongs >= 100' == true

server greet
load -c 5 -T 1s -r 100 -m hello --reply ws-message "$url"
expect_json "$work/report.json" "$totals | .messages_received == .messages_sent" == true
stop greet

server wrong
load -T 1s -r 100 -m hello --reply echo "$url"
expect "exit status" "$exit_status" == 1
expect_json "$work/report.json" "$totals.corrupted" '>=' 1
stop wrong

# Goodbyes are answered, and each is a connection that its peer closed.
server close 10
load -T 1s -r 100 -m hello --reply echo "$url"
expect_json "$work/report.json" 'stream("load").errors | map(select(.outcome == "closed" and .errno == 1001).count) | add' '>=' 3
expect_json "$work/report.json" "$totals.corrupted" == 0
seen close
expect_seen close '.closes["1001"] >= 3' == true

# peer HOW OUTCOME: what is no WebSocket server is told from one that is down.
peer() {
	server "$1"
	load -T 300ms -m hello --connect-timeout 1s "$url"
	expect "exit status" "$exit_status" == 1
	expect_json "$work/report.json" "$totals.connects" == 0
	expect_json "$work/report.json" 'stream("load").errors | map(.outcome) | unique | join(" ")' == "$2"
	stop "$1"
}
peer notfound rejected
peer accept protocol
peer upgrade protocol
