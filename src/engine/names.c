#include "engine/names.h"

#include <string.h>

#include "base/pages.h"

#define ITEMS_BYTES ((size_t)NAMES_MAX * NAME_BYTES)

void names_init(struct names *names)
{
	*names = (struct names){ 0 };
}

int names_share(struct names *names)
{
	void *pages = NULL;
	int result = pages_new(ITEMS_BYTES, PAGES_SHARED, &pages);
	names->items = pages;
	return result;
}

void names_deinit(struct names *names)
{
	pages_free(names->items, ITEMS_BYTES);
	names_init(names);
}

/* A longer name is known by its first bytes. */
static bool is_name(const char item[NAME_BYTES], const char *name)
{
	return strncmp(item, name, NAME_BYTES - 1) == 0;
}

static bool has_room(struct names *names)
{
	void *pages = NULL;
	if (names->items)
		return names->count < NAMES_MAX;
	if (pages_new(ITEMS_BYTES, PAGES_PRIVATE, &pages) < 0)
		return false;
	names->items = pages;
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
	memcpy(item, name, strnlen(name, NAME_BYTES - 1));
	return names->count++;
}

const char *names_text(const struct names *names, uint16_t index)
{
	return index < names->count ? names->items[index] : NULL;
}
