#!/bin/bash
# Servers that misbehave: a load on them ends in good time, its report tells in which phase what went
# wrong, and a sentence says it to people.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq python3

report() { expect_json "$work/report.json" "$@"; }
text() { expect_text "$work/load.out" "$@"; }
errors='[stream("load").errors[] | .phase + " " + .outcome] | unique | join(", ")'

# peer HOW SCHEME [OPTION...]: a moment of load on tests/net/bad_web.py.
peer() {
	local before=$SECONDS status trust=()
	[[ $2 != https && $2 != wss ]] || trust=(-k)
	echo "$1, $2"
	start "$1" timeout 60 python3 tests/net/bad_web.py "$1"
	place=127.0.0.1:$(await "$work/$1.out" '^ready ' | cut -d' ' -f2)
	load -c 2 -T 500ms "${trust[@]}" --connect-timeout 500ms --reply-timeout 200ms "${@:3}" \
		"$2://$place"
	expect "seconds of $1" $((SECONDS - before)) '<=' 8
	status=$exit_status
	stop "$1"
	exit_status=$status
}

# refused ERRORS SENTENCE: it answered nothing, for this reason; the host is before the sentence.
refused() {
	expect "exit status" "$exit_status" == 1
	report "$errors" == "$1"
	report 'stream("load").totals.messages_received' == 0
	text "^Result:  nothing answered: .*\($place$2\)\$"
	text '^Trust:   bad: there was nothing to measure$'
}

ws=(-m hello --reply echo)
peer plain https
refused "tls protocol" ": the peer does not speak TLS .it answered \"HTTP/1.1 400 Bad Request\"."
peer plain wss "${ws[@]}"
refused "tls protocol" ": the peer does not speak TLS .*"
peer wrong_accept ws "${ws[@]}"
refused "upgrade protocol" " answered the WebSocket upgrade with a Sec-WebSocket-Accept that does not belong to our key"
text '^NOT UP  [0-9]+ attempts: broke the protocol \(answered the WebSocket upgrade with'
peer no_upgrade ws "${ws[@]}"
refused "upgrade rejected" " answered the WebSocket upgrade with another status than 101 Switching Protocols"
text '^NOT UP  [0-9]+ attempts: status 200 \(answered the WebSocket upgrade with another status than 101 Switching Protocols\) [0-9]+$'
peer huge_frame ws "${ws[@]}"
refused "reply protocol" " sent a WebSocket frame of 2\^63 bytes or more"
peer masked_frame ws "${ws[@]}"
refused "reply protocol" " sent a WebSocket frame of a server that is masked"
peer huge_header http
refused "reply protocol" " sent more than 64 KiB of header fields"
peer huge_header ws "${ws[@]}"
refused "upgrade protocol" " .*"
peer chunk_overflow http
refused "reply protocol" " sent a chunk size that overflows"
text '^ENDED EARLY  [0-9]+: broke the protocol \(sent a chunk size that overflows\) [0-9]+$'
report 'stream("load") | .totals.lost == .totals.messages_sent' == true
text '^REQUESTS  [0-9]+ sent = 0 received \+ [0-9]+ lost \+ 0 in flight$'
peer never_reads http
refused "" " takes connections but doesn't answer"
report 'stream("load").totals | [.messages_sent, .in_flight] | join(" ")' == "2 2"
head -c 8000000 /dev/zero >"$work/large"
peer never_reads http --body-file "$work/large"
refused "" " takes connections but doesn't answer"
peer never_reads tcp --message-size 1MB --reply echo
refused "" " takes connections but doesn't answer"
peer never_reads ws --connect-timeout 300ms "${ws[@]}"
refused "upgrade no_reply" " takes connections but doesn't answer the upgrade to WebSocket"
peer never_reads https --connect-timeout 300ms
refused "tls no_reply" " takes connections but doesn't answer a TLS handshake"
peer drip http
refused "" " takes connections but doesn't answer"
peer mid_close http
refused "receive closed" " takes connections and ends them: .*"
peer mid_reset http
refused "receive reset" " takes connections and ends them: .*"
peer mid_close tcp -e -m 'GET / HTTP/1.1\r\n\r\n' --reply 'bytes 1000'
refused "receive closed" " takes connections and ends them: .*"

# What comes unasked is told, though some of it was taken for answers.
peer flood http
expect "exit status" "$exit_status" == 0
report "$errors" == "reply protocol"
report 'stream("load").errors[0].why' == "sent a response that nobody asked for"
text '^ENDED EARLY  [0-9]+: broke the protocol \(sent a response that nobody asked for\) [0-9]+$'
