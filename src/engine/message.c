#include "engine/message.h"

#include <assert.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void add_part(struct speech_parts *parts, const void *data, size_t size)
{
	parts->parts[parts->count++] = (struct iovec){ .iov_base = (void *)data, .iov_len = size };
	parts->size += size;
}

/* The parts of one message from `offset` on; false when there is no room for all of it. */
static bool add_message(struct speech_parts *parts, uint8_t *head, uint32_t offset,
			uint32_t message_bytes, const struct iovec *zeros)
{
	size_t head_end = smaller(message_bytes, WIRE_STREAM_HEAD_END);
	size_t at = offset;
	if (at < head_end) {
		add_part(parts, head + at, head_end - at);
		at = head_end;
	}
	while (at < message_bytes && parts->count < SPEECH_PARTS_MAX) {
		size_t size = smaller(message_bytes - at, zeros->iov_len);
		add_part(parts, zeros->iov_base, size);
		at += size;
	}
	return at == message_bytes && parts->count < SPEECH_PARTS_MAX;
}

void message_build(struct speech_parts *parts, struct message_heads *heads,
		   struct message_place place, uint32_t count, uint32_t message_bytes,
		   const struct iovec *zeros)
{
	parts->count = 0;
	parts->size = 0;
	for (uint32_t i = 0; i < count && i < SPEECH_BATCH_MAX; i++) {
		uint8_t *head = heads->bytes[i];
		wire_write_stream_head(head, message_bytes, place.sequence + i);
		if (!add_message(parts, head, i ? 0 : place.offset, message_bytes, zeros))
			break;
	}
}

uint32_t message_advance(struct message_place *place, uint32_t message_bytes, size_t size)
{
	uint64_t end = place->offset + (uint64_t)size;
	uint32_t ended = (uint32_t)(end / message_bytes);
	place->sequence += ended;
	place->offset = (uint32_t)(end % message_bytes);
	return ended;
}

/* `size` bytes of zeros, in pieces of what there is to compare with. */
static bool is_zero(const uint8_t *data, size_t size, const struct iovec *zeros)
{
	while (size > 0) {
		size_t piece = smaller(size, zeros->iov_len);
		if (memcmp(data, zeros->iov_base, piece) != 0)
			return false;
		data += piece;
		size -= piece;
	}
	return true;
}

bool message_is_echo(struct message_place place, uint32_t message_bytes, const uint8_t *data,
		     size_t size, const struct iovec *zeros)
{
	assert(place.offset + size <= message_bytes);
	size_t head_end = smaller(message_bytes, WIRE_STREAM_HEAD_END);
	size_t at = place.offset;
	if (at < head_end) {
		uint8_t head[WIRE_STREAM_HEAD_END];
		wire_write_stream_head(head, message_bytes, place.sequence);
		size_t free_end = place.sequence == 0 ? WIRE_NAME_BYTES : 0;
		size_t from = at < free_end ? free_end : at;
		size_t to = smaller(head_end, at + size);
		if (from < to && memcmp(data + (from - at), head + from, to - from) != 0)
			return false;
	}
	size_t skip = at < head_end ? smaller(head_end - at, size) : 0;
	return is_zero(data + skip, size - skip, zeros);
}
