# Four TCP connections in bulk: a worker of either end on each cpu, and each connection accepted where
# it was begun, so that both its ends are on one cpu.
# shellcheck shell=bash disable=SC2034
source bench/lib_bulk.sh
competitors=(conntest iperf3 bare)
# What two pairs of the bare program carried on the machine of reference.
bare_gbit=168.9

measure_conntest() {
	conntest_bulk discard -- -c 4
}

measure_iperf3() {
	iperf3_bulk -P 4
}

# A pair of threads a cpu: four of them would get in each other's way.
measure_bare() {
	needs_built "$bulk_bare"
	"${measured[@]}" "$bulk_bare" "$(nproc)" "$bulk_seconds" together throw 262144
}

rows() {
	local per_core='.gbit_per_s / (.cpu_client + .cpu_server)'
	against iperf3 "bulk TCP, 4 conns: Gbit/s" .gbit_per_s ">= 1.6"
	against bare "bulk TCP, 4 conns: Gbit/s" .gbit_per_s ">= 0.85" null "$bare_gbit * 0.85"
	against bare "bulk TCP, 4 conns: Gbit/s a core" "$per_core" ">= 0.85" null \
		"$bare_gbit / 2 * 0.85"
}
