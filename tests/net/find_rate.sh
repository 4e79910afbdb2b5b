#!/bin/bash
# load --find-rate on a link that lets 20 Mbps pass: the rate at which its queue begins to fill is
# found, within what the link can; a condition that nothing meets, one whom nobody answers, and one
# that is interrupted.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

report() { expect_json "$work/report.json" "$@"; }
find_rate() {
	start load inside a "$conntest" load --no-save -o "json=$work/report.json" "$@"
	await_exit load 120
	[[ -s $work/report.json ]] || { fail "load left no report, status $exit_status"; exit 1; }
}

# Full, the queue is 24 ms long; empty, an answer takes 10 ms.
shaped_link 'seed 7' 'delay 5ms' 'queue 60kB' 'rate 20Mbps'
space=b serve web-1 --listen echo://10.9.0.2:5010

echo "the knee of a link: 1,000 B and 52 B of heads are 8,416 bits, so 2,376/s without any loss"
find_rate -T 2s --find-rate-from 400 --message-size 1000 --find-rate 'response.p99 < 22ms' \
	--find-rate 'lost == 0' echo://10.9.0.2:5010
expect "exit when found" "$exit_status" == 0
report .search.found == true
report .search.rate_per_second '>=' 1600
report .search.rate_per_second '<=' 2500
report '.search | .low_per_second <= .rate_per_second and .rate_per_second <= .high_per_second' == true
report '.search.trials | length <= 64' == true
report '[.search.trials[].length_ns] | add <= 40000000000' == true
report '.search | .sent_ns == ([.trials[].length_ns] | add)' == true
report '.search | .trials[.held_trial - 1] | .verdict == "held" and .length_ns == 2000000000' == true
report '.search | .trials[.held_trial - 1].rate_per_second == .rate_per_second' == true
report 'stream("load").schedule.rate_per_second' == "$(json "$work/report.json" .search.rate_per_second)"
report '.search | .trials[.failed_trial - 1] | .verdict != "held"' == true
expect_text "$work/load.out" '^load .* the highest rate at which response.p99 < 22ms and lost == 0 hold, over 1 connection; at most 64 trials of up to 2.0 s, 40.0 s of sending'
expect_text "$work/load.out" '^Result:  [12],[0-9]*/s held \(the highest lies between .* and .*/s\): response.p99 [0-9.]* ms, lost 0; at '
expect_text "$work/load.out" '^ *1 +400/s +0.5 s +held +response.p99 '
expect_text "$work/load.err" '^finding the rate, from 400/s: at most 64 trials'
expect_text "$work/load.err" '^trial 2  800/s  '

echo "datagrams that the receiver counts: 1,000 B and 28 B of heads are 8,224 bits, so 2,431/s"
space=b serve web-2 --listen discard+udp://10.9.0.2:5009 --listen control://10.9.0.2:5004 \
	--control-token shared
find_rate -T 1s --find-rate-from 800 --message-size 1000 --find-rate 'lost == 0' --receiver-token shared \
	discard+udp://10.9.0.2
expect "exit when found" "$exit_status" == 0
report .search.found == true
report .search.rate_per_second '>=' 1600
report .search.rate_per_second '<=' 2600 # the queue takes 60 datagrams that are too many
report '.search | .trials[.failed_trial - 1].conditions[0] | .value > 0' == true
expect_text "$work/load.out" '^Result:  [12],[0-9]*/s held .*: lost 0; at '

echo "datagrams that nobody counts"
stop web-2
space=b serve web-2 --listen discard+udp://10.9.0.2:5009
find_rate -T 1s --find-rate 'lost == 0' discard+udp://10.9.0.2
expect "exit when nobody tells" "$exit_status" == 1
report '.search == null' == true
expect_text "$work/load.out" '^lost == 0 +FAILED +not measured: control://10.9.0.2:5004: refused'

echo "no rate meets it"
find_rate -T 500ms --find-rate-from 100 --find-rate 'response.p99 < 2ms' echo://10.9.0.2:5010
expect "exit when none held" "$exit_status" == 1
report .search.found == false
report .search.end == lowest
expect_text "$work/load.out" '^Result:  no rate held, not even 20/s: response.p99 [0-9.]* ms$'

echo "nobody answers"
find_rate -T 500ms --find-rate 'lost == 0' echo://10.9.0.2:5999
expect "exit when refused" "$exit_status" == 1
report '.search == null' == true
expect_text "$work/load.out" '^Result:  nothing answered: refused'

echo "interrupted"
start local "$conntest" serve -o ndjson --listen echo://127.0.0.1:0
await "$work/local.out" '"service":"echo"' >/dev/null
start load "$conntest" load --no-save -o "json=$work/report.json" -T 20s --find-rate-from 400 \
	--find-rate 'lost == 0' "echo://127.0.0.1:$(jq -r 'select(.event == "listening").port' "$work/local.out")"
await "$work/load.err" '^trial 2 ' >/dev/null
kill -INT "${pids[load]}"
await_exit load 30
report .search.end == interrupted
report .search.found == true
report .interrupted == true
expect_text "$work/load.out" '; interrupted before it was known closer'
