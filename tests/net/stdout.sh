#!/bin/bash
# A report that stdout doesn't take: said once, with the reason and where the report is; a reader
# that went away is no failure.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

serve web-1
target=tcp://127.0.0.1:$(port web-1)
options=(-c 2 --path-probe off --new-connections off -q -T 300ms)
says='conntest traffic: the report could not be written to stdout'
kept='it is kept: conntest report show'

# complaint: what the run that just ended said on stderr.
complaint() {
	grep -v '^Saved:' "$work/run.err" || true
}

echo "stdout is full"
exit_status=0
"$conntest" traffic "${options[@]}" "$target" >/dev/full 2>"$work/run.err" || exit_status=$?
expect "exit status" "$exit_status" == 3
expect "what is said" "$(complaint)" == "$says: No space left on device; $kept"
"$conntest" report show | head -n 1 >"$work/kept"
expect_text "$work/kept" '^traffic tcp://127'

echo "stdout is closed"
exit_status=0
"$conntest" traffic "${options[@]}" --no-save "$target" >&- 2>"$work/run.err" || exit_status=$?
expect "exit status" "$exit_status" == 3
expect "what is said" "$(complaint)" == "$says: Bad file descriptor"

echo "the reader of stdout leaves in the middle"
mkfifo "$work/pipe"
head -n 1 "$work/pipe" >/dev/null &
exit_status=0
"$conntest" traffic "${options[@]}" -T 2500ms -o ndjson "$target" >"$work/pipe" 2>"$work/run.err" ||
	exit_status=$?
expect "exit status" "$exit_status" == 0
expect "what is said" "$(complaint)" == ""
