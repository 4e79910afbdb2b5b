#!/bin/bash
# Peers that are not conntest: a plain TCP echo works in full, and one that answers in pieces.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

for how in echo slow; do
	echo "$how"
	start "$how" "$helpers/bad_peer" "$how"
	traffic -c 5 -r 4/conn --new-connections off --path-probe off -T 2s \
		"tcp://127.0.0.1:$(await "$work/$how.out" ready | cut -d' ' -f2)"
	expect "exit status" "$exit_status" == 0
	expect_json "$work/report.json" 'stream("persistent").totals.messages_sent' == 40
	expect_json "$work/report.json" 'stream("persistent").totals.messages_received' == 40
	expect_json "$work/report.json" 'stream("persistent").survival.untouched' == 5
done
