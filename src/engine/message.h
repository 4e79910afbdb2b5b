/* The bytes of a TCP message of `traffic` and the check of its echo. Messages are never built in
 * full: a send is a list of parts, each a head or a run of the worker's shared zeros. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "engine/speaker.h"
#include "proto/traffic_wire.h"

/* Where a connection stands in its stream of messages of one size. */
struct message_place {
	uint64_t sequence; /* of the message that is next or under way */
	uint32_t offset;   /* bytes of it that are done */
};

/* One head for each message that a send carries. */
struct message_heads {
	uint8_t bytes[SPEECH_BATCH_MAX][WIRE_STREAM_HEAD_END];
};

/* Builds the parts of `count` messages from `place` on, the first perhaps begun; large messages
 * are cut where the parts end. `zeros` are `zeros_size` zero bytes. */
void message_build(struct speech_parts *parts, struct message_heads *heads,
		   struct message_place place, uint32_t count, uint32_t message_bytes,
		   const struct iovec *zeros);

/* Moves on by `size` bytes; returns how many messages these ended. */
uint32_t message_advance(struct message_place *place, uint32_t message_bytes, size_t size);

/* Whether `data`, at most up to the end of the message at `place`, is the echo of what was sent.
 * The first 64 bytes of sequence 0 may hold anything. */
bool message_is_echo(struct message_place place, uint32_t message_bytes, const uint8_t *data,
		     size_t size, const struct iovec *zeros);
