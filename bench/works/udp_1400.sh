# One flow of datagrams of 1400 B as fast as it goes, one by one and segmented by the kernel: of those
# that arrive.
# shellcheck shell=bash disable=SC2034
source bench/lib_bulk.sh
competitors=(conntest iperf3 bare conntest_segmented bare_segmented)
# What a bare program that is woken by datagrams received on the machine of reference; this one looks
# by the clock, as discard does, which carries more.
bare_per_s=248000
bare_segmented_per_s=6.0e6

measure_conntest() {
	conntest_udp 1400 1M --gso off
}

measure_conntest_segmented() {
	conntest_udp 1400 12M
}

measure_iperf3() {
	iperf3_udp 1400
}

measure_bare() {
	needs_built "$udp_bare"
	"${measured[@]}" "$udp_bare" 1400 "$bulk_seconds" plain
}

measure_bare_segmented() {
	needs_built "$udp_bare"
	"${measured[@]}" "$udp_bare" 1400 "$bulk_seconds" segmented
}

rows() {
	against iperf3 "UDP 1400 B: datagrams/s" .per_s ">= 1"
	against bare "UDP 1400 B: datagrams/s" .per_s ">= 0.95" null "$bare_per_s * 0.85"
	of conntest_segmented against bare_segmented "UDP 1400 B segmented: datagrams/s" .per_s \
		">= 0.8" null "$bare_segmented_per_s * 0.85"
}
