#!/bin/bash
# Looks at what misbehaves: each has an outcome, the phase that it failed in, a clause that says why,
# and no duration of that phase; the sum of what it went through is all that it took.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx python3 nft faketime

# look NAME OPTION... TARGET: one probe; what came of it is $work/probe.json. `space=a look ...`
# inside a.
look() {
	echo "$1"
	rm -f "$work/ping.ndjson"
	start ping ${space:+nsenter --net="/run/netns/${spaces[$space]}"} "$conntest" ping \
		--no-save -q -c 1 --timeout 5s --dns "127.0.0.1:$dns" -o "ndjson=$work/ping.ndjson" \
		"${@:2}"
	await_exit ping
	jq -c 'select(.event == "probe") | .probe' "$work/ping.ndjson" >"$work/probe.json"
}

# failed PHASE OUTCOME WHY: it did, and that phase has no duration but that of the failure.
failed() {
	expect "exit status" "$exit_status" == 1
	expect_json "$work/probe.json" '[.failed_in, .outcome, .why // "-"] | join(" ")' == "$1 $2 ${3:--}"
	expect_json "$work/probe.json" ".${1}_ns" == null
	expect_json "$work/probe.json" .total_ns == null
	expect_json "$work/probe.json" .failed_after_ns '>' 0
}

# web HOW SCHEME OPTION...: a look at tests/net/bad_web.py.
web() {
	local status
	start "$1" python3 tests/net/bad_web.py "$1"
	look "$1" "${@:3}" "$2://127.0.0.1:$(await "$work/$1.out" '^ready ' | cut -d' ' -f2)/"
	status=$exit_status
	stop "$1"
	exit_status=$status
}

# dated_certificate NAME COMMAND...: for web.test, for a day from COMMAND's now.
dated_certificate() {
	"${@:2}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
		-keyout "$work/$1.key" -out "$work/$1.crt" -subj "/CN=web.test" \
		-addext "subjectAltName=DNS:web.test" 2>"$work/openssl.err"
}

start dns python3 tests/net/bad_dns.py
dns=$(await "$work/dns.out" '^ready ' | cut -d' ' -f2)

look "no such name" http://none.test/
failed resolve not_resolved "none.test: no such name"
look "a server of names that fails" http://broken.test/
failed resolve not_resolved "broken.test: no name server gives an answer"
look "one that never answers" --timeout 500ms http://silent.test/
failed resolve not_resolved "no answer from DNS in time"

choose_ports web old nobody
look "nobody listens" "http://127.0.0.1:${ports[nobody]}/"
failed connect refused
namespace a
inside a nft 'table inet f { chain c { type filter hook input priority 0;
	tcp dport 7 drop; tcp dport 9 reject with icmpx type admin-prohibited; }; }' ||
	skip "no nft here"
space=a look "filtered" --timeout 1500ms tcp://127.0.0.1:7
failed connect connect_timeout "SYN sent 2 times"
space=a look "rejected on the way" tcp://127.0.0.1:9
failed connect unreachable

dated_certificate web
dated_certificate old faketime '2020-05-05 10:00:00Z'
for name in web old; do
	nginx_configure "$name" ssl <<-END
		ssl_certificate $work/$name.crt;
		ssl_certificate_key $work/$name.key;
		location / { return 200 hello; }
	END
	nginx_start "$name"
done
look "an expired certificate" --ca "$work/old.crt" "https://web.test:${ports[old]}/"
failed tls untrusted "the certificate expired on 2020-05-06T10:00:00Z (-k goes on all the same)"
look "a certificate for another" --ca "$work/web.crt" "https://other.test:${ports[web]}/"
failed tls untrusted "the certificate is for web.test, not for other.test: --sni web.test, or -k to trust anything"
look "that name asked for" --ca "$work/web.crt" --sni web.test "https://other.test:${ports[web]}/"
expect_json "$work/probe.json" .outcome == "done"

web plain https -k
failed tls protocol "the peer does not speak TLS (it answered \"HTTP/1.1 400 Bad Request\")"
web reset_early https -k
failed tls reset "in the TLS handshake"
web at_once_closed http
failed wait closed "before it answered"
web mid_header http
failed transfer closed "in mid-header"
web mid_close http
failed transfer closed "in mid-body, after 2 bytes"
web mid_reset http
failed transfer reset "in the middle of its answer"
web huge_header http
failed transfer protocol "sent more than 64 KiB of header fields"
web chunk_overflow http
failed transfer protocol "sent a chunk size that overflows"
web never_reads http --timeout 300ms
failed wait no_reply
web drip http --timeout 300ms
failed transfer timed_out
web no_upgrade ws
expect_json "$work/probe.json" '[.outcome, .why, .total_ns > 0] | map(tostring) | join(" ")' == \
	"rejected status 200 OK instead of 101 true"
web wrong_accept ws
failed transfer protocol "answered the WebSocket upgrade with a Sec-WebSocket-Accept that does not belong to our key"
web huge_body http --max-bytes 3MB
expect_json "$work/probe.json" '[.outcome, .body_bytes, .cut] | map(tostring) | join(" ")' == \
	"done 3000000 true"
