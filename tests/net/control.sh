#!/bin/bash
# control of a real serve: tells this host and who has the token what arrived, refuses others, and
# survives garbage, a line without end, and one that comes a byte a second.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq ss timeout

namespace here
namespace there
ip -n "${spaces[here]}" link add wire0 type veth peer name wire0 netns "${spaces[there]}" \
	2>"$work/veth.err" || skip "no veth: $(<"$work/veth.err")"
ip -n "${spaces[here]}" addr add 10.9.0.1/24 dev wire0
ip -n "${spaces[there]}" addr add 10.9.0.2/24 dev wire0
ip -n "${spaces[here]}" link set wire0 up
ip -n "${spaces[there]}" link set wire0 up

echo "open sesame" >"$work/token"
space=here serve web-1 --control-token "@$work/token" --listen control://:0 --listen discard://:0 \
	--listen echo://:0 --listen discard+udp://:0
control=$(port web-1 control)
discard=$(port web-1 discard)

# ask SPACE ADDRESS LINE...: what comes back to these lines until the end, or some silence.
ask() {
	local space=$1 address=$2
	shift 2
	inside "$space" timeout 20 bash -c 'exec 3<>"/dev/tcp/$0/$1" && shift
		printf "%s\n" "$@" >&3
		for ((wait = 10; ; wait = 0)); do
			read -rt "$wait.3" -u 3 line || break
			echo "$line"
		done' "$address" "$control" "$@"
}

hello='{"ask":"hello"}'
with_token='{"ask":"hello","token":"open sesame"}'
receiver() { # LOCAL [TOKEN]
	jq -nc --arg local "$1" --arg remote "10.9.0.1:$discard" --arg token "${2:-}" \
		'{ask: "receiver", transport: "tcp", $local, $remote} + if $token == "" then {} else {$token} end'
}

echo "who may ask"
expect "services told to this host" "$(ask here 127.0.0.1 "$hello" | jq -c '[.services[].service]')" \
	== '["control","discard","echo","discard"]'
expect "services told for the token" "$(ask there 10.9.0.1 "$with_token" | jq -r .name)" == web-1
expect "a stranger" "$(ask there 10.9.0.1 "$hello" "$hello" | jq -r .error)" == \
	"not allowed: other hosts need the token (--receiver-token TEXT)"
expect "a wrong token" "$(ask there 10.9.0.1 '{"ask":"hello","token":"open sesam"}' "$with_token" |
	jq -r .error)" == "not allowed: this is not the token that serve was given"
expect "this host by another address" "$(ask here 10.9.0.1 "$hello" | jq -r .error)" == \
	"not allowed: other hosts need the token (--receiver-token TEXT)"

echo "what arrived"
mkfifo "$work/go"
: >"$work/local"
inside there timeout 20 bash -c 'exec 3<>"/dev/tcp/10.9.0.1/$0"
	head -c 1234567 /dev/zero >&3
	ss -Htn "dport = :$0" | tr -s " " | cut -d " " -f 4 >"$1/local"
	read -r line <"$1/go"' "$discard" "$work" &
pids[sender]=$!
await "$work/local" : >/dev/null
local=$(<"$work/local")
bytes=0
for ((i = 0; i < 50 && ${bytes:-0} != 1234567; i++)); do
	bytes=$(ask there 10.9.0.1 "$(receiver "$local" "open sesame")" | jq .bytes)
done
expect "bytes told while it is open" "$bytes" == 1234567
echo >"$work/go"
await_exit sender
expect "bytes told after its end" "$(ask here 127.0.0.1 "$(receiver "$local")" | jq .bytes)" == 1234567
expect "another connection" "$(ask here 127.0.0.1 "$(receiver 10.9.0.2:1)" | jq -c .)" == \
	'{"known":false}'

# load [OPTION...] TARGET: a run from there; the report is $work/load.json.
load() {
	inside there timeout 60 "$conntest" load -T 1s --no-save -o "json=$work/load.json" "$@" \
		>"$work/load.out" 2>"$work/load.err" || fail "load $*: $(<"$work/load.err")"
}
# told_by SOURCE: all that was sent arrived, says SOURCE.
told_by() {
	expect_json "$work/load.json" 'stream("load").receiver.source' == "$1"
	expect_json "$work/load.json" \
		'stream("load") | .receiver.bytes - .totals.bytes_sent' == 0
	expect_json "$work/load.json" 'stream("load").totals.bytes_sent > 0' == true
	expect_json "$work/load.json" '.figures.load.goodput_bps > 0' == true
	expect_text "$work/load.out" '^Result: .* received( at the far end|;)'
}

echo "what load makes of it"
load -c 20 -b 50Mbps --receiver-token "@$work/token" --receiver "control://10.9.0.1:$control" \
	"discard://10.9.0.1:$discard"
told_by control
expect_json "$work/load.json" 'stream("load").receiver.connections_known' '>=' 10
load --receiver "10.9.0.1:$control" "discard://10.9.0.1:$discard"
told_by end
load --receiver "10.9.0.1:$control" --receiver-token wrong -m hello -r 100 "tcp://10.9.0.1:$discard"
expect_json "$work/load.json" 'stream("load").receiver | .known, .source' == $'false\nnull'
expect_json "$work/load.json" 'stream("load").receiver.reason' == \
	"control://10.9.0.1:$control: not allowed: this is not the token that serve was given"
expect_text "$work/load.out" 'acknowledged by the far end'
# Auto asks port 5004, where nobody is.
load -r 100 "discard://10.9.0.1:$discard"
told_by end
load -c 3 -b 5Mbps --receiver-token "@$work/token" --receiver "10.9.0.1:$control" \
	"discard+udp://10.9.0.1:$(port web-1 discard udp)"
told_by control
expect_json "$work/load.json" 'stream("load") | .receiver.messages - .totals.messages_sent' == 0
expect_json "$work/load.json" 'stream("load").datagrams | .counted_by, .lost' == $'receiver\n0'
expect_json "$work/load.json" 'stream("load") | .latency.delay_variation.count - .totals.messages_sent' == 0
# Something else than discard does not tell what it got.
load -r 100 "discard://10.9.0.1:$(port web-1 echo)"
expect_json "$work/load.json" 'stream("load").receiver | .known, .source' == $'false\nnull'
expect_json "$work/load.json" 'stream("load").totals | .told, .untold' == $'0\n1'
expect_text "$work/load.out" 'acknowledged by the far end'
! grep -q "open sesame" "$work/load.json" "$work/load.out" || fail "load printed the token"

echo "garbage"
expect "no JSON" "$(ask there 10.9.0.1 "GET / HTTP/1.1" | jq -r .error)" == \
	"not a JSON object in one line"
expect "other bytes" "$(ask here 127.0.0.1 $'\x16\x03\x01\xff' | jq -r .error)" == \
	"not a JSON object in one line"
expect "a line of 10 MB" "$(inside there timeout 20 bash -c 'exec 3<>"/dev/tcp/10.9.0.1/$0"
	trap "" PIPE
	head -c 10000000 /dev/zero | tr "\0" x >&3 2>/dev/null
	head -n 1 <&3' "$control" | jq -r .error)" == "a question has at most 4,095 characters"

echo "a byte a second"
begun=$SECONDS
expect "who is slow" "$(inside there timeout 60 bash -c 'exec 3<>"/dev/tcp/10.9.0.1/$0"
	for ((i = 0; i < 50; i++)); do
		printf "{" >&3
		if read -rt 1 -u 3 line; then echo "$line"; break; fi
	done' "$control" | jq -r .error)" == "no question came within 5 s"
expect "seconds that it was given" "$((SECONDS - begun))" '>=' 4

expect "services told at the end" "$(ask here 127.0.0.1 "$hello" | jq -r .name)" == web-1
stop web-1
expect "exit status" "$exit_status" == 0
tail -n 1 "$work/web-1.out" | jq .report >"$work/served.json"
expect_json "$work/served.json" '.settings["control-token"]' == '***'
! grep -q "open sesame" "$work/web-1.out" "$work/web-1.err" || fail "the token was printed"
