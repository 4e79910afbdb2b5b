/* The backends that a worker has met, by name, with a small index each. One owner. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/events.h"

#define NAMES_MAX  4096 /* the rest share BACKEND_UNKNOWN */
#define NAME_BYTES 64

struct names {
	char (*items)[NAME_BYTES]; /* room for all, of which pages are taken as they come */
	uint16_t count;
};

void names_init(struct names *names);
/* Right after that: processes that are forked later see what is added, where they see `names`. */
nodiscard int names_share(struct names *names);
void names_deinit(struct names *names);
/* The index of `name`, added if new. `hint`: an index that is probably right (the slot's last
 * one). BACKEND_UNKNOWN for "", when full or out of memory. */
uint16_t names_index(struct names *names, const char *name, uint16_t hint);
const char *names_text(const struct names *names, uint16_t index); /* NULL: unknown */
