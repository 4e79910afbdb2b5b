#!/bin/bash
# TLS against OpenSSL's own tools and ourselves: both roles and both versions, certificates that are
# not to be trusted, peers that speak none, resumption, and a server that drains.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq openssl ss faketime

export XDG_RUNTIME_DIR=$work
report=$work/report.json

# tls_traffic [OPTION...] TARGET: a second of it, with new connections besides.
tls_traffic() {
	traffic -c 4 -r 10/conn --new-connections 10/s --path-probe off --connect-timeout 2s -T 1s "$@"
}

# good WHAT: all was answered.
good() {
	expect "$1: exit status" "$exit_status" == 0
	expect_json "$report" 'stream("persistent").totals.messages_received' == 40
	expect_json "$report" 'stream("persistent").totals.lost' == 0
}

# refused OUTCOME SENTENCE: nothing was, for this reason.
refused() {
	expect "exit status of $1" "$exit_status" == 1
	expect_json "$report" 'stream("persistent").errors | map(.phase + " " + .outcome) | unique | join(", ")' == "tls $1"
	expect_json "$report" .tls.complaint == "$2"
	expect_text "$work/traffic.out" "^Result:  nothing answered: .*: ${2//[()]/.}\\)"
}

# certificate NAME SUBJECT-ALTERNATIVE-NAME [COMMAND...]: self-signed, for a day from COMMAND's now.
certificate() {
	"${@:3}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
		-keyout "$work/$1.key" -out "$work/$1.crt" -subj "/CN=$1" -addext "subjectAltName=$2" \
		2>"$work/openssl.err"
}

certificate web DNS:web.test,IP:127.0.0.1
certificate old IP:127.0.0.1 faketime '2020-05-05 10:00:00Z'
certificate client DNS:client.test

echo "our client, our server, a certificate of its own"
serve web-1 --listen traffic+tls://127.0.0.1:0 --listen echo+tls://127.0.0.1:0
port=$(port web-1 traffic tls)
ca=$(await "$work/web-1.out" '"service":"echo"' | jq -r .certificate)
expect "certificate's file" "$ca" == "$work/conntest-${pids[web-1]}-cert.pem"
tls_traffic --ca "$ca" --tls-resume "traffic+tls://127.0.0.1:$port"
good "traffic+tls"
expect_json "$report" .tls.version == TLSv1.3
expect_json "$report" .tls.verified == true
expect_json "$report" .tls.handshakes == 14
expect_json "$report" .tls.resumed '>=' 8
expect_json "$report" 'stream("persistent").latency.tls.count' == 4
expect_json "$report" 'stream("new").latency.tls.count' == 10
expect_text "$work/traffic.out" '^TLS:     TLSv1.3, TLS_[A-Z0-9_]*; 14 handshakes, '
tls_traffic -k --tls-version 1.2 "tls://localhost:$port"
good "-k"
expect_json "$report" .tls.version == TLSv1.2
expect_json "$report" .tls.verified == false
tls_traffic --ca "$ca" --message-size 300KiB -r 1/conn --new-connections off "tls://127.0.0.1:$port"
expect "large messages: exit status" "$exit_status" == 0

echo "openssl s_client of our server"
for version in tls1_2 tls1_3; do
	mkfifo "$work/$version.in"
	exec {input}<>"$work/$version.in"
	stdin=$work/$version.in start "$version" openssl s_client -quiet "-$version" -CAfile "$ca" \
		-verify_return_error -verify_ip 127.0.0.1 \
		-connect "127.0.0.1:$(port web-1 echo tls)"
	echo "is anybody there?" >&"$input"
	await "$work/$version.out" '^is anybody there\?$' >/dev/null
	stop "$version"
	exec {input}>&-
done

echo "not to be trusted"
tls_traffic "traffic+tls://127.0.0.1:$port"
refused untrusted "the certificate is signed by nobody whom this host trusts (self-signed): --ca FILE, or -k to trust anything"
tls_traffic --ca "$ca" --sni other.test "traffic+tls://127.0.0.1:$port"
refused untrusted "the certificate is for localhost and $(($(openssl x509 -in "$ca" -noout -ext subjectAltName | tail -n +2 | tr , '\n' | grep -c :) - 1)) others, not for other.test: --sni localhost, or -k to trust anything"
serve old --listen traffic+tls://127.0.0.1:0 --cert "$work/old.crt" --key "$work/old.key"
tls_traffic --ca "$work/old.crt" "traffic+tls://127.0.0.1:$(port old traffic tls)"
refused untrusted "the certificate expired on 2020-05-06T10:00:00Z (-k goes on all the same)"
stop old

echo "clients with a certificate"
serve strict --listen traffic+tls://127.0.0.1:0 --cert "$work/web.crt" --key "$work/web.key" \
	--ca "$work/client.crt"
strict=traffic+tls://127.0.0.1:$(port strict traffic tls)
tls_traffic --ca "$work/web.crt" --cert "$work/client.crt" --key "$work/client.key" "$strict"
good "--cert"
tls_traffic --ca "$work/web.crt" --tls-version 1.2 "$strict"
refused tls "the peer refused: handshake failure (no common version or cipher, or it wants --cert)"
tls_traffic --ca "$work/web.crt" "$strict"
expect "exit status without --cert" "$exit_status" == 1
expect_json "$report" .tls.complaint == "the peer refused: certificate required (it wants a certificate of ours: --cert, --key)"
stop strict

echo "peers that speak no TLS"
start echo "$helpers/bad_peer" echo
tls_traffic -k "tls://127.0.0.1:$(await "$work/echo.out" ready | cut -d' ' -f2)"
refused protocol "the peer does not speak TLS: it is a plain echo"
stop echo
serve plain
tls_traffic -k "tls://127.0.0.1:$(port plain)"
refused protocol 'the peer does not speak TLS (it answered "plain")'
traffic -c 1 --new-connections off --path-probe off -T 1s --give-up 1s "tcp://127.0.0.1:$port"
expect "exit status of a plain client" "$exit_status" == 1
stop plain

echo "a server that drains"
traffic_start -c 5 -r 20/conn --new-connections off --path-probe off --reconnect off -T 3s \
	--ca "$ca" "tls://127.0.0.1:$port"
stop web-1
traffic_end
# A message may cross the server's goodbye, and is lost then, as over TCP.
expect_json "$report" 'stream("persistent").survival | .closed + .reset' == 5
expect_json "$report" 'stream("persistent").totals.lost' '<=' 2
expect_json "$report" .tls.cut_short == 0
expect "certificates that are left" "$(find "$work" -name '*cert.pem' | wc -l)" == 0

echo "our client of openssl s_server, whose output is its input"
mkfifo "$work/loop"
exec {loop}<>"$work/loop"
for version in 1_2 1_3; do
	openssl s_server -quiet "-tls$version" -alpn http/1.1 -accept 127.0.0.1:0 -cert "$work/web.crt" \
		-key "$work/web.key" <&"$loop" >&"$loop" 2>"$work/s_server.err" &
	pids[s_server]=$!
	until place=$(ss -Hltnp | grep "pid=${pids[s_server]},"); do pause 0.02; done
	traffic -c 1 -r 40 --new-connections off --path-probe off -T 1s --ca "$work/web.crt" \
		--sni web.test --alpn http/1.1 "tls://127.0.0.1:$(grep -o '127.0.0.1:[0-9]*' <<<"$place" | cut -d: -f2)"
	good "s_server $version"
	expect_json "$report" .tls.version == "TLSv${version/_/.}"
	expect_json "$report" .tls.protocol == http/1.1
	kill -KILL "${pids[s_server]}"
	await_exit s_server
done

echo "a server that is killed"
serve web-2 --listen traffic+tls://127.0.0.1:0
ca=$(await "$work/web-2.out" '"service":"traffic"' | jq -r .certificate)
traffic_start -c 5 -r 20/conn --new-connections off --path-probe off --reconnect off -T 3s \
	--ca "$ca" "tls://127.0.0.1:$(port web-2 traffic tls)"
stop web-2 KILL
traffic_end
# The kernel ends its connections as if nothing was, or resets those with bytes that nobody read.
expect_json "$report" '(stream("persistent").survival.reset) + .tls.cut_short' == 5
