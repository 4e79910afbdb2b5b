#include "engine/ws_messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/utf8.h"
#include "engine/worker.h"
#include "proto/websocket.h"

/* The ring of the same message, and what is small enough for it. */
#define RING_BYTES       ((size_t)64 * 1024)
#define RING_MESSAGE_MAX 2048

/* ---- the messages of a script */

static const struct template *template_at(const struct script *script, uint64_t sequence)
{
	if (sequence < script->first_count)
		return script->firsts[sequence];
	if (script->message_count == 0)
		return NULL;
	return script->messages[(sequence - script->first_count) % script->message_count];
}

bool ws_messages_has(const struct ws_messages *messages, uint64_t sequence)
{
	return template_at(messages->script, sequence) != NULL || messages->script->bulk_bytes > 0;
}

/* Without a segment a message is an empty text; without a template, bytes that are zero. */
static size_t segment_count(const struct template *template)
{
	size_t count = template != NULL ? template_segment_count(template) : 0;

	return count > 0 ? count : 1;
}

/* ---- one segment */

struct segment {
	enum template_framing framing;
	struct websocket_head head; /* but of RAW */
	size_t part_count;
};

static size_t zero_parts(const struct ws_messages *messages)
{
	size_t left = messages->script->bulk_bytes;
	size_t count = 0;

	while (left > 0) {
		size_t size = left < WORKER_SCRATCH_BYTES ? left : WORKER_SCRATCH_BYTES;
		messages->parts[count++] = (struct iovec){ (void *)messages->zeros, size };
		left -= size;
	}
	return count;
}

static void write_key(const struct ws_messages *messages, const struct ws_place *place,
		      size_t index, uint8_t ret[4])
{
	struct random random;

	random_init(&random, messages->script->seed ^ (uint64_t)place->uid << 32 ^
				     place->sequence * UINT64_C(0x9e3779b97f4a7c15) ^ index);
	uint64_t key = random_next(&random);
	memcpy(ret, &key, 4);
}

static size_t render(const struct ws_messages *messages, const struct ws_place *place,
		     const struct template *template, size_t index, size_t *ret_parts)
{
	struct template_output out = { .parts = messages->parts, .scratch = messages->scratch };
	struct template_context context = {
		.uid = place->uid,
		.sequence = place->sequence,
		.number = place->uid + place->sequence * messages->stride,
		.unix_ns = place->unix_ns,
		.seed = messages->script->seed,
	};

	template_render(template, index, &context, &out);
	*ret_parts = out.count;
	return out.size;
}

static void load_zeros(const struct ws_messages *messages, struct segment *ret)
{
	*ret = (struct segment){
		.framing = TEMPLATE_FRAME,
		.head = { .size = messages->script->bulk_bytes,
			  .opcode = WEBSOCKET_BINARY,
			  .is_final = true,
			  .is_masked = true },
		.part_count = zero_parts(messages),
	};
}

static void load_segment(const struct ws_messages *messages, const struct ws_place *place,
			 size_t index, struct segment *ret)
{
	static const struct template_segment empty = { .framing = TEMPLATE_DATA };
	const struct template *template = template_at(messages->script, place->sequence);

	if (template == NULL) {
		load_zeros(messages, ret);
		return;
	}
	bool is_there = index < template_segment_count(template);
	const struct template_segment *segment =
		is_there ? template_segment(template, index) : &empty;
	bool is_data = segment->framing == TEMPLATE_DATA;
	*ret = (struct segment){
		.framing = segment->framing,
		.head = { .opcode = is_data ? WEBSOCKET_TEXT : segment->opcode,
			  .reserved = is_data ? 0 : segment->reserved,
			  .is_final = is_data || segment->is_final,
			  .is_masked = true },
	};
	if (is_there)
		ret->head.size = render(messages, place, template, index, &ret->part_count);
}

/* ---- frames */

static bool is_text(const struct ws_messages *messages, const struct segment *segment)
{
	struct utf8_stream stream = { 0 };

	for (size_t i = 0; i < segment->part_count; i++) {
		if (!utf8_take(&stream, messages->parts[i].iov_base, messages->parts[i].iov_len))
			return false;
	}
	return utf8_is_whole(&stream);
}

static void choose_opcode(const struct ws_messages *messages, struct ws_place *place, size_t index,
			  uint64_t offset, struct segment *segment)
{
	uint32_t bit = index < 32 ? UINT32_C(1) << index : 0;

	if (segment->framing != TEMPLATE_DATA)
		return;
	bool is_binary = (place->binaries & bit) != 0;
	if (offset == 0 || bit == 0)
		is_binary = !is_text(messages, segment);
	if (is_binary) {
		place->binaries |= bit;
		segment->head.opcode = WEBSOCKET_BINARY;
	}
}

struct window {
	uint8_t *to;
	size_t room;
	size_t used;
	uint64_t skip; /* bytes that are still to be passed over */
	bool is_cut;
};

/* `key` NULL: as they are; `at`: how far behind the start of the payload. */
static void put(struct window *window, const void *data, size_t size, const uint8_t *key,
		uint64_t at)
{
	const uint8_t *bytes = data;

	if (window->skip >= size) {
		window->skip -= size;
		return;
	}
	size_t skip = (size_t)window->skip;
	window->skip = 0;
	size_t left = size - skip;
	size_t most = window->room - window->used;
	size_t fits = left < most ? left : most;
	window->is_cut |= fits < left;
	if (key != NULL)
		websocket_mask(window->to + window->used, bytes + skip, fits, key, at + skip);
	else if (fits > 0)
		memcpy(window->to + window->used, bytes + skip, fits);
	window->used += fits;
}

static void put_segment(const struct ws_messages *messages, const struct segment *segment,
			struct window *window)
{
	bool is_framed = segment->framing != TEMPLATE_RAW;
	uint8_t head[WEBSOCKET_HEAD_MAX];
	uint64_t at = 0;

	if (is_framed)
		put(window, head, websocket_write_head(&segment->head, head), NULL, 0);
	for (size_t i = 0; i < segment->part_count && !window->is_cut; i++) {
		const struct iovec *part = &messages->parts[i];
		put(window, part->iov_base, part->iov_len, is_framed ? segment->head.key : NULL,
		    at);
		at += part->iov_len;
	}
}

/* What lies in the ring behind `offset` bytes of a message. */
static size_t copy_from_ring(const struct ws_messages *messages, uint64_t sequence, uint64_t offset,
			     struct iovec room, bool *ret_is_whole)
{
	size_t left = messages->same_size - (size_t)offset;
	size_t size = left < room.iov_len ? left : room.iov_len;
	size_t at = sequence % messages->ring_count * messages->same_size + (size_t)offset;

	memcpy(room.iov_base, messages->ring + at, size);
	*ret_is_whole = size == left;
	return size;
}

size_t ws_messages_write(const struct ws_messages *messages, struct ws_place *place,
			 uint64_t offset, struct iovec room, bool *ret_is_whole)
{
	struct window window = { .to = room.iov_base, .room = room.iov_len, .skip = offset };
	size_t count = segment_count(template_at(messages->script, place->sequence));

	if (messages->ring != NULL)
		return copy_from_ring(messages, place->sequence, offset, room, ret_is_whole);
	if (offset == 0)
		place->binaries = 0;
	for (size_t i = 0; i < count && !window.is_cut; i++) {
		struct segment segment;
		load_segment(messages, place, i, &segment);
		choose_opcode(messages, place, i, offset, &segment);
		write_key(messages, place, i, segment.head.key);
		put_segment(messages, &segment, &window);
	}
	*ret_is_whole = !window.is_cut;
	return window.used;
}

/* ---- echoes */

static bool is_echoed(const struct segment *segment)
{
	return segment->framing != TEMPLATE_RAW && !websocket_is_control(segment->head.opcode);
}

struct ws_echo ws_messages_measure(const struct ws_messages *messages, const struct ws_place *place)
{
	size_t count = segment_count(template_at(messages->script, place->sequence));
	struct ws_echo echo = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct segment segment;
		load_segment(messages, place, i, &segment);
		if (!is_echoed(&segment))
			continue;
		echo.messages += segment.head.is_final;
		echo.size += segment.head.size;
	}
	if (echo.messages == 0)
		echo.messages = 1;
	return echo;
}

struct comparison {
	const uint8_t *data;
	size_t size;
	uint64_t skip; /* of what is to be compared with */
};

static bool compare_part(struct comparison *comparison, const struct iovec *part)
{
	if (comparison->skip >= part->iov_len) {
		comparison->skip -= part->iov_len;
		return true;
	}
	size_t skip = (size_t)comparison->skip;
	size_t left = part->iov_len - skip;
	size_t size = left < comparison->size ? left : comparison->size;
	comparison->skip = 0;
	if (size > 0 && memcmp(comparison->data, (const uint8_t *)part->iov_base + skip, size) != 0)
		return false;
	comparison->data += size;
	comparison->size -= size;
	return true;
}

bool ws_messages_is_echo(const struct ws_messages *messages, const struct ws_place *place,
			 uint64_t at, const uint8_t *data, size_t size)
{
	size_t count = segment_count(template_at(messages->script, place->sequence));
	struct comparison comparison = { data, size, at };
	bool is_same = true;

	for (size_t i = 0; i < count && is_same && comparison.size > 0; i++) {
		struct segment segment;
		load_segment(messages, place, i, &segment);
		if (!is_echoed(&segment))
			continue;
		for (size_t part = 0; part < segment.part_count && is_same; part++)
			is_same = compare_part(&comparison, &messages->parts[part]);
	}
	return is_same && comparison.size == 0;
}

/* ---- life */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The room that any of them needs. */
static void measure_room(struct ws_messages *messages, const struct template *const *templates,
			 uint32_t count, size_t *parts, size_t *scratch)
{
	for (uint32_t i = 0; i < count; i++) {
		*parts = larger(*parts, template_parts_max(templates[i]));
		*scratch = larger(*scratch, template_scratch_max(templates[i]));
		messages->has_time |= template_has_time(templates[i]);
	}
}

static bool is_same(const struct script *script)
{
	if (script->first_count > 0 || script->message_count > 1)
		return false;
	if (script->message_count == 0)
		return script->bulk_bytes > 0;
	return template_is_constant(script->messages[0]);
}

/* Small messages cost less to copy than to mask. */
static int init_ring(struct ws_messages *messages)
{
	struct ws_place place = { 0 };
	uint8_t first[RING_MESSAGE_MAX];
	bool is_whole = false;
	size_t size = ws_messages_write(messages, &place, 0, (struct iovec){ first, sizeof(first) },
					&is_whole);

	if (!is_whole || size == 0)
		return 0;
	size_t count = RING_BYTES / size;
	uint8_t *ring = malloc(count * size);
	if (ring == NULL)
		return -ENOMEM;
	for (; place.sequence < count; place.sequence++)
		(void)ws_messages_write(messages, &place, 0,
					(struct iovec){ ring + place.sequence * size, size },
					&is_whole);
	messages->ring = ring;
	messages->ring_count = count;
	messages->same_size = size;
	return 0;
}

int ws_messages_init(struct ws_messages *messages, const struct script *script,
		     const struct worker *worker)
{
	size_t parts = script->bulk_bytes / WORKER_SCRATCH_BYTES + 1;
	size_t scratch = 1;

	*messages = (struct ws_messages){
		.script = script,
		.zeros = worker->zeros,
		.stride = worker->plan->slots.count,
	};
	measure_room(messages, script->firsts, script->first_count, &parts, &scratch);
	measure_room(messages, script->messages, script->message_count, &parts, &scratch);
	messages->parts = calloc(parts, sizeof(*messages->parts));
	messages->scratch = malloc(scratch);
	int rc = messages->parts != NULL && messages->scratch != NULL ? 0 : -ENOMEM;
	if (rc == 0 && is_same(script))
		rc = init_ring(messages);
	if (rc < 0)
		ws_messages_deinit(messages);
	return rc;
}

void ws_messages_deinit(struct ws_messages *messages)
{
	free(messages->parts);
	free(messages->scratch);
	free(messages->ring);
	*messages = (struct ws_messages){ .script = NULL };
}
