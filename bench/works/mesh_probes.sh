# The same probes by a mesh node and by blackbox_exporter, both driven or scraped by a Prometheus once
# a second: a TCP connection a second to each of 200 peers. CPU is of the prober's process alone: for
# blackbox_exporter that is the connection and its answer to Prometheus, for conntest also an echo over
# each connection, its verdicts and its /metrics. What Prometheus itself uses is a row apart.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest blackbox)
source bench/lib_mesh.sh
peers=200
node_seconds=10

# prometheus_start: with $files/prometheus.yml, as $prometheus on $prometheus_at.
prometheus_start() {
	needs prometheus
	prometheus_at=127.0.0.1:$((30000 + RANDOM % 10000))
	prometheus --config.file "$files/prometheus.yml" --storage.tsdb.path "$files/tsdb" \
		--web.listen-address "$prometheus_at" --log.level error \
		>"$files/prometheus.err" 2>&1 &
	prometheus=$!
	pids+=("$prometheus")
	for ((i = 0; i < 100; i++)); do
		curl -sf "http://$prometheus_at/-/ready" >/dev/null && return
		sleep 0.1
	done
	fail "prometheus does not start: $(<"$files/prometheus.err")"
}

# ask QUERY: the one number that is the answer.
ask() {
	curl -sfG "http://$prometheus_at/api/v1/query" --data-urlencode "query=$1" |
		jq -r '.data.result[0].value[1] // 0'
}

prober_end() {
	kill "$prometheus" "$1" "$server"
	reap "$prometheus" "$1" "$server" || true
	pids=()
}

# probed PID QUERY: its cpu and Prometheus's, and how many of the peers QUERY says are reached.
probed() {
	local cpu
	cpu=$(sample "$1" "$prometheus" "$node_seconds")
	merged "$cpu" "$(jq -nc --argjson reached "$(ask "$2")" '{ reached: $reached }')" |
		jq -c --argjson peers "$peers" '. + { us_each: (.cpu_client * 1e6 / $peers) }'
}

measure_conntest() {
	peers_start "$peers"
	node_start --peers-each 0 --probes tcp --wait-time 1s --rand-time 0
	cat >"$files/prometheus.yml" <<-END
		global: { scrape_interval: 1s, scrape_timeout: 1s }
		scrape_configs:
		  - job_name: mesh
		    static_configs: [{ targets: ["$(sed 's|http://||; s|/$||' <<<"$page")"] }]
	END
	prometheus_start
	sleep 8
	probed "$node" "sum(increase(conntest_probes_received_total[${node_seconds}s])) / $node_seconds"
	prober_end "$node"
}

measure_blackbox() {
	local at
	needs prometheus-blackbox-exporter
	at=127.0.0.1:$((40000 + RANDOM % 10000))
	peers_start "$peers"
	echo 'modules: { tcp: { prober: tcp } }' >"$files/blackbox.yml"
	"${measured[@]}" prometheus-blackbox-exporter --config.file "$files/blackbox.yml" \
		--web.listen-address "$at" >"$files/blackbox.err" 2>&1 &
	blackbox=$!
	pids+=("$blackbox")
	cat >"$files/prometheus.yml" <<-END
		global: { scrape_interval: 1s, scrape_timeout: 1s }
		scrape_configs:
		  - job_name: blackbox
		    metrics_path: /probe
		    params: { module: [tcp] }
		    file_sd_configs: [{ files: ["$files/peers.json"] }]
		    relabel_configs:
		      - { source_labels: [__address__], target_label: __param_target }
		      - { source_labels: [__param_target], target_label: instance }
		      - { target_label: __address__, replacement: "$at" }
	END
	prometheus_start
	sleep 8
	probed "$blackbox" "sum(probe_success)"
	prober_end "$blackbox"
}

rows() {
	against blackbox "mesh, 200 tcp probes/s: CPU, us each" .us_each "<= 0.1"
	alone "mesh, 200 tcp probes/s: answered" .reached ">= 180"
	of blackbox alone "blackbox_exporter: answered" .reached ">= 180"
	against blackbox "... with the Prometheus of each" '.cpu_client + .cpu_server' "<= 0.2"
}
