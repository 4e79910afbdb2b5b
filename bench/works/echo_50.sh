# Requests of 64 B and their echoes over 50 connections, one after the other on each: how many a
# second, beside a program that does nothing but epoll, receive and send?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest bare)
# What the bare program reached on the machine of reference, under SCHED_RR.
bare_per_s=206000

measure_conntest() {
	conntest_echo 50
}

measure_bare() {
	bare_echo epoll 50
}

rows() {
	against bare "64 B echoes, 50 conns: a second" .per_s ">= 0.95" null "0.85 * $bare_per_s"
	against bare "64 B echoes, 50 conns: CPU of each, us" \
		'(.cpu_client + .cpu_server) * 1e6 / .per_s' "<= 1.1"
}
