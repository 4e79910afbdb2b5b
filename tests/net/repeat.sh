#!/bin/bash
# Runs repeated make a list that report diff takes; a signal ends them all.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

namespace a
space=a serve web-1 --listen traffic://127.0.0.1:5003

echo "three runs, three files"
inside a "$conntest" traffic --no-save -q -T 500ms --repeat 3 --path-probe off \
	-o "json=$work/run.json" 127.0.0.1 >"$work/repeat.out" || fail "exit status $?"
for number in 1 2 3; do
	adds_up "$work/run.$number.json"
done
expect "reports as text" "$(grep -c '^Result:' "$work/repeat.out")" == 3

echo "a list for diff"
lists=$work/run.1.json,$work/run.2.json,$work/run.3.json
inside a "$conntest" report diff --max-regress 10000% "$lists" "$lists" >"$work/diff.out" ||
	fail "diff of a list with itself: exit status $?"
expect_text "$work/diff.out" '^Result: '

echo "a signal ends them all"
start traffic nsenter --net="/run/netns/${spaces[a]}" "$conntest" traffic --no-save -T 60s \
	--repeat 5 --path-probe off -o "ndjson=$work/run.ndjson" 127.0.0.1
for _ in {1..100}; do [[ ! -s $work/run.1.ndjson ]] || break; pause 0.1; done
await "$work/run.1.ndjson" '"event":"snapshot"' >/dev/null
kill -INT "${pids[traffic]}"
await_exit traffic 20
expect "exit status" "$exit_status" == 0
[[ ! -e $work/run.2.ndjson ]] || fail "it went on after the signal"
