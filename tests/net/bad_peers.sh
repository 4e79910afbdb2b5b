#!/bin/bash
# Peers that answer badly: each is classed as what it is, and the run ends in good time.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

# peer HOW CLASS STATUS: all 5 slots are of this class; of the statuses one is right.
peer() {
	echo "$1"
	start "$1" "$helpers/bad_peer" "$1"
	traffic -c 5 -r 10/conn --new-connections 5/s --path-probe off --reply-timeout 300ms \
		--give-up 1s -T 2s "tcp://127.0.0.1:$(await "$work/$1.out" ready | cut -d' ' -f2)"
	expect "exit status" "$exit_status" == "$3"
	expect_json "$work/report.json" "stream(\"persistent\").survival.$2" == 5
	expect_json "$work/report.json" 'stream("persistent").survival.untouched' == 0
	expect_text "$work/traffic.out" '^Result:'
	stop "$1"
}

peer silent timed_out 1
peer half timed_out 1
peer garbage corrupted 1
peer reset reset 1
peer close reset 1
peer unasked corrupted 1
