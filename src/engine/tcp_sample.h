/* What a connection's TCP did since it was looked at last, into the counters of its stream. One
 * call of the kernel, about a microsecond; when it ends a few more. The worker's thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/recorder.h"
#include "net/stream.h"

/* What of a connection has been counted already. Words that wrap: between two looks nothing moves
 * on by 2^31 (bytes: 2 GiB; microseconds: 36 minutes). */
struct tcp_sample {
	uint32_t retransmits;
	uint32_t segments;
	uint32_t acked;
	uint32_t at_us;
	uint32_t busy_us;
	uint32_t receiver_us; /* waited for the receiver's window */
	uint32_t buffer_us;   /* waited for room in the send buffer */
};

/* A connection came up. */
void tcp_sample_connected(struct tcp_sample *sample, uint64_t now_ns);
/* Counting begins on a connection that is up: what it did before does not count, and neither do the
 * acknowledgements of what is on its way. */
void tcp_sample_begin(struct tcp_sample *sample, struct stream *stream, uint64_t now_ns);
/* Counts what happened since. False: the transport does not know, and `ret` is zero. */
bool tcp_sample_take(struct tcp_sample *sample, struct stream *stream, uint64_t now_ns,
		     struct recorder *recorder, struct stream_info *ret);
/* The connection ends, with or without the run, and `info` is what was taken last. */
void tcp_sample_end(struct stream *stream, const struct stream_info *info,
		    struct recorder *recorder);

/* How many of `count` connections to look at in a tick: all if they are few, else some in turn. */
uint32_t tcp_sample_share(uint32_t count);
