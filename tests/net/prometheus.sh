#!/bin/bash
# A real Prometheus scrapes a run and a server: it takes what they say (as OpenMetrics, which it asks
# for first), and what its queries answer is what the report says in the end.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need prometheus promtool curl jq

metrics_at() {
	await "$1" '"service":"metrics"' | jq -r '"\(.address):\(.port)"'
}

# It has to be told a port.
prometheus_start() {
	local _
	for _ in {1..20}; do
		prometheus=127.0.0.1:$((20000 + RANDOM % 10000))
		start prometheus prometheus --config.file="$work/prometheus.yml" \
			--storage.tsdb.path="$work/tsdb" --web.listen-address="$prometheus"
		await "$work/prometheus.err" 'Server is ready to receive|address already in use' |
			grep -q ready && return
		stop prometheus KILL
	done
	fail "prometheus doesn't start"
	exit 1
}

# query EXPRESSION: the value of its only sample, nothing if there is none.
query() {
	curl -sS --max-time 5 -G "http://$prometheus/api/v1/query" --data-urlencode "query=$1" |
		jq -r '.data.result | if length == 1 then .[0].value[1] else "" end'
}

# await_query EXPRESSION: until it has a value.
await_query() {
	local _ found
	for _ in {1..60}; do
		found=$(query "$1")
		[[ -z $found ]] || { echo "$found"; return; }
		pause 0.5
	done
	fail "no answer to $1: $(curl -sS "http://$prometheus/api/v1/targets" |
		jq -c '[.data.activeTargets[] | {health, lastError}]')"
}

serve web-1 --listen http://127.0.0.1:0 --metrics 127.0.0.1:0
served=$(metrics_at "$work/web-1.out")
: >"$work/run.ndjson"
start load "$conntest" load --no-save -c 4 -r 200 -T 0 --metrics 127.0.0.1:0 \
	-o "json=$work/report.json" -o "ndjson=$work/run.ndjson" "http://127.0.0.1:$(port web-1 http)/"
run=$(metrics_at "$work/run.ndjson")
cat >"$work/prometheus.yml" <<EOF
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: run
    static_configs: [{targets: ["$run"]}]
  - job_name: served
    static_configs: [{targets: ["$served"]}]
EOF
prometheus_start

stream='job="run",command="load",stream="load"'
expect "messages a second" "$(await_query \
	"round(rate(conntest_received_total{$stream}[3s]), 100) == 200")" == 200
expect "connections" "$(await_query "conntest_connections{$stream}")" == 4
expect "p99 of the service time" "$(await_query \
	"histogram_quantile(0.99, rate(conntest_service_seconds_bucket{$stream}[5s])) < 60")" '>' 0
expect "answers that are no 2xx" "$(await_query \
	"sum(conntest_http_responses_total{$stream,code!=\"2xx\"})")" == 0
expect "the kind of a counter" "$(curl -sS "http://$prometheus/api/v1/targets/metadata" |
	jq -r '.data[] | select(.metric == "conntest_sent_bytes" and .target.job == "run") |
		"\(.type) \(.unit)"')" == "counter bytes"
expect "a version" "$(await_query 'count(conntest_build_info{job="run",version!=""})')" == 1
expect "connections of serve" "$(await_query \
	'conntest_connections{job="served",command="serve",stream="served"}')" == 4
expect "scrapes that failed" "$(await_query 'count(up == 0) or vector(0)')" == 0
# The run is still there when it has been told, so this is never more than the report's.
last=$(await_query "conntest_received_total{$stream}")
stop load
expect "status of load" "$exit_status" == 0
expect_json "$work/report.json" 'stream("load").totals.messages_received' '>=' "$last"
expect "messages that Prometheus saw" "$last" '>' 200
adds_up "$work/report.json"
stop prometheus
stop web-1
