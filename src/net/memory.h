/* The in-memory row of both transport contracts: a network of named endpoints inside one loop,
 * with delay, loss, duplication, partial writes and faults, all decided by a seed under the
 * loop's clock. It carries clients and services in unit tests. */
#pragma once

#include "base/random.h"
#include "net/datagram.h"
#include "net/stream.h"

struct memory_network;

struct memory_options {
	uint64_t delay_ns;      /* one way */
	uint64_t jitter_ns;     /* added uniformly in [0, jitter]; streams stay in order */
	double loss;            /* datagrams lost; a stream's bytes come 200 ms later instead */
	double duplication;     /* datagrams */
	double reordering;      /* datagrams that overtake: sent without the delay */
	size_t chunk_max_bytes; /* a send takes at most this many bytes; 0 = all */
	size_t buffer_bytes;    /* room of one direction of a stream; 0 = 256 KiB */
	uint64_t seed;
	int64_t wall_ahead_ns;  /* of the loop's clock: stamps of datagrams are wall time, too */
	uint64_t wall_error_ns; /* that everybody says of it */
};

/* -ENOMEM. */
nodiscard int memory_network_new(struct loop *loop, const struct memory_options *options,
				 struct memory_network **ret);
/* Frees nothing of what its users hold; close those first, but streams that the loop closes at its
 * end. */
void memory_network_free(struct memory_network *network);

/* From now on: nothing arrives either way (true), or it does again. What was on the way and what
 * is sent meanwhile is lost; a stream's bytes arrive 200 ms after the cut ends. */
void memory_network_cut(struct memory_network *network);
void memory_network_join(struct memory_network *network);
/* Resets every stream accepted at this endpoint. Returns how many. */
unsigned memory_network_reset_streams(struct memory_network *network,
				      const struct endpoint *listening);

/* From now on the host of the datagram socket at this endpoint has a clock of its own, so far ahead
 * of everybody's. One host has. */
void memory_network_set_clock(struct memory_network *network, const struct endpoint *at,
			      int64_t ahead_ns);

/* From now on datagrams to the host at this address get lost where they are larger, as IP packets,
 * than `mtu_bytes`; `teller` (family 0: nobody) says so to sockets that hear of ICMP. One way of
 * two hosts each may be narrow. Streams are not concerned. */
void memory_network_narrow(struct memory_network *network, const struct endpoint *to,
			   uint32_t mtu_bytes, const struct endpoint *teller);

extern const struct stream_transport stream_memory;
extern const struct datagram_transport datagram_memory;
