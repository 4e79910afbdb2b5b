/* Looks for a text in a stream that comes in pieces: what is found across their borders costs a
 * number a stream and no kept bytes (Knuth, Morris, Pratt at the borders, memmem() between). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct needle {
	const uint8_t *bytes; /* the caller's; NULL: nothing is looked for */
	size_t size;
	uint32_t *borders; /* [n]: the longest end of the first n bytes that begins the text */
};

/* `size` of 1 to UINT32_MAX - 1. -ENOMEM. */
nodiscard int needle_init(struct needle *needle, const void *bytes, size_t size);
/* Of a text; NULL: nothing is looked for, and nothing found. */
nodiscard int needle_init_text(struct needle *needle, const char *text);
/* Harmless where it was zeroed. */
void needle_deinit(struct needle *needle);

/* Where the first text ends in this piece, 0: nowhere. `matched` is the stream's, 0 at its
 * beginning and behind every text found. */
size_t needle_find(const struct needle *needle, uint32_t *matched, const void *data, size_t size);
