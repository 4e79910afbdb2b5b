/* Bytes that a short send left over, until there is room again: a chain of chunks out of a
 * worker's pool. A backlog is filled once, while empty, and then only drained. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/attributes.h"
#include "base/slab.h"

struct backlog_chunk;

struct backlog {
	struct backlog_chunk *first; /* NULL: empty */
};

/* What one chunk holds, and how many chunks one backlog has at most. */
#define BACKLOG_CHUNK_BYTES 16368
#define BACKLOG_PARTS_MAX   17

/* A pool for any number of backlogs; slab_deinit() frees it. `taken` counts chunks. */
void backlog_pool_init(struct slab *pool);

static inline bool backlog_is_empty(const struct backlog *backlog)
{
	return backlog->first == NULL;
}
/* Copies at most BACKLOG_PARTS_MAX chunks' worth into an empty backlog. 0 or -ENOMEM: then it is
 * still empty. */
nodiscard int backlog_fill(struct backlog *backlog, struct slab *pool, const void *data,
			   size_t size);
/* All its bytes in order, for a send. Returns how many parts. */
int backlog_parts(const struct backlog *backlog, struct iovec parts[BACKLOG_PARTS_MAX]);
/* The first `size` bytes are sent. */
void backlog_drain(struct backlog *backlog, struct slab *pool, size_t size);
void backlog_clear(struct backlog *backlog, struct slab *pool);
