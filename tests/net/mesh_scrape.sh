#!/bin/bash
# A mesh is scraped: by promtool, by a strict parser of OpenMetrics, by a real Prometheus that asks one
# node for text and one for OpenMetrics, and again and again for 10,000 series while 200 peers are
# probed: no probe is left out for it.
# shellcheck source=lib_nodes.sh
source "$(dirname "$0")/lib_nodes.sh"
need prometheus promtool
one=http://$(place 1):8080 two=http://$(place 2):8080

# value FILE NAME [LABEL]: the sum of the samples of that name whose labels hold this text.
value() {
	{ grep -F -- "${3-}" "$1" || true; } |
		awk -v name="$2" '{ split($1, n, "{") } n[1] == name { sum += $2 } END { print sum + 0 }'
}

# lint FILE: what promtool has to say of a page of text.
lint() {
	promtool check metrics <"$1" >"$work/lint" 2>&1 || fail "promtool: $(<"$work/lint")"
	expect "words of promtool on $1" "$(<"$work/lint")" == ""
}

# parse FILE: its samples as a strict parser of OpenMetrics counts them.
parse() {
	/usr/bin/python3 -c 'if True:
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families
		families = list(text_string_to_metric_families(sys.stdin.read()))
		print(sum(len(family.samples) for family in families))' <"$1"
}

echo "two nodes"
peers=2 node 1 --location north --pairs
peers=1 node 2 --location south
await_json "$one/v1/peers" '.Peers[0] | .Host == "node-2" and .conntest.verdict == "ok"'
await_json "$two/v1/peers" '.Peers[0] | .Host == "node-1" and .conntest.verdict == "ok"'
for query in '' '?pairs=1'; do
	curl -sS -o "$work/text" "$one/metrics$query"
	lint "$work/text"
	curl -sS -o "$work/open" -H 'Accept: application/openmetrics-text' "$two/metrics$query"
	expect "last line of OpenMetrics" "$(tail -n 1 "$work/open")" == "# EOF"
	! /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null ||
		expect "samples of OpenMetrics" "$(parse "$work/open")" == "$(grep -vc '^#' "$work/open")"
done

cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: text
    scrape_protocols: [PrometheusText0.0.4]
    static_configs: [{targets: ["$(place 1):8080"]}]
  - job_name: open
    scrape_protocols: [OpenMetricsText1.0.0]
    static_configs: [{targets: ["$(place 2):8080"]}]
  - job_name: found
    http_sd_configs: [{url: "$one/sd", refresh_interval: 1s}]
END
promtool check config "$work/prometheus.yml" >"$work/config" 2>&1 || sed -i '/scrape_protocols/d' "$work/prometheus.yml"
start prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
	--web.listen-address=127.0.0.1:9090
awaited "$work/prometheus.err" 'Server is ready to receive'

# query EXPRESSION: the value of its only sample, nothing if there is none.
query() {
	curl -sS --max-time 5 -G "http://127.0.0.1:9090/api/v1/query" --data-urlencode "query=$1" |
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
	fail "no answer to $1: $(curl -sS "http://127.0.0.1:9090/api/v1/targets" |
		jq -c '[.data.activeTargets[] | {job: .labels.job, health, lastError}]')"
}

for job in text open; do
	expect "probes a second of $job" "$(await_query \
		"sum(rate(conntest_probes_sent_total{job=\"$job\",probe=\"udp\"}[5s])) > 4")" '>' 4
	expect "lost of $job" "$(await_query "sum(conntest_probes_lost_total{job=\"$job\"}) or vector(0)")" == 0
	expect "p99 of $job" "$(await_query "histogram_quantile(0.99,
		sum by (le) (rate(conntest_probe_rtt_seconds_bucket{job=\"$job\",probe=\"udp\"}[10s]))) < 60")" '>' 0
	expect "a version of $job" "$(await_query "count(conntest_build_info{job=\"$job\",version!=\"\"})")" == 1
done
expect "nodes out of /sd" "$(await_query 'count(up{job="found"} == 1) == 2')" == 2
expect "the kind of a counter" "$(curl -sS http://127.0.0.1:9090/api/v1/targets/metadata |
	jq -r '[.data[] | select(.metric | startswith("conntest_probes_sent")) | .type] | unique | join(" ")')" == counter
expect "scrapes that failed" "$(await_query 'count(up == 0) or vector(0)')" == 0
stop prometheus

echo "10,000 series"
# Another node answers for all of these.
start crowd "$conntest" serve --listen traffic://0.0.0.0:5013 --listen traffic+udp://0.0.0.0:5013 -o ndjson
jq -n '[range(200) | {targets: ["127.0.\(1 + (. / 100 | floor)).\(1 + . % 100):5013"], labels: {node: "peer-\(.)"}}]' \
	>"$work/many.json"
node 3 --peers "file:$work/many.json" --peers-each 0 --window 3s --probes tcp,udp --wait-time 2s \
	--rand-time 2s --udp-interval 1s
three=http://$(place 3):8080
await_json "$three/v1/peers" '.Peers | length == 200 and (map(select(.Pings > 1)) | length) == 200'

# own: the windows that are over, the p99 of its own delay, probes left out and sent so far.
own() {
	curl -sS -o "$work/own" "$three/metrics"
	p99=$(grep -F conntest_agent_schedule_delay_seconds_bucket "$work/own" | sort -t '"' -k 2 -g |
		awk -v n="$(value "$work/own" conntest_agent_schedule_delay_seconds_count)" \
			'$2 >= 0.99 * n { split($1, le, "\""); print le[2]; exit }')
	skipped=$(value "$work/own" conntest_agent_probes_skipped_total)
	sent=$(value "$work/own" conntest_probes_sent_total)
}
pause 4
own
echo "before the scrapes: own delay p99 below ${p99:-?} s, $sent probes sent"
sent_before=$sent
times=()
for _ in {1..30}; do
	times+=("$(curl -sS -o "$work/text" -w '%{time_total}' "$three/metrics?pairs=1")")
	pause 0.2
done
series=$(grep -vc '^#' "$work/text")
own
echo "while $series series were scraped 30 times: own delay p99 below ${p99:-?} s, $((sent - sent_before)) probes sent," \
	"scrapes took $(printf '%s\n' "${times[@]}" | sort -g | sed -n "15p; 30p" | paste -sd " ") s (median, slowest)"
expect "series" "$series" '>' 10000
expect "pairs" "$(grep -c '^conntest_peer_info{' "$work/text" || true)" '>=' 200
expect "probes left out" "$skipped" == 0
expect "probes meanwhile" "$((sent - sent_before))" '>' 1000
expect "series of one name and labels" "$(grep -v '^#' "$work/text" | sed 's/ [^ ]*$//' | sort | uniq -d | head -n 3)" == ""
lint "$work/text"
curl -sS -o "$work/open" -H 'Accept: application/openmetrics-text' "$three/metrics?pairs=1"
expect "last line of OpenMetrics" "$(tail -n 1 "$work/open")" == "# EOF"
for number in 1 2 3; do
	stop "node-$number"
	expect "status of node $number" "$exit_status" == 0
done
stop crowd
