# Connections of one request of 64 B and its echo each, closed regularly (fin) or by a reset (rst):
# how many a second, beside a program whose threads do both ends of one after the other?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest bare neper)
# What the bare program reached on the machine of reference, under SCHED_RR.
bare_fin_per_s=46200
bare_rst_per_s=52900

# The server's addresses take turns: one alone has not enough ports for what stays in TIME-WAIT.
conntest_connects() {
	local address=0.0.0.0 cpu targets
	serve_start echo -w 2
	mapfile -t targets < <(printf "echo://127.0.1.%d:$port\n" {1..50})
	client_start load 3 -w 2 -c 50 -m "$message_64" --messages-per-connection 1 --close "$1" \
		"${targets[@]}"
	cpu=$(sample "$client" "$server" 1)
	conntest_end
	jq -c "{ $1: . }" <<<"$(merged "$cpu" "$(report 'failed: $s.totals.connect_failures,
		per_s: ($s.totals.completed * 1e9 / $run.duration_ns)')")"
}

measure_conntest() {
	merged "$(conntest_connects fin)" "$(conntest_connects rst)"
}

bare_connects() {
	jq -c "{ $1: . }" <<<"$("${measured[@]}" "$bares/connect_bare" "$1" 2 2 | grep '"end"')"
}

measure_bare() {
	merged "$(bare_connects fin)" "$(bare_connects rst)"
}

measure_neper() {
	local port=4242 control=4243
	needs tcp_crr
	"${measured[@]}" tcp_crr -T2 -F50 -Q64 -R64 -P $port -C $control >/dev/null &
	server=$!
	pids=("$server")
	sleep 0.3 # it doesn't say when it listens
	"${measured[@]}" tcp_crr -c -H "$address" -T2 -F50 -Q64 -R64 -l 2 -P $port -C $control \
		>"$files/neper.out"
	pids=()
	reap "$server" || true
	jq -nc "{ rst: { per_s: $(sed -n 's/^throughput=//p' "$files/neper.out") } }"
}

rows() {
	against bare "connect, 64 B, close (fin): a second" .fin.per_s ">= 0.88" null \
		"0.85 * $bare_fin_per_s"
	against bare "connect, 64 B, close (rst): a second" .rst.per_s ">= 0.88" null \
		"0.85 * $bare_rst_per_s"
	against neper "connect, 64 B, close (rst): a second" .rst.per_s ">= 1"
	alone "connect, 64 B, close: failed" '.fin.failed + .rst.failed' "== 0"
}
