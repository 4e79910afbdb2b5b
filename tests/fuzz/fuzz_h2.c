// Whatever arrives as HTTP/2, on either side, is read within its bounds, and the same is heard
// however it is cut. The first byte chooses the side and the cut; the rest is what arrives.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/h2.h"

#define REQUESTS        3
#define MIX(hash, byte) (((hash) ^ (byte)) * UINT64_C(1099511628211))

struct stream {
	int32_t id;
	bool is_open;
};

struct side {
	struct h2 *h2;
	struct stream streams[256]; /* of a server, in turn */
	uint32_t begun;
	uint32_t open;
	uint64_t heard; /* of heads and ends; bodies come in pieces */
	uint64_t body_bytes;
	bool is_server;
};

static void *begin(void *owner, int32_t id)
{
	struct side *side = owner;
	struct stream *stream = &side->streams[side->begun++ % 256];

	if (stream->is_open)
		return NULL;
	side->open++;
	*stream = (struct stream){ id, true };
	return stream;
}

static void note_field(void *owner, void *stream, const struct h2_field *field)
{
	struct side *side = owner;

	assert(((struct stream *)stream)->is_open);
	for (size_t i = 0; i < field->name_size; i++)
		side->heard = MIX(side->heard, (uint8_t)field->name[i]);
	for (size_t i = 0; i < field->value_size; i++)
		side->heard = MIX(side->heard, (uint8_t)field->value[i]);
}

static void note_head(void *owner, void *memory, enum h2_head head)
{
	struct side *side = owner;
	struct stream *stream = memory;
	const struct h2_field status = H2_FIELD(":status", "200");

	side->heard = MIX(side->heard, 100u + head);
	if (side->is_server && head == H2_HEAD_FINAL)
		(void)h2_answer(side->h2, stream->id, &status, 1, true);
}

static void note_body(void *owner, void *memory, const uint8_t *data, size_t size)
{
	struct side *side = owner;

	assert(((struct stream *)memory)->is_open && data != NULL);
	side->body_bytes += size;
	if (side->is_server)
		h2_consume(side->h2, ((struct stream *)memory)->id, size);
}

static void note_end(void *owner, void *memory)
{
	(void)memory;
	((struct side *)owner)->heard = MIX(((struct side *)owner)->heard, 7);
}

static void note_closed(void *owner, void *memory, uint32_t code, const char *why)
{
	struct side *side = owner;

	(void)code;
	(void)why;
	assert(((struct stream *)memory)->is_open && side->open > 0);
	((struct stream *)memory)->is_open = false;
	side->open--;
}

static void fill(void *owner, void *stream, struct h2_fill *ret)
{
	(void)owner;
	assert(((struct stream *)stream)->is_open && ret->room > 0);
	ret->data[0] = 'x';
	ret->size = 1;
	ret->is_last = true;
}

static const struct h2_handler handler = {
	.begin = begin,
	.field = note_field,
	.head = note_head,
	.body = note_body,
	.end = note_end,
	.closed = note_closed,
	.fill = fill,
};

static void ask(struct side *side)
{
	const struct h2_field fields[] = {
		H2_FIELD(":method", "GET"),
		H2_FIELD(":scheme", "http"),
		H2_FIELD(":authority", "web"),
		H2_FIELD(":path", "/"),
	};

	for (uint32_t i = 0; i < REQUESTS; i++) {
		struct stream *stream = begin(side, 0);
		assert(h2_request(side->h2, fields, 4, i == 1, stream) > 0);
	}
}

static void say_all(struct side *side)
{
	const uint8_t *bytes;
	ssize_t size;

	while ((size = h2_write(side->h2, &bytes)) > 0)
		assert((size_t)size <= H2_WRITE_MAX_BYTES && bytes != NULL);
}

static void give(struct side *side, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1); // so that the sanitizer sees what reads beyond

	assert(copy != NULL);
	memcpy(copy, data, size);
	for (size_t used = 0; used < size;) {
		size_t more = h2_read(side->h2, copy + used, size - used, 1);
		assert(more > 0 && more <= size - used);
		used += more;
	}
	free(copy);
}

static struct side read_in_pieces(uint8_t how, const uint8_t *data, size_t size, size_t piece)
{
	struct side side = { .is_server = (how & 1) != 0 };

	assert(h2_new(side.is_server ? H2_SERVER : H2_CLIENT, &handler, &side, &side.h2) == 0);
	if (side.is_server && (how & 2) != 0)
		give(&side, (const uint8_t *)H2_PREFACE, H2_PREFACE_BYTES);
	if (!side.is_server)
		ask(&side);
	say_all(&side);
	for (size_t at = 0; at < size; at += piece)
		give(&side, data + at, size - at < piece ? size - at : piece);
	say_all(&side);
	h2_free(side.h2);
	assert(side.open == 0);
	return side;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct side whole = read_in_pieces(data[0], data + 1, size - 1, size);
	struct side cut = read_in_pieces(data[0], data + 1, size - 1, 1u + (data[0] >> 2));
	assert(whole.heard == cut.heard && whole.begun == cut.begun);
	assert(whole.body_bytes == cut.body_bytes && whole.body_bytes < size);
	return 0;
}
