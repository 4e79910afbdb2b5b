#!/bin/bash
# Marks of every kind in a run in which a backend behind haproxy is killed by one of them.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq haproxy

report() { expect_json "$work/report.json" "$@"; }
mark() { report "[.marks[] | select(.name == \"$1\")][0]$2" "${@:3}"; }

echo "a backend stands still at one mark and is killed at another"
four_backends
freeze="kill -STOP ${pids[web-3]}; sleep 1.5; kill -CONT ${pids[web-3]}; echo thawed"
kill_it="kill -KILL ${pids[web-2]}; echo killed >&2; exit 3"
traffic_start -c 40 -r 20/conn --new-connections off --path-probe off --stall-after 500ms -T 12s \
	--mark-on USR1 --mark '1200ms=nothing yet' --exec "2500ms=$freeze" --exec "9s=$kill_it" \
	"tcp://127.0.0.1:$PORT"
await "$work/traffic.err" ' mark nothing yet$' >/dev/null
kill -USR1 "${pids[traffic]}"
traffic_end
expect "exit status" "$exit_status" == 0
expect "kinds" "$(json "$work/report.json" '[.marks[].kind] | join(" ")')" == "time signal exec exec"
mark "nothing yet" .at_ns '>=' 1200000000
mark "nothing yet" .at_ns '<=' 1900000000
mark "nothing yet" .command == null
mark "nothing yet" .convergence.affected == 0
mark "$freeze" .command.output == thawed
mark "$freeze" .convergence.affected == 10
mark "$freeze" .convergence.not_good == 0
mark "$freeze" .convergence.first_good_ns '>=' 1400000000
mark "$freeze" '.convergence | .first_good_ns <= .all_good_ns' == true
mark "$freeze" .convergence.all_good_ns '<=' 2500000000
mark "$freeze" .convergence.throughput_90_ns '>=' 1400000000
mark "$kill_it" .command.exit_status == 3
mark "$kill_it" .command.output == killed
mark "$kill_it" .convergence.affected == 10
mark "$kill_it" .convergence.not_good == 0
mark "$kill_it" .convergence.all_good_ns '<=' 1500000000
expect_text "$work/traffic.err" '^[0-9:.]+Z  \+[0-9.]+ s  mark USR1$'
expect_text "$work/traffic.out" '^Mark:    USR1 \+[0-9.]+ s: no client affected'
expect_text "$work/traffic.out" '^Mark:    kill -STOP .* \+2\.5[0-9]+ s, exit 0: first client good again after 1\.'
expect "mark events" "$(jq -r 'select(.event == "mark") | .text' "$work/run.ndjson" |
	sed "s/: kill.*//")" == "$(printf '%s\n' 'mark nothing yet' 'mark USR1' 'command starts' \
	'command ended, exit 0' 'command starts' 'command ended, exit 3')"

echo "the ramp's, the linger's, and what is not reached"
start silent "$helpers/bad_peer" silent
silent=tcp://127.0.0.1:$(await "$work/silent.out" ready | cut -d' ' -f2)
start traffic "$conntest" traffic --no-save -o "json=$work/report.json" -c 3 -r 10/conn \
	--new-connections off --path-probe off --connect-timeout 700ms --reply-timeout 60s -T 0 \
	--mark-on USR2 --mark-on USR1 --mark '1h=never' --exec '1h=true' "$silent"
await "$work/traffic.err" 'clients silent' >/dev/null
kill -USR2 "${pids[traffic]}"
await "$work/traffic.err" 'mark USR2' >/dev/null
pause 1
kill -INT "${pids[traffic]}"
await "$work/traffic.err" 'SIGINT' >/dev/null
kill -USR1 "${pids[traffic]}"
await "$work/traffic.err" 'mark USR1' >/dev/null
kill -INT "${pids[traffic]}"
traffic_end
report '.marks[0].at_ns < 0' == true
report '.marks[0].convergence.reason' == "it came before the start"
report '.marks[1].convergence.reason' == "it came after the end"
report '.marks | length' == 2
expect_text "$work/traffic.err" 'not reached before the run ended: never$'
expect_text "$work/traffic.err" 'not reached before the run ended: true$'

echo "a command that is still running when the run ends"
serve web-5
traffic --path-probe off -c 5 -T 1s --exec '100ms=sleep 300' --exec '200ms=exit 3' \
	"traffic://127.0.0.1:$(port web-5)"
expect "exit status" "$exit_status" == 0
mark "sleep 300" .command.exit_status == 124
mark "sleep 300" .command.reason == "terminated: the run ended"
mark "exit 3" .command.exit_status == 3
