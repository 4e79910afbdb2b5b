/* Finds a text in bytes that come in pieces, cut anywhere (Knuth, Morris, Pratt): --stop-on and
 * --expect-text. What is compiled is shared; where a stream stands is a number of its owner. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct finder {
	const uint8_t *text; /* the caller's */
	size_t size;
	uint32_t *borders; /* of each beginning: its longest border, the place to go on from */
};

/* `text` is not empty and outlives it. -ENOMEM. */
nodiscard int finder_init(struct finder *finder, const char *text);
/* Harmless where it was zeroed. */
void finder_deinit(struct finder *finder);
/* How many bytes there are up to the end of the first find, 0: none is complete. `place`: 0 at the
 * start of a stream, and afterwards this call's alone. */
size_t finder_find(const struct finder *finder, uint32_t *place, const void *data, size_t size);
