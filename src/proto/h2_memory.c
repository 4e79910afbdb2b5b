/* What nghttp2 allocates, with a bound: each block knows its size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/h2_parts.h"

struct block {
	_Alignas(max_align_t) size_t size;
};

static void *take(size_t size, void *context)
{
	struct h2 *h2 = context;

	if (size > h2->memory_max || h2->memory_bytes > h2->memory_max - size)
		return NULL;
	struct block *block = malloc(sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	h2->memory_bytes += size;
	return block + 1;
}

static void *take_zeros(size_t count, size_t size, void *context)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all))
		return NULL;
	void *memory = take(all, context);
	if (memory != NULL)
		memset(memory, 0, all);
	return memory;
}

static void give_back(void *memory, void *context)
{
	struct h2 *h2 = context;

	if (memory == NULL)
		return;
	struct block *block = (struct block *)memory - 1;
	h2->memory_bytes -= block->size;
	free(block);
}

static void *take_more(void *memory, size_t size, void *context)
{
	struct h2 *h2 = context;

	if (memory == NULL)
		return take(size, context);
	struct block *block = (struct block *)memory - 1;
	size_t others = h2->memory_bytes - block->size;
	if (size > h2->memory_max || others > h2->memory_max - size)
		return NULL;
	block = realloc(block, sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	h2->memory_bytes = others + size;
	return block + 1;
}

nghttp2_mem h2_memory(struct h2 *h2)
{
	return (nghttp2_mem){
		.mem_user_data = h2,
		.malloc = take,
		.free = give_back,
		.calloc = take_zeros,
		.realloc = take_more,
	};
}
