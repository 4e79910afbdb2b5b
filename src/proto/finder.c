#include "proto/finder.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How much of the text is there behind another byte. */
static uint32_t go_on(const struct finder *finder, uint32_t place, uint8_t byte)
{
	while (place > 0 && finder->text[place] != byte)
		place = finder->borders[place - 1];
	return place + (finder->text[place] == byte);
}

int finder_init(struct finder *finder, const char *text)
{
	*finder = (struct finder){ (const uint8_t *)text, strlen(text), NULL };
	assert(finder->size > 0 && finder->size < UINT32_MAX);
	finder->borders = calloc(finder->size, sizeof(*finder->borders));
	if (finder->borders == NULL)
		return -ENOMEM;
	for (size_t i = 1; i < finder->size; i++)
		finder->borders[i] = go_on(finder, finder->borders[i - 1], finder->text[i]);
	return 0;
}

void finder_deinit(struct finder *finder)
{
	free(finder->borders);
	*finder = (struct finder){ .text = NULL };
}

size_t finder_find(const struct finder *finder, uint32_t *place, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t at = 0; at < size; at++) {
		if (*place == 0) {
			const uint8_t *first = memchr(bytes + at, finder->text[0], size - at);
			if (first == NULL)
				return 0;
			at = (size_t)(first - bytes);
		}
		*place = go_on(finder, *place, bytes[at]);
		if (*place == finder->size) {
			*place = 0;
			return at + 1;
		}
	}
	return 0;
}
