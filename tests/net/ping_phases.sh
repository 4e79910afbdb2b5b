#!/bin/bash
# Looks at nginx over HTTP/1.1, with TLS and without: half a second put into each phase in turn makes
# that one grow and no other; and what is told beside: size, address, where a redirect leads.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx python3 nft

# look NAME OPTION...: one probe; what came of it is $work/probe.json. `space=a look ...` inside a.
look() {
	local trust=()
	echo "$1"
	rm -f "$work/ping.ndjson"
	[[ ${*: -1} != https* ]] || trust=(--ca "$work/web.test.crt")
	start ping ${space:+nsenter --net="/run/netns/${spaces[$space]}"} "$conntest" ping \
		--no-save -q -c 1 --timeout 20s --dns "127.0.0.1:$dns" "${trust[@]}" \
		-o "ndjson=$work/ping.ndjson" "${@:2}"
	await_exit ping
	jq -c 'select(.event == "probe") | .probe' "$work/ping.ndjson" >"$work/probe.json"
	expect "exit status of $1" "$exit_status" == 0
	probe '[.outcome, ([.resolve_ns, .connect_ns, .tls_ns, .send_ns, .wait_ns, .transfer_ns] |
		add) - .total_ns] | join(" ")' == "done 0"
}

probe() { expect_json "$work/probe.json" "$@"; }

# grew PHASE: half a second or more is in it, and in no other one.
grew() {
	probe '[to_entries[] | select(.key | test("^(resolve|connect|tls|send|wait|transfer)_ns$")) |
		select((.value // 0) >= 500000000) | .key] | join(" ")' == "$1_ns"
}

start dns python3 tests/net/bad_dns.py
dns=$(await "$work/dns.out" '^ready ' | cut -d' ' -f2)
certificate web.test DNS:web.test,DNS:slow.test
choose_ports plain secure lossy
mkdir -p "$work/files"
head -c 8000000 /dev/zero >"$work/files/large"
head -c 90000 /dev/zero >"$work/files/medium"
nginx_configure plain "" <<-END
	root $work/files;
	location /slowly { alias $work/files/medium; limit_rate 30k; }
	location /take { return 200 taken; }
	location /moved { return 302 /; }
	location / { return 200 hello; }
END
# nginx counts seconds as the clock does, so of three a whole one is sure.
nginx_start plain
start proxies python3 tests/net/slow_proxy.py "${ports[plain]}"
read -r _ late_answer late_request < <(await "$work/proxies.out" '^ready ')
nginx_configure secure ssl <<-END
	ssl_certificate $work/web.test.crt;
	ssl_certificate_key $work/web.test.key;
	ssl_protocols TLSv1.3;
	location /late { proxy_pass http://127.0.0.1:$late_answer; }
	location /slowly { alias $work/files/medium; limit_rate 30k; }
	location / { return 200 hello; }
END
nginx_start secure
start tls_proxies python3 tests/net/slow_proxy.py "${ports[secure]}"
read -r _ late_handshake _ < <(await "$work/tls_proxies.out" '^ready ')

look "nothing is slow" "https://web.test:${ports[secure]}/"
probe '[.status, .body_bytes, .remote] | join(" ")' == "200 5 127.0.0.1:${ports[secure]}"

look "a slow name" "http://slow.test:${ports[plain]}/"
grew resolve
look "a slow handshake" "https://web.test:$late_handshake/"
grew tls
look "a slow reader" --body-file "$work/files/large" --sndbuf 64KiB "http://web.test:$late_request/take"
grew send
look "a slow answer" "http://web.test:$late_answer/"
grew wait
look "a slow answer over TLS" "https://web.test:${ports[secure]}/late"
grew wait
look "a slow body" "http://web.test:${ports[plain]}/slowly"
grew transfer
probe .body_bytes == 90000
look "a slow body over TLS" "https://web.test:${ports[secure]}/slowly"
grew transfer
look "a redirect" --follow "http://web.test:${ports[plain]}/moved"
probe '[.status, .body_bytes, .location] | join(" ")' == "200 5 "

# The first packet of each connection is lost, and sent again after a second.
namespace a
nginx_configure lossy "" <<<'return 200 hello;'
inside a nginx -p "$work/lossy/" -c nginx.conf -e error.log
inside a nft 'table inet f { chain c { type filter hook input priority 0;
	tcp dport '"${ports[lossy]}"' tcp flags & (syn | ack) == syn numgen inc mod 2 == 0 drop; }; }' ||
	skip "no nft here"
space=a look "a lost SYN" "http://127.0.0.1:${ports[lossy]}/"
grew connect
for name in dns proxies tls_proxies; do
	stop "$name"
done
