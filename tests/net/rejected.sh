#!/bin/bash
# Answers that are errors, or not as expected: told in the first line and against the promise of a
# graceful roll-out, also where only connections that last get them.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq python3

start web python3 "$(dirname "$0")/bad_web.py" sixth_fails
url=http://127.0.0.1:$(await "$work/web.out" ready | cut -d' ' -f2)/

traffic -c 3 -r 10/conn --new-connections 10/s -T 2s --expect graceful "$url"
expect "exit status of traffic" "$exit_status" == 1
expect_json "$work/report.json" 'stream("persistent").totals.rejected' == 9
expect_json "$work/report.json" 'stream("new").totals.connect_failures' == 0
expect_text "$work/traffic.out" '^Result:  FAIL graceful: .*9 of 60 replies were 503'
expect_text "$work/traffic.out" '^persistent.rejected == 0 +FAILED  9 of 60  \+[0-9.]+ s, \+[0-9.]+ s +status 503 9$'

# load EXIT_STATUS OPTION...
load() {
	start load "$conntest" load --no-save -T 1s -r 12 "${@:2}" "$url"
	await_exit load
	expect "exit status of load ${*:2}" "$exit_status" == "$1"
}

load 0
expect_text "$work/load.out" '^Result: .*; 2 of 12 replies were 503$'
load 0 --expect-text 'no such text'
expect_text "$work/load.out" '^Result: .*; 2 of 12 replies were 503; 12 requests answered not as expected$'
load 1 --expect-status 404 --expect 'rejected == 0'
expect_text "$work/load.out" '^Result:  FAIL: .*; 12 requests answered not as expected$'
