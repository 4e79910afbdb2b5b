#!/bin/bash
# Peers that answer badly: each is classed as what it is, and the run ends in good time.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

# peer HOW CLASS OUTCOME: all 5 slots are of this class, every new connection fails so.
peer() {
	echo "$1"
	start "$1" "$helpers/bad_peer" "$1"
	traffic -c 5 -r 10/conn --new-connections 10/s --path-probe off --reply-timeout 300ms \
		--give-up 500ms --connect-timeout 500ms -T 1s "tcp://127.0.0.1:$(await "$work/$1.out" ready | cut -d' ' -f2)"
	expect "exit status" "$exit_status" == 1
	expect_json "$work/report.json" "stream(\"persistent\").survival.$2" == 5
	expect_json "$work/report.json" 'stream("persistent").totals.messages_received' == 0
	expect_json "$work/report.json" 'stream("new").totals.connect_failures' == 10
	expect_json "$work/report.json" "stream(\"new\").errors | map(select(.outcome == \"$3\").count) | add" == 10
	expect_json "$work/report.json" 'stream("new").outages | .count == 1 and .open == 1' == true
	expect_text "$work/traffic.out" '^Result:'
	stop "$1"
}

peer silent timed_out no_reply
peer half timed_out no_reply
peer garbage corrupted corrupted
peer reset reset reset
peer close reset reset
peer unasked corrupted corrupted
