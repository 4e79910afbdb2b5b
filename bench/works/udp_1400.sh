# Datagrams of 1400 B: bench/lib_udp.sh.
# shellcheck shell=bash disable=SC2034
size=1400
segmented_rate=10M
bare_per_s=248000
bare_segmented_per_s=6.0e6
source bench/lib_udp.sh
