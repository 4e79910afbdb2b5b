/* What the kernels of both sides agreed on and chose for the TCP connections of a stream, and its
 * extremes. Plain data in a recorder; merged in any order. */
#pragma once

#include <stdint.h>

#define TCP_CONGESTION_BYTES 16

/* Where nothing is known the fields are zero. */
struct tcp_facts {
	char congestion[TCP_CONGESTION_BYTES]; /* of the connection that was described first */
	uint64_t connections;                  /* that were looked at when they ended */
	uint64_t described;                    /* of these asked for what takes calls of its own */
	uint64_t congestion_others;            /* described ones with another congestion control */
	uint64_t multipath;                    /* described ones over MPTCP */
	uint64_t fast_opened; /* whose first bytes were acknowledged with the SYN */
	uint64_t mss_min_bytes;
	uint64_t mss_max_bytes;
	uint64_t path_mtu_min_bytes; /* as the kernel believes */
	uint64_t path_mtu_max_bytes;
	uint64_t send_buffer_max_bytes; /* as getsockopt: with the kernel's own room */
	uint64_t receive_buffer_max_bytes;
	uint64_t reordering_max_segments;
};

void tcp_facts_merge(struct tcp_facts *into, const struct tcp_facts *from);
