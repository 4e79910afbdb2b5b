#!/bin/bash
# load against serve and nginx: bulk both ways, a rate that is kept, requests whose statuses are
# counted, messages of any protocol, dead targets, a stop word, and several targets in turn.
source "$(dirname "$0")/lib_web.sh"
need jq nginx
export CONNTEST_LOAD_DURATION=1s CONNTEST_LOAD_NO_SAVE=true

# load_as NAME OPTION...: its text in $work/NAME.out, its report in $work/NAME.json.
load_as() {
	local name=$1
	shift
	start "$name" "$conntest" load -o "json=$work/$name.json" "$@"
	await_exit "$name" 30
}

serve serve --listen traffic://127.0.0.1:0 --listen echo://127.0.0.1:0 \
	--listen discard://127.0.0.1:0 --listen source://127.0.0.1:0
echo=127.0.0.1:$(port serve echo)
discard=127.0.0.1:$(port serve discard)
source=127.0.0.1:$(port serve source)

load_as up "discard://$discard"
expect "exit of bulk" "$exit_status" == 0
expect_json "$work/up.json" 'stream("load").totals.bytes_sent > 1000000' == true
expect_text "$work/up.out" '^Result: .*bps received at the far end'

load_as down "source://$source"
expect_json "$work/down.json" 'stream("load").totals.bytes_received > 1000000' == true
expect_text "$work/down.out" '^Result: .*bps received \([0-9.]+ [kMG]?B payload\)$'
expect_json "$work/down.json" '.figures.load | has("response.p99_ns")' == false

start cut timeout -s INT 1 "$conntest" load -c 100 --connect-rate 10/s "echo://$echo"
await_exit cut 30
expect_text "$work/cut.out" '^Result:  interrupted while connecting, [0-9]+ of 100 up, nothing measured$'

load_as warm --warmup 1s -r 50 "echo://$echo"
expect_text "$work/warm.out" '^load .*, 1\.0 s after 1\.0 s warm-up, from '
expect_text "$work/warm.out" '^Result:  50/s kept, '
load_as slow --bandwidth-down 20Mbps "source://$source"
expect_text "$work/slow.out" '^load .* 1 connection down, read no faster than 20Mbps, 1\.0 s from '
load_as stairs --rate-ramp 20/500ms,40 "discard://$discard"
expect_text "$work/stairs.out" '^load .*  20/500ms,40 messages/s of 64 KiB up, evenly spaced, '

load_as kept -c 4 -r 200 --probe 20/s -m 'number \{message.seq}' "echo://$echo" \
	"echo://localhost:${echo##*:}"
expect_json "$work/kept.json" 'stream("load").totals.messages_sent' == 200
expect_json "$work/kept.json" 'stream("load").totals.messages_received' == 200
expect_json "$work/kept.json" 'stream("probe").totals.messages_received' == 20

load_as lines -e -m 'PING\n' --reply 'until \n' "tcp://$echo"
expect_json "$work/lines.json" 'stream("load").schedule.mode' == closed
expect_text "$work/lines.out" 'messages/s, service p99'

load_as stopped -T 20s -r 50 -m 'n\{message.seq}!' --reply 'until !' --stop-on 'n30!' \
	"tcp://$echo"
expect "exit when stopped" "$exit_status" == 0
expect_json "$work/stopped.json" '.duration_ns < 10000000000' == true

choose_ports web
nginx_configure web '' <<'END'
location /ok { return 200 "fine\n"; }
location /bad { return 503; }
END
nginx_start web
web=127.0.0.1:${ports[web]}

load_as good -c 3 -r 300 --expect-text fine --expect 'rejected == 0' "http://$web/ok"
expect "exit of good requests" "$exit_status" == 0
expect_json "$work/good.json" 'stream("load").statuses | map("\(.code) \(.count)") | join(",")' == '200 300'

load_as bad -r 50 --expect 'rejected == 0' "http://$web/bad"
expect "exit of rejected requests" "$exit_status" == 1
expect_json "$work/bad.json" 'stream("load").totals.rejected' == 50
expect_text "$work/bad.out" '50 of 50 replies were 503'

# Without -c each target has a connection.
load_as turns -r 20 "echo://$echo" "echo://localhost:${echo##*:}"
expect "exit of two targets" "$exit_status" == 0
expect_json "$work/turns.json" 'stream("load") | .slots' == 2
expect_json "$work/turns.json" 'stream("load").totals.messages_received' == 20

load_as dead --connect-timeout 300ms -c 5 discard://127.0.0.1:1
expect "exit of a dead target" "$exit_status" == 1
expect_text "$work/dead.out" 'nothing answered: refused 5'
exit 0
