#!/bin/bash
# `make soak` in small: it passes, and what it is to find it finds.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq pgrep

echo "memory that grows, and memory that does not"
# memory STATUS KIB...: a sample a second.
memory() {
	local at=0 kib status=0
	for kib in "${@:2}"; do
		echo "$((at++)) load.1 $kib"
	done >"$work/samples"
	awk -v most_kib=100 -v most_percent=10 -f tests/soak/memory "$work/samples" >"$work/growth" || status=$?
	expect "status of $*" "$status" == "$1"
}
memory 0 100 500 1000 1000 1000 1000 1000 1000
expect_text "$work/growth" '^load.1: 1000 KiB in the second quarter, 1000 KiB in the last$'
memory 0 1000 1000 5000 1000 1000 9000 1000 1100 # one that is out of line is none
memory 1 100 500 1000 1000 1100 1100 1200 1200
expect_text "$work/growth" '^LEAK load.1: 1000 KiB in the second quarter, 1200 KiB in the last$'
memory 1 1000 1000
memory 1

echo "the whole"
start soak env CONNTEST="$conntest" DURATION=6s CONNECTIONS=40 PROCESSES=3 MEMORY_KIB=200000 tests/soak/soak many
await_exit soak 120
expect "exit status" "$exit_status" == 0
expect_text "$work/soak.out" '^soak: passed$'
expect_text "$work/soak.out" '^  Trust: .*process 3 of 3 was killed by signal 9'

echo "a mesh"
start soak env CONNTEST="$conntest" DURATION=12s WINDOW=2s NODES=3 MEMORY_KIB=200000 tests/soak/soak mesh
await_exit soak 120
expect "exit status" "$exit_status" == 0
expect_text "$work/soak.out" '^  node-1: [0-9]+ probes, [0-9]+ lost$'
expect_text "$work/soak.out" '^soak: passed$'

echo "with a program that leaks more than it may"
start soak env CONNTEST="$conntest" DURATION=4s CONNECTIONS=4 PROCESSES=2 MEMORY_KIB=-1000000 MEMORY_PERCENT=-100000 \
	tests/soak/soak many
await_exit soak 120
expect "exit status" "$exit_status" == 1
expect_text "$work/soak.out" '^soak: FAILED: [0-9]+ checks$'
expect_text "$work/soak.out" '^  LEAK load'
