# One TCP connection in bulk, load to discard: as it comes, and with both ends on one cpu, which is
# where the most goes through a core.
# shellcheck shell=bash disable=SC2034
source bench/lib_bulk.sh
competitors=(conntest iperf3 across together conntest_together)
# What the bare program carried on the machine of reference: read 1 MiB with SO_RCVLOWAT on two cpus
# (81.1), thrown away on one (75.0).
across_gbit=81.1
together_gbit=75.0

measure_conntest() {
	conntest_bulk discard -- -c 1
}

measure_conntest_together() {
	conntest_bulk discard -w 1 --cpus 0 -- -c 1 -w 1 --cpus 0
}

measure_iperf3() {
	iperf3_bulk -P 1
}

measure_across() {
	needs_built "$bulk_bare"
	"${measured[@]}" "$bulk_bare" 1 "$bulk_seconds" across throw 1048576 1048576
}

measure_together() {
	needs_built "$bulk_bare"
	"${measured[@]}" "$bulk_bare" 1 "$bulk_seconds" together throw 1048576
}

rows() {
	local per_core='.gbit_per_s / (.cpu_client + .cpu_server)'
	against iperf3 "bulk TCP, 1 conn: Gbit/s" .gbit_per_s ">= 1.2"
	against across "bulk TCP, 1 conn, two cpus: Gbit/s" .gbit_per_s ">= 0.92" null \
		"$across_gbit * 0.85"
	of conntest_together against together "bulk TCP, 1 conn, one cpu: Gbit/s" .gbit_per_s \
		">= 0.92" null "$together_gbit * 0.85"
	against iperf3 "bulk TCP, 1 conn: Gbit/s a core" "$per_core" ">= 1"
	of conntest_together against together "bulk TCP, 1 conn, one cpu: Gbit/s a core" \
		"$per_core" ">= 0.92" null "$together_gbit * 0.85"
}
