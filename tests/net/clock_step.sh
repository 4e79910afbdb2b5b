#!/bin/bash
# The wall clock steps an hour ahead in the middle of a run, and two back: nothing that was measured
# notices.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq faketime

library=$(find /usr/lib -name libfaketime.so.1 | head -n 1)
[[ $library ]] || skip "no libfaketime"
echo +0 >"$work/clock"
serve web-1
LD_PRELOAD=$library ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
	FAKETIME_TIMESTAMP_FILE=$work/clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
	traffic_start -c 5 -r 20/conn --new-connections 10/s --path-probe off -T 3s \
	"traffic://127.0.0.1:$(port web-1)"
for step in +3600 -3600; do
	echo "$step" >"$work/clock.new"
	mv "$work/clock.new" "$work/clock"
	pause 0.5
done
traffic_end

report() { expect_json "$work/report.json" "$@"; }
expect "exit status" "$exit_status" == 0
report .duration_ns '>=' 2900000000
report .duration_ns '<=' 3500000000
report 'stream("persistent").totals.messages_received' == 300
report 'stream("persistent").latency.response.max_ns' '<=' 1000000000
report 'stream("persistent").survival.untouched' == 5
report 'stream("new").outages.count' == 0
