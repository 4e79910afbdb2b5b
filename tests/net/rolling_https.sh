#!/bin/bash
# A developer's question: does my rolling restart over https drop anything? Three nginx behind
# haproxy are restarted one after the other while `traffic` watches: with care nothing is lost and
# the answer is yes; killed, it is no, and a table says what broke, when and on which of them.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx haproxy openssl

export work BACKENDS="web-1 web-2 web-3"
report() { expect_json "$work/report.json" "$@"; }
text() { expect_text "$work/traffic.out" "$@"; }

certificate web
serve origin --listen http://127.0.0.1:0
origin=$(port origin http)
choose_ports web-1 web-2 web-3 admin
export ADMIN=${ports[admin]}

# backends LISTEN_OPTIONS: each answers 30 ms after it was asked.
backends() {
	local name
	for name in $BACKENDS; do
		nginx_configure "$name" "$1" <<-END
			ssl_certificate $work/web.pem;
			ssl_certificate_key $work/web.pem;
			location = /healthz {
				proxy_pass http://127.0.0.1:$origin/delay/30;
				proxy_hide_header X-Backend;
			}
		END
		nginx_start "$name"
	done
}

# balancer MODE BIND_OPTIONS [DIRECTIVE]: haproxy before them, which sends nothing twice.
balancer() {
	local name
	{
		cat <<-END
			global
			  stats socket ipv4@127.0.0.1:$ADMIN level admin
			  stats socket $work/haproxy.sock expose-fd listeners
			defaults
			  mode $1
			  timeout connect 1s
			  timeout client 60s
			  timeout server 60s
			  retries 0
			  $3
			listen web
			  bind 127.0.0.1:\${PORT} $2
		END
		for name in $BACKENDS; do
			echo "  server $name 127.0.0.1:${ports[$name]}"
		done
	} >"$work/haproxy.cfg"
	haproxy_start "$work/haproxy.cfg"
}

haproxy_stop() {
	kill -KILL "$(<"$work/haproxy.pid")"
}

# rollout NAME OPTION...: traffic while the script $work/NAME restarts the backends in turn.
rollout() {
	traffic --ca "$work/web.crt" --backend header:X-Backend --expect graceful "${@:2}" \
		--before 1s --after 1s "https://127.0.0.1:$PORT/healthz" -- bash "$work/$1"
}

export -f pause
cat >"$work/restart" <<'END'
set -eu
exec {never}<> <(:) # of pause
start() { nginx -p "$work/$1/" -c nginx.conf -e error.log; }
gone() { while kill -0 "$1" 2>/dev/null; do pause 0.02; done; }
END

cat "$work/restart" - >"$work/careful" <<'END'
admin() {
	exec {socket}<>"/dev/tcp/127.0.0.1/$ADMIN"
	echo "$*" >&"$socket"
	cat <&"$socket"
	exec {socket}<&-
}
busy() { admin show servers conn web | awk -v name="web/$1" '$1 == name && $7 > 0' | grep -q .; }
for backend in $BACKENDS; do
	admin "set server web/$backend state drain" >"$work/admin.out"
	while busy "$backend"; do pause 0.02; done
	pid=$(<"$work/$backend/nginx.pid")
	kill -QUIT "$pid"
	gone "$pid"
	start "$backend"
	admin "set server web/$backend state ready" >"$work/admin.out"
	echo "$backend restarted"
done
END

cat "$work/restart" - >"$work/careless" <<'END'
for backend in $BACKENDS; do
	kill -KILL "-$(<"$work/$backend/nginx.pid")"
	pause 0.3
	start "$backend"
	echo "$backend restarted"
done
END

cat "$work/restart" - >"$work/reload" <<'END'
old=$(<"$work/haproxy.pid")
haproxy -D -f "$work/haproxy.cfg" -p "$work/haproxy.pid" -x "$work/haproxy.sock" -sf "$old"
gone "$old"
END

# all_good CONNECTIONS: the answer is yes.
all_good() {
	expect "exit status" "$exit_status" == 0
	report '[.streams[].totals | .lost + .connect_failures + .rejected + .corrupted] | add' == 0
	report 'stream("persistent").totals.messages_received' '>=' 400
	report '[stream("persistent").statuses[].code] | join(" ")' == 200
	report 'stream("persistent").survival.by_backend | keys | join(" ")' == "$BACKENDS"
	report .tls.verified == true
	text '^traffic https://127.0.0.1:[0-9]+/healthz  20 connections x 10/s = 200/s, 10 new connections/s, '
	text '^Result:  PASS graceful: [0-9,]+ requests and [0-9]+ new connections, none lost'"$1"'$'
	text '^persistent.rejected == 0 +held +0$'
}

echo "with care"
backends ''
balancer http "ssl crt $work/web.pem" "option idle-close-on-response"
rollout careful
all_good ''
report .marks[0].command.output == $'web-1 restarted\nweb-2 restarted\nweb-3 restarted'
expect_text "$work/traffic.err" 'command starts \(20 connections up, 200 requests/s, 10 new connections/s\)$'

echo "the balancer itself, with care"
rollout reload
all_good '; 20 connections were closed by peer between requests'
report 'stream("persistent").survival.closed' == 20
report 'stream("persistent").survival.reconnected' == 20

echo "killed, and the balancer says so"
rollout careless
expect "exit status" "$exit_status" == 1
report 'stream("persistent").totals.rejected' '>=' 20
report 'stream("persistent") | .totals.rejected == (.statuses | map(select(.code >= 500).count) | add)' == true
report 'stream("persistent").interruptions.count' '>=' 1
text '^Result:  FAIL graceful: .*[0-9]+ of [0-9]+ replies were 503.*; [0-9]+ of 20 clients interrupted, longest '
text '^EXPECTED +IS +FIRST, LAST \(after command start\)$'
text '^persistent.rejected == 0 +FAILED +[0-9]+ of [0-9]+  \+0.[0-9] s, \+[0-9.]+ s +status 503 [0-9]+'
text '^new.failed == 0 +FAILED +[0-9]+ of [0-9]+ .*status 50[23] [0-9]+'
text '^command.exit == 0 +held +0$'

echo "killed, and connections break"
haproxy_stop
for name in $BACKENDS; do
	nginx_stop "$name"
done
backends ssl
balancer tcp '' ''
rollout careless
expect "exit status" "$exit_status" == 1
report 'stream("persistent").totals.lost' '>=' 1
report 'stream("persistent").survival | .closed + .reset' == 20
report 'stream("persistent").totals.connects' '>' 20
text '^Result:  FAIL graceful: [0-9]+ requests? lost, [0-9]+ of [0-9]+ new connections failed; [0-9]+ of 20 clients interrupted, '
text '^persistent.lost == 0 +FAILED +[0-9]+ of [0-9]+  \+0.[0-9] s, \+[0-9.]+ s'
text '^new.failed == 0 +FAILED +[0-9]+ of [0-9]+ '
text '^persistent.rejected == 0 +held +0$'
text '^BACKEND +CLIENTS +UNTOUCHED '
text '^web-[123] +[67] +0 '
text '^REQUESTS  [0-9,]+ due = [0-9,]+ sent \+ [0-9]+ missed;  [0-9,]+ sent = [0-9,]+ received \+ [0-9]+ lost \+ 0 in flight$'
expect_text "$work/traffic.err" 'web-[123]: [0-9]+ connections closed by peer, [0-9]+ requests? in flight lost$'
