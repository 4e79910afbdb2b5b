#!/bin/bash
# The service ws with a client that is not conntest: Debian's node-ws. Messages of all sizes and
# fragments come back, pings are answered, goodbyes and mistakes get their codes, a drain says 1001.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq node
export NODE_PATH=/usr/share/nodejs
node -e 'require("ws")' 2>/dev/null || skip "node-ws is not installed"

serve ws --listen ws://127.0.0.1:0
url="ws://127.0.0.1:$(port ws ws)/any/path?query=1"

status=0
timeout 120 node tests/net/ws_client.js "$url" messages many large fragments pings codes \
	subprotocols mistakes || status=$?
expect "exit status of the client" "$status" == 0

# A client that dies in mid-message leaves the server as it was.
start dying timeout 60 node -e '
	const socket = new (require("ws"))(process.argv[1]);
	socket.on("open", () => {
		socket.send("half a message", { fin: false });
		socket.send(Buffer.alloc(1 << 20), { fin: false }, () => console.log("sent"));
	});' "$url"
await "$work/dying.out" sent >/dev/null
kill -KILL "${pids[dying]}"
await_exit dying

start drained timeout 60 node tests/net/ws_client.js "$url" drained
await "$work/drained.out" '^up$' >/dev/null
stop ws
expect "exit status of serve" "$exit_status" == 0
await_exit drained
expect "exit status of the client that was told" "$exit_status" == 0
expect_text "$work/drained.out" '^ok drained$'
