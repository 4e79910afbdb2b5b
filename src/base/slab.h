/* Objects of one size, taken and put back in O(1). Memory comes in chunks and is kept, so nothing
 * is allocated below the high-water mark. Objects never move. One owner, no locking. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"

struct slab_chunk;
struct slab_free;

struct slab {
	struct slab_chunk *chunks; /* the newest first */
	struct slab_free *free;    /* objects put back, the last one first */
	size_t object_size;
	size_t chunk_objects;
	size_t fresh_objects; /* of the newest chunk, never taken yet */
	size_t taken;         /* now */
};

/* A chunk holds `chunk_objects`; its pages are touched when its objects are first taken. */
void slab_init(struct slab *slab, size_t object_size, size_t chunk_objects);
/* Frees all objects, taken or not. */
void slab_deinit(struct slab *slab);

/* A zeroed object, aligned for any type. NULL: out of memory. */
nodiscard void *slab_take(struct slab *slab);
/* Puts back what slab_take() of this slab gave; NULL is harmless. */
void slab_put(struct slab *slab, void *object);
