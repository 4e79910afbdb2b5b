# 9,000 connections with one message a second each: what does waking so often cost?
# shellcheck shell=bash disable=SC2034,SC2016
competitors=(conntest bare)
# What the bare program's client took on the machine of reference, under SCHED_RR.
bare_cpus=0.46

measure_conntest() {
	conntest_paced 9000 9000
}

measure_bare() {
	bare_paced 9000 9000
}

rows() {
	against bare "9,000 conns x 1/s: cpus, client" .cpu_client "<= 1.2" "$bare_cpus / 0.85"
}
