# One flow of datagrams of 1400 B as fast as it goes, one by one and segmented by the kernel: of those
# that arrive.
# shellcheck shell=bash disable=SC2034
source bench/lib_bulk.sh
competitors=(conntest iperf3 bare clock conntest_segmented bare_segmented clock_segmented)
# What the bare program received on the machine of reference, woken by datagrams.
bare_per_s=248000
bare_segmented_per_s=6.0e6

measure_conntest() {
	conntest_udp 1400 500k --gso off
}

measure_conntest_segmented() {
	conntest_udp 1400 10M
}

measure_iperf3() {
	iperf3_udp 1400
}

# bare_udp HOW BATCH LOOK_US
bare_udp() {
	needs_built "$udp_bare"
	"${measured[@]}" "$udp_bare" 1400 "$bulk_seconds" "$@"
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
	against iperf3 "UDP 1400 B: datagrams/s" .per_s ">= 1"
	against bare "UDP 1400 B: datagrams/s" .per_s ">= 0.95" null "$bare_per_s * 0.85"
	against clock "UDP 1400 B, by the clock: datagrams/s" .per_s ">= 0.85"
	of conntest_segmented against bare_segmented "UDP 1400 B segmented: datagrams/s" .per_s \
		">= 0.8" null "$bare_segmented_per_s * 0.85"
	of conntest_segmented against clock_segmented "UDP 1400 B segmented, by the clock: datagrams/s" \
		.per_s ">= 0.6"
}
