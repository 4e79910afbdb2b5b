#!/bin/bash
# Loads that can't be: nobody is there, or this host lacks ports, descriptors, a message file. Each
# ends soon, with a sentence that says what to do about it.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq prlimit ip

report() { expect_json "$work/report.json" "$@"; }
text() { expect_text "$work/load.out" "$@"; }
errors='[stream("load").errors[] | .phase + " " + .outcome] | unique | join(", ")'

# dead TARGET... OUTCOME: nobody is there, and the run ends soon after it knows.
dead() {
	local before=$SECONDS
	load -c 4 -T 30s --connect-timeout 500ms "${@:1:$#-1}"
	expect "seconds" $((SECONDS - before)) '<=' 5
	expect "exit status" "$exit_status" == 1
	report "$errors" == "connect ${*: -1}"
	report 'stream("load").errors[0].count' '>=' 4
	report 'stream("load").totals.connects' == 0
}

echo "nobody is there"
choose_ports dead other
dead "http://127.0.0.1:${ports[dead]}" refused
text "^Result:  nothing answered: refused 4 \(127.0.0.1:${ports[dead]} has no listener, or something rejects\)$"
text '^NOT UP  [0-9]+ attempts: refused [0-9]+$'
dead -r 10 -m hello --reply echo "tcp://127.0.0.1:${ports[dead]}" "tcp://127.0.0.1:${ports[other]}" refused
report 'stream("load").schedule.scheduled' == 0
dead "discard://127.0.0.1:${ports[dead]}" refused
namespace a
ip -n "${spaces[a]}" link add wire0 type veth peer name wire1
ip -n "${spaces[a]}" link set wire1 up
ip -n "${spaces[a]}" addr add 10.9.0.1/24 dev wire0
ip -n "${spaces[a]}" link set wire0 up
ip -n "${spaces[a]}" neigh add 10.9.0.99 lladdr 02:00:00:00:00:99 dev wire0
space=a dead -m hello --reply echo ws://10.9.0.99:80 connect_timeout
text '^Result:  nothing answered: connect timed out 4 \(10.9.0.99:80 is not there, or something drops the packets\)$'
space=a dead http://10.99.0.1 unreachable
text '^Result:  nothing answered: unreachable 4 '
load -T 30s http://no-such-name.invalid
expect "exit status of no such name" "$exit_status" == 1
text '^Result:  nothing answered: .*no-such-name.invalid'

echo "ports in TIME-WAIT"
serve web-1 --listen http://127.0.0.1:0
inside a sysctl -qw net.ipv4.ip_local_port_range='40000 40019'
space=a serve web-2 --listen http://127.0.0.1:8080
space=a load -c 4 -T 1s --messages-per-connection 1 http://127.0.0.1:8080
expect "exit status" "$exit_status" == 3
report '[stream("load").errors[] | select(.outcome == "no_ports").count] | add' '>' 0
report 'stream("load").totals | .messages_sent == .messages_received' == true
report 'stream("load").totals.messages_received' '>=' 4
text '^Trust:   bad: .*out of local ports .*--source'
space=a load -c 4 -T 1s --messages-per-connection 1 --close rst http://127.0.0.1:8080
expect "exit status with --close rst" "$exit_status" == 0
report 'stream("load").totals | .messages_sent == .messages_received and .connect_failures == 0' == true
report 'stream("load").totals.connects' '>' 100

echo "descriptors"
start load bash -c 'ulimit -n 128 && exec "$@"' _ "$conntest" load --no-save -c 200 -T 1s \
	"http://127.0.0.1:$(port web-1 http)"
await_exit load
expect "exit status with too few" "$exit_status" == 3
expect_text "$work/load.err" 'needs [0-9]+ file descriptors, .* 128: .*ulimit -Hn'
load_start -c 4 -T 2s --messages-per-connection 20 -r 400 "http://127.0.0.1:$(port web-1 http)"
prlimit --pid "${pids[load]}" --nofile=8:8
load_end
expect "exit status when they run out" "$exit_status" == 3
report '[stream("load").errors[] | select(.outcome == "no_descriptors").count] | add' '>' 0
report 'stream("load").totals.messages_received' '>' 0
text '^Trust:   bad: .*raise ulimit -n'

echo "message files"
: >"$work/empty"
truncate -s 4G "$work/sparse"
# file FILE SENTENCE: every option that takes one says it, before anything is sent.
file() {
	local option target
	for option in -f --first-message-file --body-file; do
		target=tcp://127.0.0.1:1
		[[ $option != --body-file ]] || target=http://127.0.0.1:1
		start load "$conntest" load --no-save -T 30s "$option" "$work/$1" "$target"
		await_exit load 10
		expect "exit status of $option $1" "$exit_status" == 2
		expect_text "$work/load.err" "^conntest load: $option: $work/$1: $2\$"
	done
}
file missing 'No such file or directory'
file empty 'is empty'
file sparse 'larger than 64MiB, which is the most a message may have'
