# One node with 1,000 peers, each probed once a second over TCP, a connection and an echo, and over
# UDP; and one with 10,000 peers listed, of which it probes ten as often. CPU is of the whole process,
# with all that its kernel does for it: on loopback that is both ends of each connection.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest listed)
source bench/lib_mesh.sh
node_seconds=10
each_second=(--probes "tcp,udp" --wait-time 1s --rand-time 0 --udp-interval 1s)

# Behind two windows, so that all memory is in use that will be.
measure_conntest() {
	peers_start 1000
	node_start --peers-each 0 "${each_second[@]}"
	sleep 12
	watched "$node_seconds"
	node_end
}

measure_listed() {
	peers_start 10000
	node_start --peers-each 10 "${each_second[@]}"
	sleep 12
	watched "$node_seconds"
	node_end
}

rows() {
	alone "mesh, 1,000 pairs: CPU, % of a core" '.cpu_client * 100' "<= 8"
	alone "mesh, 1,000 pairs: resident, MiB" .resident_mib "<= 16"
	alone "mesh, 1,000 pairs: probes/s" .probes_per_s ">= 1980"
	alone "mesh, 1,000 pairs: lost" .lost "== 0"
	alone "mesh, 1,000 pairs: start delay p99, ms" .delay_p99_ms "<= 1"
	of listed alone "mesh, 10 of 10,000: CPU, % of a core" '.cpu_client * 100' "<= 1"
	of listed alone "mesh, 10 of 10,000: resident, MiB" .resident_mib "<= 16"
	of listed alone "mesh, 10 of 10,000: probes/s" .probes_per_s ">= 19.8"
	of listed alone "mesh, 10 of 10,000: start delay p99, ms" .delay_p99_ms "<= 1"
}
