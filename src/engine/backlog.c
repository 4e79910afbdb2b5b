#include "engine/backlog.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define CHUNKS_AT_ONCE 4

struct backlog_chunk {
	struct backlog_chunk *next;
	uint32_t start;
	uint32_t end;
	uint8_t data[BACKLOG_CHUNK_BYTES];
};
static_assert(sizeof(struct backlog_chunk) == 16384, "a chunk is four pages");

void backlog_pool_init(struct slab *pool)
{
	slab_init(pool, sizeof(struct backlog_chunk), CHUNKS_AT_ONCE);
}

int backlog_fill(struct backlog *backlog, struct slab *pool, const void *data, size_t size)
{
	const uint8_t *from = data;
	struct backlog_chunk **link = &backlog->first;

	assert(backlog_is_empty(backlog) && size <= BACKLOG_PARTS_MAX * BACKLOG_CHUNK_BYTES);
	while (size > 0) {
		struct backlog_chunk *chunk = slab_take(pool);
		if (chunk == NULL) {
			backlog_clear(backlog, pool);
			return -ENOMEM;
		}
		size_t part = size < BACKLOG_CHUNK_BYTES ? size : BACKLOG_CHUNK_BYTES;
		memcpy(chunk->data, from, part);
		chunk->end = (uint32_t)part;
		*link = chunk;
		link = &chunk->next;
		from += part;
		size -= part;
	}
	return 0;
}

int backlog_parts(const struct backlog *backlog, struct iovec parts[BACKLOG_PARTS_MAX])
{
	int count = 0;

	for (struct backlog_chunk *chunk = backlog->first; chunk != NULL; chunk = chunk->next)
		parts[count++] =
			(struct iovec){ chunk->data + chunk->start, chunk->end - chunk->start };
	return count;
}

static void drop_first(struct backlog *backlog, struct slab *pool)
{
	struct backlog_chunk *chunk = backlog->first;

	backlog->first = chunk->next;
	slab_put(pool, chunk);
}

void backlog_drain(struct backlog *backlog, struct slab *pool, size_t size)
{
	while (size > 0) {
		struct backlog_chunk *chunk = backlog->first;
		assert(chunk != NULL);
		size_t part = chunk->end - chunk->start;
		if (size < part) {
			chunk->start += (uint32_t)size;
			return;
		}
		size -= part;
		drop_first(backlog, pool);
	}
}

void backlog_clear(struct backlog *backlog, struct slab *pool)
{
	while (!backlog_is_empty(backlog))
		drop_first(backlog, pool);
}
