# What works of a mesh need: one node whose peers are addresses of this host, all answered by one
# server in another process.
# shellcheck shell=bash disable=SC2154

# peers_start COUNT: the server, as $server, and COUNT addresses of it in $files/peers.json.
peers_start() {
	local port=$((20000 + RANDOM % 10000))
	: >"$files/serve.out"
	"${measured[@]}" "$conntest" serve -w 1 --listen "traffic://0.0.0.0:$port" \
		--listen "traffic+udp://0.0.0.0:$port" -o ndjson \
		>"$files/serve.out" 2>"$files/serve.err" &
	server=$!
	pids+=("$server")
	await "$files/serve.out" '"transport":"udp"' >/dev/null
	jq -n --arg port "$port" --argjson count "$1" '[range($count) |
		{ targets: ["127.\(1 + . / 62500 | floor).\(. / 250 % 250 | floor).\(1 + . % 250):\($port)"] }]' \
		>"$files/peers.json"
}

# node_start OPTION...: the node, as $node, and its page as $page; returns when it serves.
node_start() {
	: >"$files/node.out"
	"${measured[@]}" "$conntest" mesh -q --node node-1 --peers "file:$files/peers.json" \
		--listen traffic://127.0.0.1:0 --listen traffic+udp://127.0.0.1:0 \
		--http 127.0.0.1:0 --window 5s --drain 0s "$@" \
		>"$files/node.out" 2>"$files/node.err" &
	node=$!
	pids+=("$node")
	page=$(await "$files/node.out" '^page' | sed 's/^page *//')
}

# node_end: and of the server.
node_end() {
	kill "$node" "$server"
	reap "$node" "$server" || true
	pids=()
}

# scrape_node FILE: its /metrics.
scrape_node() {
	curl -sf "${page}metrics" -o "$1" || fail "no /metrics: $(<"$files/node.err")"
}

resident_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

# counted FAMILY LABEL BEFORE AFTER: how much more the samples of a family with this label came to
# between two scrapes, those of pairs apart.
counted() {
	awk -v name="$1" -v label="$2" '{
			family = $1; sub(/\{.*/, "", family)
			if (family == name && index($1, label))
				sum[FILENAME] += $2
		}
		END { printf "%d\n", sum[ARGV[2]] - sum[ARGV[1]] }' "$3" "$4"
}

# delay_p99_ms BEFORE AFTER: of starting probes between two scrapes, as histogram_quantile() has it.
delay_p99_ms() {
	awk '/^conntest_agent_schedule_delay_seconds_bucket/ {
			bound = $1; sub(/.*le="/, "", bound); sub(/".*/, "", bound)
			if (FILENAME == ARGV[1])
				before[bound] = $2
			else {
				bounds[count] = bound
				counts[count++] = $2 - before[bound]
			}
		}
		END {
			wanted = 0.99 * counts[count - 1]
			for (i = 0; i < count && counts[i] < wanted; i++)
				;
			low = i ? bounds[i - 1] : 0
			below = i ? counts[i - 1] : 0
			part = counts[i] > below ? (wanted - below) / (counts[i] - below) : 0
			printf "%.3f\n", 1000 * (low + part * (bounds[i] - low))
		}' "$1" "$2"
}

# watched SECONDS: what the node uses and does meanwhile.
watched() {
	local cpu
	scrape_node "$files/before"
	cpu=$(sample "$node" "$server" "$1")
	scrape_node "$files/after"
	merged "$cpu" "$(jq -nc --argjson seconds "$1" \
		--argjson resident "$(resident_kib "$node")" \
		--argjson anonymous "$(anonymous_bytes "$node")" \
		--argjson sent "$(counted conntest_probes_sent_total '' "$files"/{before,after})" \
		--argjson lost "$(counted conntest_probes_lost_total '' "$files"/{before,after})" \
		--argjson delay "$(delay_p99_ms "$files"/{before,after})" '{
			resident_mib: ($resident / 1024), anonymous_mib: ($anonymous / 1048576),
			probes_per_s: ($sent / $seconds), lost: $lost, delay_p99_ms: $delay }')"
}
