#!/bin/bash
# ping over HTTP/2 and gRPC. Each phase in turn is made slow before nginx, h2 by ALPN and h2c, and it is
# that one which grows; health checks of gRPC's own server for JavaScript, and of ours; servers that do
# what none should.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx openssl python3 nft

# ping [OPTION...] TARGET...: all its probes in $work/probes.json, each with its target; what was printed
# in ping.out. `space=a ping ...` inside a.
ping() {
	start ping ${space:+nsenter --net="/run/netns/${spaces[$space]}"} "$conntest" ping --no-save --timeout 5s -o "ndjson=$work/ping.ndjson" "$@"
	await_exit ping
	jq -s '[.[] | select(.event == "probe") | .probe + { target }]' "$work/ping.ndjson" >"$work/probes.json"
}
# of TARGET EXPRESSION OPERATOR WANTED: of that target's probes.
of() {
	expect_json "$work/probes.json" "map(select(.target == \"$1\")) | $2" "$3" "$4"
}

# only_slow PHASE TARGET: of its first probe that phase took half a second or more, and no other one.
only_slow() {
	of "$2" '.[0] | . as $probe | ["resolve", "connect", "tls", "send", "wait", "transfer"] |
		map({ key: ., value: ($probe[. + "_ns"] // 0) }) |
		[$probe.outcome, (map(.value) | add) - $probe.total_ns, (.[] | select(.value >= 500000000) | .key)] |
		join(" ")' == "done 0 $1"
}

# ---- nginx

certificate web IP:127.0.0.1,DNS:slow.test
choose_ports plain secure lossy
start dns python3 tests/net/bad_dns.py
dns=$(await "$work/dns.out" '^ready ' | cut -d' ' -f2)
start backend "$conntest" serve --listen http://127.0.0.1:0 -o ndjson
backend=$(await "$work/backend.out" '"event":"listening"' | jq .port)
for name in plain secure; do
	[[ $name == plain ]] && tls=http2 || tls='ssl http2'
	nginx_configure "$name" "$tls" <<-END
		ssl_certificate $work/web.pem;
		ssl_certificate_key $work/web.pem;
		location = /hello { return 200 "hello \$http_x_who \$server_protocol\n"; }
		location = /moved { return 302 /hello; }
		location = /slow { proxy_pass http://127.0.0.1:$backend/delay/500; }
		location = /large { root $work; limit_rate 30k; }
		location = /upload { dav_methods PUT; root $work/$name; }
	END
	nginx_start "$name"
	start "proxies_$name" python3 tests/net/slow_proxy.py "${ports[$name]}"
done
# nginx counts seconds as the clock does, so of three a whole one is sure.
head -c 90000 /dev/zero >"$work/large"
head -c 300000 /dev/zero >"$work/body"
read -r _ late_answer late_request < <(await "$work/proxies_plain.out" '^ready ')
read -r _ late_handshake _ < <(await "$work/proxies_secure.out" '^ready ')
plain=h2c://127.0.0.1
secure=https://127.0.0.1
trust=(--ca "$work/web.crt")

echo "nginx: the answer's head late, its body slow"
ping -c 1 "${trust[@]}" "$plain:$late_answer/hello" {"$plain:${ports[plain]}","$secure:${ports[secure]}"}/{slow,large}
only_slow wait "$plain:$late_answer/hello"
for target in "$plain:${ports[plain]}" "$secure:${ports[secure]}"; do
	only_slow wait "$target/slow"
	only_slow transfer "$target/large"
	of "$target/large" '.[0].body_bytes' == 90000
done

echo "nginx: a handshake held up, room for more of a body, a name, a first SYN that is lost"
ping -c 1 "${trust[@]}" "$secure:$late_handshake/hello"
only_slow tls "$secure:$late_handshake/hello"
ping -c 1 --method PUT --body-file "$work/body" "$plain:$late_request/upload"
only_slow send "$plain:$late_request/upload"
late=https://slow.test:${ports[secure]}/hello
ping -c 1 "${trust[@]}" --dns "127.0.0.1:$dns" "$late"
only_slow resolve "$late"
namespace a
nginx_configure lossy http2 <<<'return 200 hello;'
inside a nginx -p "$work/lossy/" -c nginx.conf -e error.log
inside a nft 'table inet f { chain c { type filter hook input priority 0;
	tcp dport '"${ports[lossy]}"' tcp flags & (syn | ack) == syn numgen inc mod 2 == 0 drop; }; }' ||
	skip "no nft here"
space=a ping -c 1 "$plain:${ports[lossy]}/"
only_slow connect "$plain:${ports[lossy]}/"

echo "nginx: one connection for all, a text, a header, redirects, a body that is cut"
for target in "$plain:${ports[plain]}" "$secure:${ports[secure]}"; do
	[[ $target == https* ]] || trust=()
	[[ $target != https* ]] || trust=(--ca "$work/web.crt")
	ping -c 3 --keep --max-bytes 10000 "${trust[@]}" -H 'X-Who: me' --expect-text 'hello me HTTP/2.0' \
		-i 200ms "$target/hello" "$target/moved" "$target/large"
	of "$target/hello" 'map(.outcome) + [.[0].kept, .[2].kept] | join(",")' == done,done,done,false,true
	of "$target/moved" 'map("\(.outcome) \(.status)") | unique | join(",")' == 'rejected 302'
	of "$target/large" '.[2] | "\(.why) \(.body_bytes) \(.kept)"' == \
		'the text is not in as much as was read 10000 true'
	ping -c 1 --follow --expect-text 'hello  HTTP/2.0' "${trust[@]}" "$target/moved"
	of "$target/moved" '.[0] | "\(.outcome) \(.status)"' == 'done 200'
done

# ---- gRPC

# healths [OPTION...] ORIGIN: of a server whose db is down.
healths() {
	local server=${*: -1}
	ping -c 3 -i 200ms --keep "$@" "$server/db" "$server/nobody"
	of "$server" 'map("\(.outcome) \(.status)") + [.[0].kept, .[2].kept] | unique | join(",")' \
		== false,true,'done 1000'
	of "$server/db" '.[1] | "\(.outcome): \(.why)"' == 'rejected: health NOT_SERVING'
	of "$server/nobody" '.[1] | "\(.outcome): \(.why)" | test("^rejected: grpc NOT_FOUND")' == true
}

echo "gRPC: our own server"
start serve "$conntest" serve --listen grpc://127.0.0.1:0 --listen grpcs://127.0.0.1:0 --cert "$work/web.crt" \
	--key "$work/web.key" --health db=not-serving -o ndjson
healths "grpc://127.0.0.1:$(await "$work/serve.out" '"service":"grpc","transport":"tcp"' | jq .port)"
healths "${trust[@]}" "grpcs://127.0.0.1:$(await "$work/serve.out" '"service":"grpc","transport":"tls"' | jq .port)"

peers=tests/net/peers/node_modules
if command -v node >/dev/null && [[ -d $peers/@grpc/grpc-js ]]; then
	echo "gRPC: the server of @grpc/grpc-js"
	export NODE_PATH=$peers
	start grpc node tests/net/grpc_server.js
	start grpcs node tests/net/grpc_server.js "$work/web.key" "$work/web.crt"
	healths "grpc://127.0.0.1:$(await "$work/grpc.out" ready | cut -d ' ' -f 2)"
	healths "${trust[@]}" "grpcs://127.0.0.1:$(await "$work/grpcs.out" ready | cut -d ' ' -f 2)"
fi

# ---- servers that do what none should

declare -A wanted=(
	[settings_flood]='protocol: sent more than 1,000 frames a second that bring nothing'
	[reset]='reset: RST_STREAM ENHANCE_YOUR_CALM'
	[goaway_calm]='closed: with GOAWAY ENHANCE_YOUR_CALM, before it answered'
	[large_headers]='protocol: sent more than 64 KiB of headers'
	[continuation]='protocol: sent one head in too many frames'
	[no_trailers]='protocol: ended the call without grpc-status'
	[http1]='protocol: answered in HTTP/1.1 and does not speak HTTP/2 here'
	[mid_frame]='closed: in mid-frame, after 3 bytes'
	[silent]=no_reply
)
declare -A bad=()
for how in "${!wanted[@]}"; do
	start "bad_$how" python3 tests/net/bad_h2.py "$how"
done
for how in "${!wanted[@]}"; do
	[[ $how == no_trailers ]] && scheme=grpc || scheme=h2c
	bad[$how]=$scheme://127.0.0.1:$(await "$work/bad_$how.out" ready | cut -d ' ' -f 2)/
done
echo "servers that do: ${!wanted[*]}"
ping -c 2 -i 50ms --timeout 1s "${bad[@]}"
expect "exit status" "$exit_status" == 1
for how in "${!wanted[@]}"; do
	of "${bad[$how]}" 'map(.outcome + if .why then ": " + .why else "" end) | unique | join(", ")' \
		== "${wanted[$how]}"
done
