#!/bin/bash
# The main job, here and now: four backends behind a haproxy, 200 connections of traffic for 12 s;
# one backend is killed and comes back, another one stands still for 1.5 s. What the demo does is
# said on stderr, among conntest's own events; the report is on the screen, and in build/demo.
set -euo pipefail
cd "$(dirname "$0")/.."

conntest=${CONNTEST:-build/release/conntest}
files=build/demo
run=$(mktemp -d) # pid files and outputs of the backends
exec {never}<> <(:) # nothing ever comes: read -t on it is a sleep that is no process

clean_up() {
	local file
	trap - EXIT
	[[ -z ${timeline-} ]] || kill "$timeline" 2>/dev/null || true
	for file in "$run"/*.pid; do
		[[ ! -s $file ]] || kill -KILL "$(<"$file")" 2>/dev/null || true
	done
	rm -rf "$run"
}
trap clean_up EXIT
trap 'exit 143' TERM HUP

fail() {
	echo "demo: $*" >&2
	exit 3
}

# say TEXT: a line in the form of conntest's events, without their offset, which counts from the
# moment when all connections were up.
say() {
	local now=${EPOCHREALTIME/[.,]/} clear=
	[[ ! -t 2 ]] || clear=$'\r\e[K'
	printf '%s%(%T)T.%03dZ            demo: %s\n' "$clear" $((now / 1000000)) \
		$((now / 1000 % 1000)) "$*" >&2
}

pause_until() {
	local now=${EPOCHREALTIME/[.,]/} wait_us
	wait_us=$((start + $1 - now))
	((wait_us <= 0)) || read -rt "$((wait_us / 1000000)).$(printf %06d $((wait_us % 1000000)))" \
		-u "$never" || true
}

# backend NAME PORT: starts one, port 0 takes a free one. Ctrl-C is for traffic alone: setsid.
backend() {
	setsid "$conntest" serve --name "$1" --listen "traffic://127.0.0.1:$2" -o ndjson \
		>"$run/$1.out" 2>"$run/$1.err" </dev/null &
	echo $! >"$run/$1.pid"
	disown
}

# The port of a backend, read from its first line.
port_of() {
	local line reader
	exec {input}< <(exec timeout 10 tail -n +1 -f "$run/$1.out")
	reader=$!
	read -r line <&"$input" || fail "$1 does not start: $(<"$run/$1.err")"
	kill "$reader"
	exec {input}<&-
	line=${line##*\"port\":}
	echo "${line%%[!0-9]*}"
}

# haproxy goes to the background once it listens, so that a port which is taken is seen.
start_haproxy() {
	for _ in {1..20}; do
		export PORT=$((20000 + RANDOM % 10000))
		haproxy -D -f demo/haproxy.cfg -p "$run/haproxy.pid" >"$run/haproxy.err" 2>&1 && return
	done
	fail "haproxy does not start: $(<"$run/haproxy.err")"
}

break_things() {
	pause_until 3000000
	say "kill -9 web-2"
	kill -KILL "$(<"$run/web-2.pid")"
	pause_until 4500000
	say "web-2 is started again"
	backend web-2 "$WEB_2"
	pause_until 6000000
	say "web-3 is frozen (SIGSTOP)"
	kill -STOP "$(<"$run/web-3.pid")"
	pause_until 7500000
	say "web-3 goes on (SIGCONT)"
	kill -CONT "$(<"$run/web-3.pid")"
}

main() {
	[[ -x $conntest ]] || fail "$conntest is not there: make"
	command -v haproxy >/dev/null || fail "haproxy is not there: tools/setup demo"
	export TZ=UTC
	mkdir -p "$files"
	local i
	for i in 1 2 3 4; do
		backend "web-$i" 0
	done
	for i in 1 2 3 4; do
		export "WEB_$i=$(port_of "web-$i")"
	done
	start_haproxy
	start=${EPOCHREALTIME/[.,]/}
	say "web-1 to web-4 on ports $WEB_1, $WEB_2, $WEB_3 and $WEB_4, haproxy on 127.0.0.1:$PORT"
	break_things &
	timeline=$!
	local status=0
	"$conntest" traffic -c 200 -r 10/conn --connect-rate off --new-connections 20/s -T 12s \
		-o "text=$files/report.txt" -o "json=$files/report.json" \
		-o "html=$files/report.html" -o "ndjson=$files/events.ndjson" -o "ctraffic=$files/ctraffic.json" \
		"tcp://127.0.0.1:$PORT" || status=$?
	echo "Files: $files/report.html (a picture), report.txt, report.json, events.ndjson (as it happened), ctraffic.json"
	return "$status"
}

main
