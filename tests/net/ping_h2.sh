#!/bin/bash
# ping over HTTP/2 and gRPC. Each phase in turn is made slow before nginx, h2 by ALPN and h2c, and it is
# that one which grows; health checks of gRPC's own server for JavaScript, and of ours; servers that do
# what none should.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx openssl python3

# ping [OPTION...] TARGET...: all its probes in $work/probes.json, each with its target; what was printed
# in ping.out.
ping() {
	start ping "$conntest" ping --no-save --timeout 5s -o "ndjson=$work/ping.ndjson" "$@"
	await_exit ping
	jq -s '[.[] | select(.event == "probe") | .probe + { target }]' "$work/ping.ndjson" >"$work/probes.json"
}
# of TARGET EXPRESSION OPERATOR WANTED: of that target's probes.
of() {
	expect_json "$work/probes.json" "map(select(.target == \"$1\")) | $2" "$3" "$4"
}

# only_slow PHASE TARGET: it took 250 ms at least, and every other one less than 150 in a probe.
only_slow() {
	local phase
	of "$2" 'map(.outcome) | unique | join(",")' == 'done'
	for phase in resolve connect tls send wait transfer; do
		if [[ $phase == "$1" ]]; then
			of "$2" "map(.${phase}_ns) | min" '>=' 250000000
		else
			of "$2" "map(.${phase}_ns // 0) | min" '<' 150000000
		fi
	done
	of "$2" 'map((.resolve_ns // 0) + (.connect_ns // 0) + (.tls_ns // 0) + .send_ns + .wait_ns + .transfer_ns
		== .total_ns) | all' == true
}

# slow WHERE [PORT]: the relay's own port is ${slow[WHERE]}.
declare -A slow=()
slow() {
	start "slow_$1" python3 tests/net/slow.py "$@"
	slow[$1]=$(await "$work/slow_$1.out" ready | cut -d ' ' -f 2)
}

# ---- nginx

certificate web IP:127.0.0.1,DNS:web.test
choose_ports plain secure
start backend "$conntest" serve --listen http://127.0.0.1:0 -o ndjson
backend=$(await "$work/backend.out" '"event":"listening"' | jq .port)
for name in plain secure; do
	[[ $name == plain ]] && tls=http2 || tls='ssl http2'
	nginx_configure "$name" "$tls" <<-END
		ssl_certificate $work/web.pem;
		ssl_certificate_key $work/web.pem;
		location = /hello { return 200 "hello \$http_x_who \$server_protocol\n"; }
		location = /moved { return 302 /hello; }
		location = /slow { proxy_pass http://127.0.0.1:$backend/delay/300; }
		location = /large { root $work; limit_rate 40k; }
		location = /upload { dav_methods PUT; root $work/$name; }
	END
	nginx_start "$name"
done
head -c 60000 /dev/zero >"$work/large"
head -c 300000 /dev/zero >"$work/body"
declare -A origin=([plain]=h2c://127.0.0.1 [secure]=https://127.0.0.1)

for name in plain secure; do
	target=${origin[$name]}:${ports[$name]}
	trust=()
	[[ $name == plain ]] || trust=(--ca "$work/web.crt")
	echo "nginx, $name: the answer's head late, its body slow"
	ping -c 2 -i 100ms "${trust[@]}" "$target/slow" "$target/large"
	only_slow wait "$target/slow"
	only_slow transfer "$target/large"
	of "$target/large" 'map(.body_bytes) | unique | join(",")' == 60000
	echo "nginx, $name: the first bytes held up, and room for more of a body"
	slow hello "${ports[$name]}"
	late=${origin[$name]}:${slow[hello]}/hello
	ping -c 2 -i 100ms "${trust[@]}" "$late"
	[[ $name == plain ]] && phase=wait || phase=tls
	only_slow "$phase" "$late"
	stop slow_hello
	slow request "${ports[$name]}"
	late=${origin[$name]}:${slow[request]}/upload
	ping -c 2 -i 100ms "${trust[@]}" --method PUT --body-file "$work/body" "$late"
	only_slow send "$late"
	stop slow_request
	echo "nginx, $name: one connection for all, a text, a header, redirects, a body that is cut"
	ping -c 3 -i 50ms --keep --max-bytes 10000 "${trust[@]}" -H 'X-Who: me' --expect-text 'hello me HTTP/2.0' \
		"$target/hello" "$target/moved" "$target/large"
	of "$target/hello" 'map("\(.outcome) \(.kept)") | join(",")' == 'done false,done true,done true'
	of "$target/moved" 'map("\(.outcome) \(.status)") | unique | join(",")' == 'rejected 302'
	of "$target/large" 'map("\(.outcome) \(.why) \(.body_bytes) \(.kept)") | .[1]' == \
		'rejected the text is not in as much as was read 10000 true'
	ping -c 1 --follow --expect-text 'hello  HTTP/2.0' "${trust[@]}" "$target/moved"
	of "$target/moved" '.[0] | "\(.outcome) \(.status)"' == 'done 200'
done

echo "nginx, secure: a name that resolves late, a first SYN that is not heard"
slow dns
late=https://web.test:${ports[secure]}/hello
ping -c 2 -i 100ms "${trust[@]}" --dns "127.0.0.1:${slow[dns]}" "$late"
only_slow resolve "$late"
slow connect "${ports[secure]}"
late=https://127.0.0.1:${slow[connect]}/hello
ping -c 1 "${trust[@]}" "$late"
only_slow connect "$late"

# ---- gRPC

# healths [OPTION...] ORIGIN: of a server whose db is down.
healths() {
	local server=${*: -1}
	ping -c 2 -i 50ms --keep "$@" "$server/db" "$server/nobody"
	of "$server" 'map("\(.outcome) \(.status) \(.kept)") | join(",")' == 'done 1000 false,done 1000 true'
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
