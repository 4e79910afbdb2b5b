#!/bin/bash
# Runs around a command: a rollout behind haproxy, and commands on their bad days.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq haproxy

report() { expect_json "$work/report.json" "$@"; }
of_command() { report ".marks[0].command$1" "${@:2}"; }

# wrapped [OPTION...] -- COMMAND...: a short run around it.
wrapped() {
	traffic --path-probe off -c 5 --before 300ms --after 300ms "$target" "$@"
}

echo "a rollout, one backend after the other"
four_backends
cat >"$work/rollout" <<'EOF'
for pid; do
	echo "draining $pid"
	kill -TERM "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
done
echo "rolled out" >&2
EOF
traffic -c 40 --path-probe off --new-connections off --stall-after 1s --before 1s --after 1s \
	--expect 'survival.untouched >= 50%' "tcp://127.0.0.1:$PORT" \
	-- sh "$work/rollout" "${pids[web-1]}" "${pids[web-2]}"
expect "exit status" "$exit_status" == 0
report '[.marks[].kind] | join(" ")' == "command command_end"
of_command .exit_status == 0
of_command .output == "draining ${pids[web-1]}"$'\n'"draining ${pids[web-2]}"$'\n'"rolled out"
report '.marks[0].at_ns' '>=' 1000000000
report '.duration_ns - .marks[1].at_ns' '>=' 1000000000
report '.marks[0].command.ended_ns - .marks[1].at_ns | fabs' '<=' 100000000
report '.marks[0].convergence.affected' == 20
report '.figures.run["command.exit"]' == 0
report '.planned_duration_ns' == null
expect_text "$work/traffic.out" '^Result:  PASS: '
expect_text "$work/traffic.out" '^command.exit == 0 +held +0'
expect_text "$work/traffic.err" 'command starts \(40 connections up, 400 messages/s\)$'
expect_text "$work/traffic.err" '^rolled out$'
expect_text "$work/traffic.err" 'command ended, exit 0; watching 1 s more$'

echo "how a command ends decides, too"
serve web-5
target=traffic://127.0.0.1:$(port web-5)
wrapped -- sh -c 'exit 3'
expect "exit status" "$exit_status" == 1
of_command .exit_status == 3
expect_text "$work/traffic.out" '^Result:  FAIL: command exit 3; '
wrapped --expect 'command.exit == 3' -- sh -c 'exit 3'
expect "exit status" "$exit_status" == 0
wrapped -- sh -c 'kill -KILL $$'
expect "exit status" "$exit_status" == 1
of_command .exit_status == 137
of_command .signal == SIGKILL

echo "one that can't be started ends the run at once"
wrapped --after 60s -- no-such-command
expect "exit status" "$exit_status" == 1
of_command .exit_status == 127
expect_text "$work/traffic.err" 'command cannot be started: No such file or directory \(no-such-command\)'
wrapped -- /dev/null
of_command .exit_status == 126

echo "a daemon is not waited for"
before=$SECONDS
wrapped -- sh -c 'sleep 100 & echo $!'
expect "exit status" "$exit_status" == 0
expect "seconds" $((SECONDS - before)) '<=' 20
kill "$(json "$work/report.json" '.marks[0].command.output')"

echo "-T bounds one that never ends"
wrapped -T 1s -- sh -c 'sleep 300; echo not reached'
expect "exit status" "$exit_status" == 1
of_command .exit_status == 124
of_command .reason == "terminated: -T was over"
report .duration_ns == 1000000000

echo "a signal is passed on, and the run ends"
start traffic "$conntest" traffic --no-save -o "json=$work/report.json" --path-probe off -c 5 \
	--before 100ms "$target" -- \
	sh -c 'trap "echo heard; exit 7" INT; echo ready; while :; do sleep 0.05; done'
await "$work/traffic.err" '^ready$' >/dev/null
kill -INT "${pids[traffic]}"
traffic_end
expect "exit status" "$exit_status" == 1
of_command .exit_status == 7
of_command .output == $'ready\nheard'
report .interrupted == true

echo "nobody reads what it writes: it is not held up, and all but the end is let go"
mkfifo "$work/unread"
exec {unread}<>"$work/unread"
# shellcheck disable=SC2016 # for the inner shell
start unread sh -c 'unread=$1 && shift && exec "$@" 2>"$unread"' - "$work/unread" \
	"$conntest" traffic --no-save -o "json=$work/report.json" --path-probe off -c 5 \
	--before 100ms --after 100ms "$target" -- sh -c 'yes | head -c 300000000; echo the end'
await_exit unread
expect "exit status" "$exit_status" == 0
of_command '.output | length' == 65536
of_command '.output | endswith("the end\n")' == true
of_command .output_omitted == $((300000000 + 8 - 65536))
