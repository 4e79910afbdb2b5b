# 100,000 messages of 1 KiB a second over 200 connections, beside a program that does the least.
# shellcheck shell=bash disable=SC2034,SC2016
competitors=(conntest bare)
# What the bare program's both ends took on the machine of reference, under SCHED_RR.
bare_cpus=1.75

measure_conntest() {
	conntest_paced 200 100k
}

measure_bare() {
	bare_paced 200 100000
}

rows() {
	alone "100,000/s, 200 conns: not sent" '.scheduled - .sent' "== 0" bare
	against bare "100,000/s: cpus, both ends" '.cpu_client + .cpu_server' "<= 1.15" \
		"$bare_cpus / 0.85"
	against bare "100,000/s: late by, p99 (ns)" .send_error_p99_ns "<= 2"
}
