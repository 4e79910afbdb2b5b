#!/bin/bash
# Looks at echoes, traffic and WebSockets, ours and those of others, with new connections and a kept
# one; and at an nginx that ends a kept one after two answers.
# shellcheck source=lib_web.sh
source "$(dirname "$0")/lib_web.sh"
need jq nginx node
export NODE_PATH=/usr/share/nodejs
node -e 'require("ws")' 2>/dev/null || skip "node-ws is not installed"
export XDG_RUNTIME_DIR=$work

# looks WANTED OPTION... TARGET: four probes, all of which are answered; WANTED: on how many
# connections, 4 or, kept, fewer.
looks() {
	echo "${*:2}"
	rm -f "$work/ping.ndjson"
	start ping "$conntest" ping --no-save -q -c 4 -i 100ms --timeout 10s \
		-o "ndjson=$work/ping.ndjson" "${@:2}"
	await_exit ping
	jq -sc 'map(select(.event == "probe") | .probe)' "$work/ping.ndjson" >"$work/probes.json"
	expect "exit status" "$exit_status" == 0
	expect_json "$work/probes.json" 'map(select(.outcome == "done")) | length' == 4
	expect_json "$work/probes.json" 'map(select(.connect_ns)) | length' == "$1"
}

# status STATUS...: of the four.
status() {
	expect_json "$work/probes.json" 'map(.status | tostring) | join(" ")' == "$*"
}

for service in echo traffic ws echo+tls wss; do
	listen+=(--listen "$service://127.0.0.1:0")
done
serve all "${listen[@]}"
looks 4 "echo://127.0.0.1:$(port all echo)"
looks 1 --keep --size 60000 "echo://127.0.0.1:$(port all echo)"
looks 1 --keep "traffic://127.0.0.1:$(port all traffic)"
looks 4 -k "echo+tls://127.0.0.1:$(port all echo tls)"
looks 1 -k --keep "wss://127.0.0.1:$(port all ws tls)/"
status 101 0 0 0

start node node tests/net/ws_server.js echo
place=127.0.0.1:$(await "$work/node.out" '^ready ' | cut -d' ' -f2)
looks 4 "ws://$place/chat"
status 101 101 101 101
looks 1 --keep "ws://$place/chat"
stop node
expect "ends that node saw" "$(sed -n 's/^seen //p' "$work/node.out" | jq -c .closes)" == '{"1000":5}'

choose_ports web
nginx_configure web "" <<<'keepalive_requests 2; location / { return 200 hello; }'
nginx_start web
looks 2 --keep "http://127.0.0.1:${ports[web]}/"
