# One flow of datagrams of $size bytes as fast as it goes, one by one and, at most at $segmented_rate,
# segmented by the kernel: of those that arrive. A work's file sets these two, and what the bare program
# received on the machine of reference, woken by datagrams: $bare_per_s and $bare_segmented_per_s.
# shellcheck shell=bash disable=SC2034,SC2154
source bench/lib_bulk.sh
competitors=(conntest iperf3 bare clock conntest_segmented bare_segmented clock_segmented)

measure_conntest() {
	conntest_udp "$size" 500k --gso off
}

measure_conntest_segmented() {
	conntest_udp "$size" "$segmented_rate"
}

measure_iperf3() {
	iperf3_udp "$size"
}

# bare_udp HOW BATCH LOOK_US
bare_udp() {
	needs_built "$udp_bare"
	"${measured[@]}" "$udp_bare" "$size" "$bulk_seconds" "$@"
}

measure_bare() {
	bare_udp plain 64 0
}

measure_bare_segmented() {
	bare_udp segmented 16 0
}

# What looks by the clock, as discard does, carries more than the reference ever did.
measure_clock() {
	bare_udp plain 64 100
}

measure_clock_segmented() {
	bare_udp segmented 16 100
}

rows() {
	against iperf3 "UDP $size B: datagrams/s" .per_s ">= 1"
	against bare "UDP $size B: datagrams/s" .per_s ">= 0.95" null "$bare_per_s * 0.85"
	against clock "UDP $size B, by the clock: datagrams/s" .per_s ">= 0.85"
	of conntest_segmented against bare_segmented "UDP $size B segmented: datagrams/s" .per_s \
		">= 0.8" null "$bare_segmented_per_s * 0.85"
	of conntest_segmented against clock_segmented "UDP $size B segmented, by the clock: datagrams/s" \
		.per_s ">= 0.6"
}
