#include "proto/h2_watch.h"

#include <string.h>

#include "base/units.h"

enum frame_type {
	FRAME_DATA = 0,
	FRAME_HEADERS = 1,
	FRAME_RST_STREAM = 3,
	FRAME_PUSH_PROMISE = 5,
	FRAME_GOAWAY = 7,
	FRAME_WINDOW_UPDATE = 8,
	FRAME_CONTINUATION = 9,
};
#define FLAG_END_STREAM 1

void h2_watch_init(struct h2_watch *watch, uint8_t preface_bytes)
{
	*watch = (struct h2_watch){ .preface_last = preface_bytes };
}

static size_t smaller(size_t left, size_t right)
{
	return left < right ? left : right;
}

static uint32_t length_of(const struct h2_watch *watch)
{
	return (uint32_t)watch->head[0] << 16 | (uint32_t)watch->head[1] << 8 | watch->head[2];
}

/* The one before has ended. */
static void begin_frame(struct h2_watch *watch)
{
	if (watch->head_size == sizeof(watch->head) && watch->left == 0)
		watch->head_size = 0;
}

size_t h2_watch_take(struct h2_watch *watch, const uint8_t *data, size_t size)
{
	size_t preface = smaller(watch->preface_last - watch->preface_size, size);

	watch->preface_size += (uint8_t)preface;
	if (preface > 0)
		return preface;
	begin_frame(watch);
	size_t head = smaller(sizeof(watch->head) - watch->head_size, size);
	memcpy(watch->head + watch->head_size, data, head);
	watch->head_size += (uint8_t)head;
	if (watch->head_size < sizeof(watch->head))
		return head;
	if (head > 0)
		watch->left = length_of(watch);
	size_t body = smaller(watch->left, size - head);
	watch->left -= (uint32_t)body;
	return head + body;
}

uint8_t h2_watch_type(const struct h2_watch *watch)
{
	return watch->head[3];
}

bool h2_watch_is_between(const struct h2_watch *watch)
{
	return watch->preface_size == watch->preface_last &&
	       (watch->head_size == 0 ||
		(watch->head_size == sizeof(watch->head) && watch->left == 0));
}

/* Resets have a bound of their own; a long header block has, too. */
static bool brings_something(const struct h2_watch *watch)
{
	switch (h2_watch_type(watch)) {
	case FRAME_DATA:
		return length_of(watch) > 0 || (watch->head[4] & FLAG_END_STREAM) != 0;
	case FRAME_HEADERS:
	case FRAME_RST_STREAM:
	case FRAME_PUSH_PROMISE:
	case FRAME_GOAWAY:
	case FRAME_WINDOW_UPDATE:
	case FRAME_CONTINUATION:
		return true;
	default:
		return false;
	}
}

bool h2_watch_is_flood(struct h2_watch *watch, uint64_t now_ns, uint32_t most)
{
	if (watch->head_size < sizeof(watch->head) || watch->left > 0 || brings_something(watch))
		return false;
	if (now_ns >= watch->second_ns + NS_PER_S) {
		watch->second_ns = now_ns;
		watch->idle_frames = 0;
	}
	return ++watch->idle_frames > most;
}
