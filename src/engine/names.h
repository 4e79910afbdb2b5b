/* The backends that a worker has met, by name, with a small index each. One owner. */
#pragma once

#include <stdint.h>

#include "metric/events.h"

#define NAMES_MAX  4096 /* the rest share BACKEND_UNKNOWN */
#define NAME_BYTES 64

struct names {
	char (*items)[NAME_BYTES];
	uint16_t count;
	uint16_t capacity;
};

void names_init(struct names *names);
void names_deinit(struct names *names);
/* The index of `name`, added if new. `hint`: an index that is probably right (the slot's last
 * one). BACKEND_UNKNOWN for "", when full or out of memory. */
uint16_t names_index(struct names *names, const char *name, uint16_t hint);
const char *names_text(const struct names *names, uint16_t index); /* NULL: unknown */
