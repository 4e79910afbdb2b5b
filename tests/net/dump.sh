#!/bin/bash
# --dump shows what a connection says on stderr, and a stderr that nobody reads does not hold a run up.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

serve web-1
target=traffic://127.0.0.1:$(port web-1)
run() {
	start load "$conntest" load --no-save -o "json=$work/report.json" "$@"
	await_exit load
	expect "exit status" "$exit_status" == 0
}

echo "the first connection, both ways"
run -T 500ms -c 2 -r 40 --message-size 64B --dump one "$target"
head='^[0-9:.]+Z  connection 0 '
expect_text "$work/load.err" "${head}sent 64 bytes\$"
expect_text "$work/load.err" "${head}received 64 bytes\$"
expect_text "$work/load.err" '^  00000000  77 65 62 2d 31 00 .*\|web-1\.'
expect "lines of another connection" "$(grep -Ec 'connection [1-9]' "$work/load.err" || true)" == 0
sent=$(grep -Ec "${head}sent" "$work/load.err")
expect "sends told" "$sent" '>=' 5

echo "all connections, one way"
run -T 300ms -c 2 -r 40 --message-size 64B --dump all,out "$target"
expect_text "$work/load.err" 'connection 1 sent 64 bytes$'
expect "what was received, told" "$(grep -c 'received' "$work/load.err" || true)" == 0

echo "nobody reads stderr"
mkfifo "$work/unread"
exec 9<>"$work/unread"
"$conntest" load --no-save -o "json=$work/report.json" -T 500ms -c 2 --message-size 16KiB \
	--dump all "$target" >"$work/load.out" 2>"$work/unread" &
pids[load]=$!
await_exit load 20
expect "exit status" "$exit_status" == 0
expect_json "$work/report.json" 'stream("load").totals.messages_received' '>' 0
