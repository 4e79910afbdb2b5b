/* The last reports, kept without being asked: $XDG_STATE_HOME/conntest (or ~/.local/state), newest
 * 20, one file each, named by their start. Where that can't be written, silently nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"

#define STORE_REPORTS_MAX 20
#define STORE_PATH_MAX    1024

/* True: it is there. */
bool store_keep(const struct report *report);

struct store_list {
	size_t count;
	char paths[STORE_REPORTS_MAX][STORE_PATH_MAX]; /* newest first */
};
/* -ENOENT with a sentence when none is kept: `ret` is an empty list. */
nodiscard int store_find(struct store_list *ret, struct error *error);
