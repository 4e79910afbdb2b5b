#!/bin/bash
# A kernel that lets no port be shared, or shares it but does not steer: serve works all the same, with
# one worker where it has to, and says so.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

# refused NAME OPTION ERRNO SERVE_OPTION...: serve, and two clients of it.
refused() {
	start "$1" "$helpers/refuse_option" 1 "$2" "$3" "$conntest" serve --listen echo://127.0.0.1:0 \
		--listen echo+udp://127.0.0.1:0 -o ndjson -o "json=$work/$1.json" "${@:4}"
	await "$work/$1.out" '"transport":"udp"' >/dev/null
	local protocol scheme
	for protocol in tcp udp; do
		scheme="echo"
		[[ $protocol == tcp ]] || scheme="echo+udp"
		start load "$conntest" load -c 4 -r 200 -T 500ms --no-save -o "json=$work/report.json" \
			"$scheme://127.0.0.1:$(port "$1" echo "$protocol")"
		await_exit load
		expect "exit status of a load over $protocol" "$exit_status" == 0
		expect_json "$work/report.json" 'stream("load").totals | [.messages_received, .lost] == [100, 0]' == true
	done
	stop "$1"
	expect "exit status of $1" "$exit_status" == 0
}
SO_REUSEPORT=15 SO_ATTACH_REUSEPORT_CBPF=51 ENOPROTOOPT=92 EPERM=1
"$helpers/refuse_option" 1 $SO_REUSEPORT $EPERM true || skip "no seccomp"

echo "no port can be shared"
for code in $ENOPROTOOPT $EPERM; do
	refused web-1 $SO_REUSEPORT "$code" -w 2
	expect_text "$work/web-1.err" \
		'^conntest serve: one worker instead of 2: SO_REUSEPORT, by which they share a port, is refused here: '
done
refused web-2 $SO_REUSEPORT $ENOPROTOOPT -w 1
expect "what is said of one worker" "$(grep -c REUSEPORT "$work/web-2.err" || true)" == 0
start web-3 "$helpers/refuse_option" 1 $SO_REUSEPORT $ENOPROTOOPT "$conntest" serve --processes 2 \
	--listen echo://127.0.0.1:0
await_exit web-3
expect "exit status of processes" "$exit_status" == 3
expect_text "$work/web-3.err" '^conntest serve: --processes: they share each port by SO_REUSEPORT, which is refused here: '

echo "shared, but by chance"
refused web-4 $SO_ATTACH_REUSEPORT_CBPF $ENOPROTOOPT -w 2
expect "what is said of it" "$(grep -c refused "$work/web-4.err" || true)" == 0
