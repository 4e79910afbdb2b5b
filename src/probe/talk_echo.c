/* Bytes that have to come back: echo as they are; traffic (proto/traffic_wire.h) with the host name
 * over the first 64 of a connection. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "probe/talk.h"
#include "proto/traffic_wire.h"

#define ECHO_BYTES    64
#define TRAFFIC_BYTES 128

struct echo_talk {
	struct talk talk;
	uint8_t head[WIRE_STREAM_HEAD_END]; /* of traffic */
	size_t head_size;
	uint64_t size;
	uint64_t number; /* of the look, which its bytes follow from */
	uint64_t heard;
	uint64_t unread; /* bytes that are not looked at: the name's */
	char why[64];
};

static int open_talk(struct talk *talk)
{
	struct echo_talk *echo = container_of(talk, struct echo_talk, talk);
	const struct probe_target *target = talk->prober->target;
	bool is_traffic = target->uri.service == SERVICE_TRAFFIC;
	echo->size = target->payload_bytes;
	if (echo->size == 0)
		echo->size = is_traffic ? TRAFFIC_BYTES : ECHO_BYTES;
	/* The server waits for so much before it answers. */
	if (is_traffic && echo->size < WIRE_NAME_BYTES)
		echo->size = WIRE_NAME_BYTES;
	echo->unread = is_traffic ? WIRE_NAME_BYTES : 0;
	return 0;
}

static void close_talk(struct talk *talk)
{
	(void)talk;
}

/* Differs from byte to byte and from look to look, so that an answer to another one is none. */
static uint8_t byte_at(const struct echo_talk *echo, uint64_t offset)
{
	if (offset < echo->head_size)
		return echo->head[offset];
	return (uint8_t)(echo->number * 31 + offset * 7 + (offset >> 8));
}

static void ask(struct talk *talk)
{
	struct echo_talk *echo = container_of(talk, struct echo_talk, talk);
	uint8_t bytes[1024];
	echo->number = talk->result->number;
	echo->heard = 0;
	if (talk->prober->target->uri.service == SERVICE_TRAFFIC) {
		echo->head_size = echo->size < sizeof(echo->head) ? echo->size : sizeof(echo->head);
		wire_write_stream_head(echo->head, (uint32_t)echo->size, echo->number);
	}
	for (uint64_t offset = 0; offset < echo->size;) {
		size_t count = 0;
		while (count < sizeof(bytes) && offset < echo->size)
			bytes[count++] = byte_at(echo, offset++);
		buffer_append(talk->out, bytes, count);
	}
}

/* ---- hearing ---- */

static void hear_end(struct echo_talk *echo)
{
	echo->talk.is_ended = true;
	(void)snprintf(echo->why, sizeof(echo->why), "after %" PRIu64 " of %" PRIu64 " bytes",
		       echo->heard, echo->size);
	talk_go_wrong(&echo->talk, OUTCOME_CLOSED, echo->why);
}

/* False: the byte is another one than was sent. */
static bool hear_byte(struct echo_talk *echo, uint8_t byte)
{
	bool is_right = echo->heard < echo->unread || byte == byte_at(echo, echo->heard);
	if (is_right) {
		echo->heard++;
		return true;
	}
	(void)snprintf(echo->why, sizeof(echo->why), "at byte %" PRIu64 " of %" PRIu64,
		       echo->heard + 1, echo->size);
	talk_go_wrong(&echo->talk, OUTCOME_CORRUPTED, echo->why);
	return false;
}

static void hear(struct talk *talk, const uint8_t *data, size_t size, uint64_t now_ns)
{
	struct echo_talk *echo = container_of(talk, struct echo_talk, talk);
	size_t at = 0;
	(void)now_ns;
	/* Nothing is awaited, and an echo has nothing to say of its own. */
	if (!talk->result) {
		talk->is_ended = true;
		return;
	}
	if (size == 0) {
		hear_end(echo);
		return;
	}
	talk->state = TALK_HEARING;
	while (at < size && echo->heard < echo->size && hear_byte(echo, data[at]))
		at++;
	talk->result->body_bytes = echo->heard;
	if (echo->heard < echo->size || talk->outcome != OUTCOME_DONE)
		return;
	echo->unread = 0;
	talk->is_ended = at < size;
	talk->state = TALK_ANSWERED;
}

const struct talk_kind talk_echo = {
	.name = "echo",
	.size = sizeof(struct echo_talk),
	.open = open_talk,
	.ask = ask,
	.hear = hear,
	.close = close_talk,
};
