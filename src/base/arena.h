/* Memory that lives as long as a run or a report: taken piece by piece, freed at once. Out of
 * memory aborts with a sentence: set-up can't go on without it. One owner. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used; /* of the newest block */
};

void arena_init(struct arena *arena);
void arena_deinit(struct arena *arena);
/* Zeroed and aligned for any type. */
void *arena_take(struct arena *arena, size_t size);
void *arena_take_array(struct arena *arena, size_t count, size_t size);
/* NULL gives NULL. */
const char *arena_text(struct arena *arena, const char *text);
const char *arena_format(struct arena *arena, const char *format, ...) printf_like(2, 3);
