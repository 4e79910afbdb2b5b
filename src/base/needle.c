#include "base/needle.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How much of the text ends with this byte, behind so much that matched. */
static uint32_t step(const struct needle *needle, uint32_t matched, char byte)
{
	while (matched > 0 && needle->text[matched] != byte)
		matched = needle->borders[matched - 1];
	return matched + (needle->text[matched] == byte);
}

int needle_init(struct needle *needle, const char *text)
{
	size_t size = strlen(text);

	assert(size > 0 && size <= UINT32_MAX);
	*needle = (struct needle){ .text = text, .size = (uint32_t)size };
	needle->borders = calloc(size, sizeof(*needle->borders));
	if (needle->borders == NULL)
		return -ENOMEM;
	for (uint32_t i = 1; i < size; i++)
		needle->borders[i] = step(needle, needle->borders[i - 1], text[i]);
	return 0;
}

void needle_deinit(struct needle *needle)
{
	free(needle->borders);
	*needle = (struct needle){ 0 };
}

size_t needle_find(const struct needle *needle, uint32_t *matched, const void *data, size_t size)
{
	const char *bytes = data;
	uint32_t so_far = *matched;

	for (size_t at = 0; at < size; at++) {
		if (so_far == 0) {
			const char *first = memchr(bytes + at, needle->text[0], size - at);
			if (first == NULL)
				break;
			at = (size_t)(first - bytes);
		}
		so_far = step(needle, so_far, bytes[at]);
		if (so_far == needle->size) {
			*matched = needle->borders[so_far - 1];
			return at + 1;
		}
	}
	*matched = so_far;
	return 0;
}
