/* See tail.h. */
#include "base/tail.h"

#include <stdlib.h>
#include <string.h>

void tail_init(struct tail *tail, size_t kept_max)
{
	*tail = (struct tail){ .kept_max = kept_max };
}

void tail_deinit(struct tail *tail)
{
	free(tail->bytes);
	tail_init(tail, tail->kept_max);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void tail_append(struct tail *tail, const char *bytes, size_t size)
{
	tail->total += size;
	if (!tail->bytes)
		tail->bytes = malloc(2 * tail->kept_max);
	if (!tail->bytes)
		return;
	if (size > tail->kept_max) {
		bytes += size - tail->kept_max;
		size = tail->kept_max;
	}
	if (tail->size + size > 2 * tail->kept_max) {
		size_t kept = tail->kept_max - size;
		memmove(tail->bytes, tail->bytes + tail->size - kept, kept);
		tail->size = kept;
	}
	memcpy(tail->bytes + tail->size, bytes, size);
	tail->size += size;
}

const char *tail_bytes(const struct tail *tail, size_t *size)
{
	*size = smaller(tail->size, tail->kept_max);
	return *size > 0 ? tail->bytes + tail->size - *size : "";
}

uint64_t tail_omitted(const struct tail *tail)
{
	return tail->total - smaller(tail->size, tail->kept_max);
}
