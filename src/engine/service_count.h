/* Counts the messages of one served connection and knows where they end.
 *
 * In the served stream a message is `scheduled` when it has arrived, `sent` and `received` when it
 * has been answered (echo) or read (discard), `debt` between the two, and missed_peer when its
 * connection ended first. Where the wire's head gives the size of messages the count is exact;
 * else it is one a read, after the first 80 bytes, which are one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metric/counters.h"
#include "proto/traffic_wire.h"

/* All zero: a new connection. */
struct service_count {
	uint64_t received_bytes;
	uint64_t answered_bytes;
	uint32_t message_bytes; /* 0: unknown */
	uint32_t owed;          /* messages not yet answered */
	uint8_t head[WIRE_STREAM_HEAD_END - WIRE_NAME_BYTES];
	bool is_told; /* set by a protocol that knows messages and tells of them: bytes are bytes */
};

/* Bytes have arrived; `data` NULL: they were thrown away unseen. */
void service_count_arrived(struct service_count *count, struct counters *counters,
			   const uint8_t *data, size_t size);
/* So many more bytes have been answered, or read for good. */
void service_count_answered(struct service_count *count, struct counters *counters, size_t size);
/* From a protocol that knows its messages: so many have arrived, or have been answered. */
void service_count_tell_arrived(struct service_count *count, struct counters *counters,
				uint32_t messages);
void service_count_tell_answered(struct service_count *count, struct counters *counters,
				 uint32_t messages);
/* The connection has ended. */
void service_count_ended(struct service_count *count, struct counters *counters);
/* All that has arrived are whole messages; false also where their size is unknown. */
bool service_count_is_whole(const struct service_count *count);
