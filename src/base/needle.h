/* Looks for a text in bytes that come in pieces, by Knuth, Morris and Pratt: what has been seen is
 * one number. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct needle {
	const char *text;
	uint32_t size;
	uint32_t *borders; /* of each beginning: its longest end that is a beginning as well */
};

/* `text`, which must not be empty, stays the caller's. 0 or -ENOMEM. */
nodiscard int needle_init(struct needle *needle, const char *text);
/* Harmless on one that is all zero. */
void needle_deinit(struct needle *needle);
/* How many of the bytes it takes to the end of the text; 0: it is not among them. `matched`, 0 at
 * the start, is how much of it the bytes before ended with. */
size_t needle_find(const struct needle *needle, uint32_t *matched, const void *data, size_t size);
