/* See arena.h. Pieces are cut from the newest block; a large piece gets a block of its own size. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_BYTES ((size_t)16384)

struct arena_block {
	struct arena_block *next;
	size_t capacity;
	max_align_t data[];
};

void arena_init(struct arena *arena)
{
	*arena = (struct arena){ 0 };
}

void arena_deinit(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
	arena->used = 0;
}

static _Noreturn void out_of_memory(void)
{
	(void)fputs("conntest: out of memory while setting up\n", stderr);
	abort();
}

static struct arena_block *arena_block_new(size_t capacity)
{
	size_t size = 0;
	struct arena_block *block = NULL;
	if (!__builtin_add_overflow(sizeof(*block), capacity, &size))
		block = calloc(1, size);
	if (!block)
		out_of_memory();
	block->capacity = capacity;
	return block;
}

void *arena_take(struct arena *arena, size_t size)
{
	size_t alignment = _Alignof(max_align_t);
	if (__builtin_add_overflow(size, alignment - 1, &size))
		out_of_memory();
	size -= size % alignment;

	if (!arena->blocks || size > arena->blocks->capacity - arena->used) {
		size_t capacity = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
		struct arena_block *block = arena_block_new(capacity);
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used = 0;
	}
	char *piece = (char *)arena->blocks->data + arena->used;
	arena->used += size;
	return piece;
}

void *arena_take_array(struct arena *arena, size_t count, size_t size)
{
	size_t total = 0;
	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory();
	return arena_take(arena, total);
}

const char *arena_text(struct arena *arena, const char *text)
{
	if (!text)
		return NULL;
	size_t size = strlen(text) + 1;
	return memcpy(arena_take(arena, size), text, size);
}

const char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	size_t size = length < 0 ? 1 : (size_t)length + 1;
	char *text = arena_take(arena, size);
	if (length > 0)
		(void)vsnprintf(text, size, format, again);
	va_end(again);
	return text;
}
