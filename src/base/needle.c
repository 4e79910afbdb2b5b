#include "base/needle.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How much of the text is there when `byte` comes behind `matched` bytes of it. */
static uint32_t step(const struct needle *needle, uint32_t matched, uint8_t byte)
{
	while (matched > 0 && needle->bytes[matched] != byte)
		matched = needle->borders[matched];
	return matched + (needle->bytes[matched] == byte);
}

int needle_init(struct needle *needle, const void *bytes, size_t size)
{
	assert(size > 0 && size < UINT32_MAX);
	*needle = (struct needle){ .bytes = bytes, .size = size };
	needle->borders = calloc(size + 1, sizeof(*needle->borders));
	if (!needle->borders)
		return -ENOMEM;
	for (size_t i = 1; i < size; i++)
		needle->borders[i + 1] = step(needle, needle->borders[i], needle->bytes[i]);
	return 0;
}

int needle_init_text(struct needle *needle, const char *text)
{
	*needle = (struct needle){ 0 };
	return text ? needle_init(needle, text, strlen(text)) : 0;
}

void needle_deinit(struct needle *needle)
{
	free(needle->borders);
	*needle = (struct needle){ 0 };
}

/* Byte by byte. */
static size_t walk(const struct needle *needle, uint32_t *matched, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		*matched = step(needle, *matched, data[i]);
		if (*matched == needle->size) {
			*matched = 0;
			return i + 1;
		}
	}
	return 0;
}

size_t needle_find(const struct needle *needle, uint32_t *matched, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t border = needle->size - 1;

	if (!needle->bytes)
		return 0;
	/* What began in an earlier piece ends among these. */
	if (*matched > 0 || size <= border) {
		size_t end = walk(needle, matched, bytes, size < border ? size : border);
		if (end > 0 || size <= border)
			return end;
	}
	*matched = 0;
	const uint8_t *found = memmem(bytes, size, needle->bytes, needle->size);
	if (found)
		return (size_t)(found - bytes) + needle->size;
	return walk(needle, matched, bytes + size - border, border);
}
