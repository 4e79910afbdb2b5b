#!/bin/bash
# Rates that are no everyday ones: so few that there is one message or none, so many that no host sends
# them, and those that can't be; and what the rate of a closed loop counts.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

report() { expect_json "$work/report.json" "$@"; }
load='stream("load")'
# run COMMAND...: it ends by itself and its identities hold.
run() {
	start run "$conntest" "$1" --no-save -o "json=$work/report.json" "${@:2}"
	await_exit run 60
	expect "exit status" "$exit_status" == 0
	adds_up "$work/report.json"
}
serve web-1 --listen traffic://127.0.0.1:0 --listen echo://127.0.0.1:0 --listen http://127.0.0.1:0
echo=echo://127.0.0.1:$(port web-1 echo)

echo "a message in a thousand seconds"
for connections in 1 5; do
	run load -r 0.001 -c "$connections" -T 1s "$echo"
	report "$load.schedule.scheduled" == 1
	report "$load.totals | [.messages_sent, .messages_received] == [1, 1]" == true
	expect_text "$work/run.out" '^Result:  0.001/s kept, response max '
done
run traffic -r 0.001 -T 1s --path-probe off "tcp://127.0.0.1:$(port web-1)"
report 'stream("persistent").totals.messages_sent' == 1

echo "ten million a second"
for connections in 1 50; do
	run load -r 10M -c "$connections" -T 1s "$echo"
	report "$load.schedule.scheduled" == 10000000
	report "$load.totals.messages_sent" '>' 1000
	report "$load.schedule.missed | .generator + .peer > 0" == true
	report "$load.schedule.missed.no_connection" == 0
	report "$load | .latency.response.count == 10000000" == true
	report "$load | .latency.response.censored == 10000000 - .totals.messages_received" == true
	report .generator.limited_by '!=' schedule
	expect_text "$work/run.out" '^Result:  [0-9,]+/s of 10,000,000/s, '
done
run traffic -r 10M -c 50 -T 1s --path-probe off --new-connections off "tcp://127.0.0.1:$(port web-1)"
report 'stream("persistent").schedule.scheduled' == 10000000

echo "none that can be"
for rate in 1e-7 0.0000001 1e12 1000G 101M -1 nan inf; do
	start run "$conntest" load --no-save -r "$rate" -T 60s "$echo"
	await_exit run 10
	expect "exit status of -r $rate" "$exit_status" == 2
	expect_text "$work/run.err" '^conntest load: -{1,2}r(ate)?: (".*" is not a rate \(try 10k or 5M\)|[0-9.e+-]+ messages a second is out of range \(0.000001 to 100M\))$'
done

echo "a closed loop: answers that come after -T are of no second in it"
run load --in-flight 8 -T 2s "http://127.0.0.1:$(port web-1 http)/delay/50"
report "$load.totals.messages_received_after" '>=' 7
report "$load.totals.messages_received_after" '<=' 8
counted=$(json "$work/report.json" "$load.totals | (.messages_received - .messages_received_after) / 2")
expect "answers a second, one each 50 ms" "$counted" '<=' 20
expect_text "$work/run.out" "^Result:  $counted(\.0)? requests/s, "
expect_text "$work/run.out" '^REQUESTS .*\([78] answered after the end of -T: not in the rate\)$'
