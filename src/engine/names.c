#include "engine/names.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 16

void names_init(struct names *names)
{
	*names = (struct names){ 0 };
}

void names_deinit(struct names *names)
{
	free(names->items);
	names_init(names);
}

/* A longer name is known by its first bytes. */
static bool is_name(const char item[NAME_BYTES], const char *name)
{
	return strncmp(item, name, NAME_BYTES - 1) == 0;
}

static bool has_room(struct names *names)
{
	if (names->count < names->capacity)
		return true;
	if (names->count == NAMES_MAX)
		return false;
	uint16_t capacity = names->capacity == 0 ? CAPACITY_FIRST : (uint16_t)(names->capacity * 2);
	void *items = realloc(names->items, capacity * sizeof(*names->items));
	if (items == NULL)
		return false;
	names->items = items;
	names->capacity = capacity;
	return true;
}

uint16_t names_index(struct names *names, const char *name, uint16_t hint)
{
	if (name[0] == '\0')
		return BACKEND_UNKNOWN;
	if (hint < names->count && is_name(names->items[hint], name))
		return hint;
	for (uint16_t i = 0; i < names->count; i++) {
		if (is_name(names->items[i], name))
			return i;
	}
	if (!has_room(names))
		return BACKEND_UNKNOWN;
	char *item = names->items[names->count];
	size_t length = strnlen(name, NAME_BYTES - 1);
	memcpy(item, name, length);
	item[length] = '\0';
	return names->count++;
}

const char *names_text(const struct names *names, uint16_t index)
{
	return index < names->count ? names->items[index] : NULL;
}
