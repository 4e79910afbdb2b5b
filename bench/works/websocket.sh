# WebSocket messages of 64 B, which are frames of 70 B, against messages of 70 B over plain TCP to
# the same server: put together, and each in a write of its own.
# shellcheck shell=bash disable=SC2034
source bench/lib_bulk.sh
competitors=(conntest tcp conntest_single tcp_single)

# sink_load SCHEME SIZE OPTION...: sends to a server that does the least.
sink_load() {
	local text client
	needs_built "$sink_bare"
	: >"$files/sink.out"
	"${measured[@]}" "$sink_bare" >"$files/sink.out" &
	pids=($!)
	port=$(await "$files/sink.out" port | jq .port)
	text=$(printf "%$2s" | tr ' ' x)
	client=$(load_run "${congestion[@]}" --reply none -m "$text" "${@:3}" \
		"$1://127.0.0.1:$port/")
	merged "$client" "$(report_rates)"
	kill "${pids[0]}"
	wait "${pids[0]}" || true
	pids=()
}

measure_conntest() {
	sink_load ws 64
}

measure_tcp() {
	sink_load tcp 70
}

measure_conntest_single() {
	sink_load ws 64 --write-combine off
}

measure_tcp_single() {
	sink_load tcp 70 --write-combine off
}

rows() {
	against tcp "WebSocket 64 B together: messages/s" .messages_per_s ">= 0.9"
	of conntest_single against tcp_single "WebSocket 64 B, one a write: messages/s" \
		.messages_per_s ">= 0.8"
}
