# The same over one connection where neither end ever sleeps: beside a program that polls its socket.
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest bare)
bare_per_s=144100

measure_conntest() {
	serve_options=(--spin)
	conntest_echo 1 --spin
}

measure_bare() {
	bare_echo busy 1
}

rows() {
	against bare "64 B echoes, 1 conn, --spin: a second" .per_s ">= 0.85" null \
		"0.85 * $bare_per_s"
}
