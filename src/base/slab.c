/* See slab.h. */
#include "base/slab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct slab_chunk {
	struct slab_chunk *next;
	max_align_t objects[];
};

/* What an object is while nobody has it. */
struct slab_free {
	struct slab_free *next;
};

void slab_init(struct slab *slab, size_t object_size, size_t chunk_objects)
{
	assert(object_size > 0 && chunk_objects > 0);
	/* The alignment is also the room that a slab_free needs. */
	size_t alignment = _Alignof(max_align_t);
	static_assert(_Alignof(max_align_t) >= sizeof(struct slab_free), "a free object fits");
	*slab = (struct slab){
		.object_size = (object_size + alignment - 1) / alignment * alignment,
		.chunk_objects = chunk_objects,
	};
}

void slab_deinit(struct slab *slab)
{
	while (slab->chunks) {
		struct slab_chunk *next = slab->chunks->next;
		free(slab->chunks);
		slab->chunks = next;
	}
	slab->free = NULL;
	slab->fresh_objects = 0;
	slab->taken = 0;
}

/* calloc: the kernel's zero pages, so that an unused part of a chunk costs nothing. */
static struct slab_chunk *slab_chunk_new(const struct slab *slab)
{
	size_t size = 0;
	if (__builtin_mul_overflow(slab->object_size, slab->chunk_objects, &size) ||
	    __builtin_add_overflow(size, sizeof(struct slab_chunk), &size))
		return NULL;
	return calloc(1, size);
}

void *slab_take(struct slab *slab)
{
	if (slab->free) {
		struct slab_free *object = slab->free;
		slab->free = object->next;
		slab->taken++;
		return memset(object, 0, slab->object_size);
	}
	if (slab->fresh_objects == 0) {
		struct slab_chunk *chunk = slab_chunk_new(slab);
		if (!chunk)
			return NULL;
		chunk->next = slab->chunks;
		slab->chunks = chunk;
		slab->fresh_objects = slab->chunk_objects;
	}
	slab->fresh_objects--;
	slab->taken++;
	return (char *)slab->chunks->objects + slab->fresh_objects * slab->object_size;
}

void slab_put(struct slab *slab, void *object)
{
	if (!object)
		return;
	assert(slab->taken > 0);
	struct slab_free *free_object = object;
	free_object->next = slab->free;
	slab->free = free_object;
	slab->taken--;
}
