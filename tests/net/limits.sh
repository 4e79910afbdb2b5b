#!/bin/bash
# serve turns away who is too many, says so and counts it; those within the limit notice nothing.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

serve web-1 --max-connections 5
traffic -c 8 -r 20/conn --new-connections off --path-probe off --connect-timeout 500ms -T 1s \
	"traffic://127.0.0.1:$(port web-1)"
expect "exit status" "$exit_status" == 0
expect_json "$work/report.json" 'backend("web-1").untouched' == 5
expect_json "$work/report.json" 'stream("persistent").survival | .closed + .reset' == 3
expect_json "$work/report.json" 'stream("persistent").totals | .messages_received' == 100

stop web-1
tail -n 1 "$work/web-1.out" | jq .report >"$work/served.json"
expect_text "$work/web-1.err" 'clients turned away by --max-connections'
expect_json "$work/served.json" '.served.limits[] | select(.name == "max-connections").count' '>=' 3
expect_json "$work/served.json" 'stream("served").totals.messages_received' '>=' 105

echo "few may wait to be let in"
namespace a
inside a sysctl -qw net.core.somaxconn=4
start queue nsenter --net="/run/netns/${spaces[a]}" "$conntest" serve --listen traffic://127.0.0.1:5003
await "$work/queue.out" '^queue +4 clients may wait .*: sysctl -w net.core.somaxconn=4096' >/dev/null
inside a "$conntest" traffic -c 1 -T 100ms --no-save 127.0.0.1 >/dev/null # it counts from now on
kill -STOP "${pids[queue]}"
space=a traffic_start -c 50 --connect-rate off --new-connections off --path-probe off \
	--connect-timeout 1s -T 1s 127.0.0.1
kill -CONT "${pids[queue]}"
traffic_end
stop queue
expect_text "$work/queue.out" 'Trust:.* overflows \(4 may wait: sysctl -w net.core.somaxconn=4096\)'

echo "more connections than there are descriptors"
# limited LIMIT SERVE_OPTION...
limited() {
	# shellcheck disable=SC2016
	start few bash -c 'ulimit -n "$1" && shift && exec "$@"' _ "$1" "$conntest" serve -T 100ms \
		--listen traffic://127.0.0.1:0 "${@:2}"
	await_exit few
}
limited 200 -w 1 --max-connections 500
expect "exit status" "$exit_status" == 3
expect_text "$work/few.err" \
	'^conntest serve: --max-connections: needs 5[0-9][0-9] file descriptors, the hard limit here is 200: lower it to 1[0-9][0-9], say --processes, or raise the limit with `ulimit -Hn 600`'
limited 200 -w 1 --max-connections "$(grep -o 'lower it to [0-9]*' "$work/few.err" | cut -d' ' -f4)"
expect "exit status with as many as it said" "$exit_status" == 0
limited 200 --processes 4 --max-connections 500
expect "exit status with four times as many" "$exit_status" == 0
limited 64
expect "exit status with very few" "$exit_status" == 0
expect_text "$work/few.out" '^limits +[0-9]+ connections? \(ulimit -n 64\)'
