# A scrape of /metrics with 10,000 series, five times a second, and what that does to the probes: how
# late they start beside how late they did before.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest)
source bench/lib_mesh.sh
pairs=150 # each on its own: 68 series of one
scrapes=50

# quantile N PERCENT: of N sorted numbers.
quantile() {
	sort -g | sed -n "$((($1 * $2 + 99) / 100))p"
}

measure_conntest() {
	local i calm
	peers_start "$pairs"
	node_start --peers-each 0 --pairs --probes "tcp,udp" --wait-time 1s --rand-time 0 \
		--udp-interval 1s
	sleep 6
	calm=$(watched 10 | jq .delay_p99_ms)
	scrape_node "$files/before"
	for ((i = 0; i < scrapes; i++)); do
		curl -sf -o "$files/after" -w '%{time_total}\n' "${page}metrics"
		sleep 0.2
	done >"$files/times"
	jq -nc --argjson series "$(grep -vc '^#' "$files/after")" \
		--argjson median "$(quantile "$scrapes" 50 <"$files/times")" \
		--argjson p90 "$(quantile "$scrapes" 90 <"$files/times")" \
		--argjson calm "$calm" --argjson busy "$(delay_p99_ms "$files"/{before,after})" \
		--argjson lost "$(counted conntest_probes_lost_total '' "$files"/{before,after})" '{
			series: $series, scrape_ms: ($median * 1000), scrape_p90_ms: ($p90 * 1000),
			delay_p99_ms: $busy, calm_delay_p99_ms: $calm, lost: $lost }'
	node_end
}

rows() {
	alone "mesh, /metrics: series" .series ">= 10000"
	alone "mesh, /metrics: scrape, ms" .scrape_ms "<= 20"
	alone "mesh, /metrics: scrape p90, ms" .scrape_p90_ms "<= 20"
	alone "mesh, /metrics: start delay p99 / without" '.delay_p99_ms / .calm_delay_p99_ms' "<= 1.5"
	alone "mesh, /metrics: lost" .lost "== 0"
}
