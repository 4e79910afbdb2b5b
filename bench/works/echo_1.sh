# The same over one connection, where both ends sleep between messages: beside a program that blocks
# in receive.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest bare)
bare_per_s=18700

measure_conntest() {
	conntest_echo 1
}

measure_bare() {
	bare_echo blocking 1
}

rows() {
	against bare "64 B echoes, 1 conn: a second" .per_s ">= 0.97" null "0.85 * $bare_per_s"
	against bare "64 B echoes, 1 conn: p50, ns" .service_p50_ns "<= 1.05"
}
