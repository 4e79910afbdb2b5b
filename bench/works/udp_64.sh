# Datagrams of 64 B: bench/lib_udp.sh.
# shellcheck shell=bash disable=SC2034
size=64
segmented_rate=40M
bare_per_s=289000
bare_segmented_per_s=34.1e6
source bench/lib_udp.sh
