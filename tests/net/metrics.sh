#!/bin/bash
# --metrics: what a run exposes while it runs, to promtool, to a real Prometheus, to sixteen scrapers at
# once and to some that never read; no message is late or lost for any of them.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need curl jq

# scrape URL [CURL_OPTION...]: the body.
scrape() {
	curl -sS --max-time 10 "$@"
}

# value FILE NAME LABEL: of the sample of that name whose labels hold this text.
value() {
	grep -F -- "$3" "$1" | awk -v name="$2" 'index($1, name "{") == 1 { print $2 }'
}

# metrics_at NAME: the address and port in the output of a run.
metrics_at() {
	await "$1" '"service":"metrics"' | jq -r '"\(.address):\(.port)"'
}

serve web-1 --metrics 127.0.0.1:0 -o "json=$work/served.json"
target=tcp://127.0.0.1:$(port web-1)
served=http://$(metrics_at "$work/web-1.out")

# ---- the port

start taken "$conntest" traffic --no-save -T 1s --metrics "${served#http://}" \
	-o "json=$work/taken.json" "$target"
await_exit taken
expect "status where the port is taken" "$exit_status" == 3
expect_text "$work/taken.err" \
	"^conntest traffic: --metrics: cannot listen on ${served#http://}: address in use"
expect_json "$work/taken.json" '.result' == \
	"could not measure: --metrics: cannot listen on ${served#http://}: address in use (try another port; 0 takes any free one)"

# ---- in the ramp, before anything counts

: >"$work/ramp.ndjson"
start ramp "$conntest" traffic --no-save -c 50 --connect-rate 5/s --connect-timeout 60s -T 1s \
	--metrics 127.0.0.1:0 -o "ndjson=$work/ramp.ndjson" "$target"
url=http://$(metrics_at "$work/ramp.ndjson")
connects=0
while [[ $connects == 0 ]]; do
	scrape -o "$work/text" "$url/metrics" || break
	connects=$(value "$work/text" conntest_connects_total 'stream="persistent"')
	pause 0.1
done
expect "connections in the ramp" "$connects" '<' 50
expect "messages in the ramp" "$(value "$work/text" conntest_sent_total 'stream="persistent"')" == 0
stop ramp INT

# ---- while it runs

traffic_start -c 20 -r 1000 -T 12s --metrics 127.0.0.1:0 --path-probe off "$target"
url=http://$(metrics_at "$work/run.ndjson")
expect_text "$work/traffic.err" "^Metrics: $url/metrics$"

expect "type of the page" "$(scrape -o "$work/page" -w '%{content_type}' "$url/")" == \
	"text/html; charset=utf-8"
expect_text "$work/page" '<a href="/metrics">'
expect "status of another page" "$(scrape -o /dev/null -w '%{http_code}' "$url/nothing")" == 404
expect "status of a POST" "$(scrape -o /dev/null -w '%{http_code}' -d x "$url/metrics")" == 405

expect "type of the text" "$(scrape -o "$work/text" -w '%{content_type}' "$url/metrics")" == \
	"text/plain; version=0.0.4; charset=utf-8"
expect "type of OpenMetrics" "$(scrape -o "$work/open" -w '%{content_type}' \
	-H 'Accept: application/openmetrics-text;version=1.0.0' "$url/metrics")" == \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"
expect "last line of OpenMetrics" "$(tail -n 1 "$work/open")" == "# EOF"
expect "type of what serve says" "$(scrape -o "$work/served" -w '%{content_type}' \
	"$served/metrics")" == "text/plain; version=0.0.4; charset=utf-8"
expect "connections" "$(value "$work/text" conntest_connections 'stream="persistent"')" == 20
expect "connections of serve" "$(value "$work/served" conntest_connections 'stream="served"')" '>=' 20

# ---- sixteen scrapers at once, and some that ask without end and read nothing

stuck() {
	exec {peer}<>"/dev/tcp/127.0.0.1/${url##*:}"
	local i
	for ((i = 0; i < 2000; i++)); do
		printf 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'
	done 1>&"$peer" 2>/dev/null || true
	timeout 30 tail --pid="${pids[traffic]}" -f /dev/null
}

scrape_often() {
	local i
	for ((i = 0; i < 20; i++)); do
		scrape -o "$work/scrape.$1.$i" "$url/metrics" || echo "$1: scrape $i failed"
	done
}

for i in 1 2 3 4; do
	start "stuck$i" stuck
done
for i in {1..16}; do
	start "scraper$i" scrape_often "$i"
done
for i in {1..16}; do
	await_exit "scraper$i"
	expect "failed scrapes" "$(cat "$work/scraper$i.out" "$work/scraper$i.err")" == ""
	# No counter of any series goes back from one scrape to the next.
	before=0
	for ((k = 0; k < 20; k++)); do
		now=$(value "$work/scrape.$i.$k" conntest_received_total 'stream="persistent"')
		[[ $now -ge $before ]] || fail "received of scraper $i went from $before to $now"
		before=$now
	done
done
expect "messages received" "$before" '>' 0

# ---- promtool

if command -v promtool >/dev/null; then
	# Those of the sixteen came while four others stood still.
	for text in text served scrape.{1..16}.19; do
		promtool check metrics <"$work/$text" >"$work/promtool.out" 2>&1 ||
			fail "promtool: $(head -c 1000 "$work/promtool.out")"
		expect "complaints of promtool" "$(<"$work/promtool.out")" == ""
	done
fi

traffic_end
expect "status" "$exit_status" == 0
# What came late for want of this host, not of the peer; a scraper may cost none.
expect_json "$work/report.json" 'stream("persistent").totals.messages_sent' == 12000
expect_json "$work/report.json" 'stream("persistent").totals.lost' == 0
expect_json "$work/report.json" 'stream("persistent").schedule.missed.generator' == 0
stop web-1
expect "status of serve" "$exit_status" == 0
