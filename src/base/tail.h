/* The last bytes of a stream of any length: keeps up to `kept_max` and counts what came before.
 * Takes memory with the first byte, twice `kept_max`, and no more. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct tail {
	char *bytes;
	size_t size;
	size_t kept_max;
	uint64_t total; /* of the whole stream */
};

void tail_init(struct tail *tail, size_t kept_max);
void tail_deinit(struct tail *tail);
/* Out of memory, it keeps nothing and counts on. */
void tail_append(struct tail *tail, const char *bytes, size_t size);
/* The bytes, `size` of them, not ended by a zero. */
const char *tail_bytes(const struct tail *tail, size_t *size);
/* What came before these. */
uint64_t tail_omitted(const struct tail *tail);
