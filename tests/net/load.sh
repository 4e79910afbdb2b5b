#!/bin/bash
# load against serve and nginx: bulk both ways, a rate that is kept, requests whose statuses are
# counted, messages of any protocol, dead targets, a stop word, and several targets in turn.
source "$(dirname "$0")/lib.sh"
need jq nginx
export CONNTEST_LOAD_DURATION=1s CONNTEST_LOAD_NO_SAVE=true

# load NAME OPTION...: its text in $work/NAME.out, its report in $work/NAME.json.
load() {
	local name=$1
	shift
	start "$name" "$conntest" load -o "json=$work/$name.json" "$@"
	await_exit "$name" 30
}

start serve "$conntest" serve -o ndjson --listen traffic://127.0.0.1:0 --listen echo://127.0.0.1:0 \
	--listen discard://127.0.0.1:0 --listen source://127.0.0.1:0
await "$work/serve.out" '"service":"source"' >/dev/null
port() {
	jq -r "select(.event == \"listening\" and .service == \"$1\").port" "$work/serve.out"
}

load up "discard://127.0.0.1:$(port discard)"
expect "exit of bulk" "$exit_status" == 0
expect_json "$work/up.json" 'stream("load").totals.bytes_sent > 1000000' == true
expect_text "$work/up.out" '^Result: .*bps received at the far end'

load down "source://127.0.0.1:$(port source)"
expect_json "$work/down.json" 'stream("load").totals.bytes_received > 1000000' == true
expect_text "$work/down.out" '^Result: .*bps received \([0-9.]+ [kMG]?B payload\)$'
expect_json "$work/down.json" '.figures.load | has("response.p99_ns")' == false

start cut timeout -s INT 1 "$conntest" load -c 100 --connect-rate 10/s "echo://127.0.0.1:$(port echo)"
await_exit cut 30
expect_text "$work/cut.out" '^Result:  interrupted while connecting, [0-9]+ of 100 up, nothing measured$'

load warm --warmup 1s -r 50 "echo://127.0.0.1:$(port echo)"
expect_text "$work/warm.out" '^load .*, 1\.0 s after 1\.0 s warm-up, from '
expect_text "$work/warm.out" '^Result:  50/s kept, '
load slow --bandwidth-down 20Mbps "source://127.0.0.1:$(port source)"
expect_text "$work/slow.out" '^load .* 1 connection down, read no faster than 20Mbps, 1\.0 s from '
load stairs --rate-ramp 20/500ms,40 "discard://127.0.0.1:$(port discard)"
expect_text "$work/stairs.out" '^load .*  20/500ms,40 messages/s of 64 KiB up, evenly spaced, '

load kept -c 4 -r 200 --probe 20/s -m 'number \{message.seq}' "echo://127.0.0.1:$(port echo)" \
	"echo://localhost:$(port echo)"
expect_json "$work/kept.json" 'stream("load").totals.messages_sent' == 200
expect_json "$work/kept.json" 'stream("load").totals.messages_received' == 200
expect_json "$work/kept.json" 'stream("probe").totals.messages_received' == 20

load lines -e -m 'PING\n' --reply 'until \n' "tcp://127.0.0.1:$(port echo)"
expect_json "$work/lines.json" 'stream("load").schedule.mode' == closed
expect_text "$work/lines.out" 'messages/s, service p99'

load stopped -T 20s -r 50 -m 'n\{message.seq}!' --reply 'until !' --stop-on 'n30!' \
	"tcp://127.0.0.1:$(port echo)"
expect "exit when stopped" "$exit_status" == 0
expect_json "$work/stopped.json" '.duration_ns < 10000000000' == true

cat >"$work/nginx.conf" <<END
daemon off; pid $work/nginx.pid; error_log $work/nginx.log;
events { }
http { access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2;
	fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	server { listen unix:$work/probe.sock; listen 127.0.0.1:$((20000 + RANDOM % 10000));
		location /ok { return 200 "fine\n"; } location /bad { return 503; } } }
END
start nginx nginx -c "$work/nginx.conf" -e "$work/nginx.log"
web=$(grep -o '127.0.0.1:[0-9]*' "$work/nginx.conf")
for _ in {1..100}; do
	[[ ! -S $work/probe.sock ]] || break
	sleep 0.05
done

load good -c 3 -r 300 --expect-text fine --expect 'rejected == 0' "http://$web/ok"
expect "exit of good requests" "$exit_status" == 0
expect_json "$work/good.json" 'stream("load").statuses | map("\(.code) \(.count)") | join(",")' == '200 300'

load bad -r 50 --expect 'rejected == 0' "http://$web/bad"
expect "exit of rejected requests" "$exit_status" == 1
expect_json "$work/bad.json" 'stream("load").totals.rejected' == 50
expect_text "$work/bad.out" '50 of 50 replies were 503'

# Without -c each target has a connection.
load turns -r 20 "echo://127.0.0.1:$(port echo)" "echo://localhost:$(port echo)"
expect "exit of two targets" "$exit_status" == 0
expect_json "$work/turns.json" 'stream("load") | .slots' == 2
expect_json "$work/turns.json" 'stream("load").totals.messages_received' == 20

load dead --connect-timeout 300ms -c 5 discard://127.0.0.1:1
expect "exit of a dead target" "$exit_status" == 1
expect_text "$work/dead.out" 'nothing answered: refused 5'
exit 0
