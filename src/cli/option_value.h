/* One option's value: from text into the field of its row, and back. For option.c, help and tests;
 * commands use option.h. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/error.h"
#include "cli/option.h"

/* Room for a value as text; longer texts and list items are pointed to, not copied. */
#define OPTION_VALUE_MAX 64

/* Reads `text` into the row's field of `options`; a list gets one more item. What has to be kept
 * beside `text` itself is taken from `arena`. -EINVAL with a sentence that doesn't name the option.
 */
nodiscard int option_value_set(const struct option_row *row, void *options, const char *text,
			       struct arena *arena, struct error *error);

/* As if nothing had been set, not even its default. */
void option_value_clear(const struct option_row *row, void *options);

/* How many values the option has: of a list its items, else 1, or 0 where nothing is set. */
size_t option_value_count(const struct option_row *row, const void *options);
/* The value as text that reads back, `text` or a pointer into the options. */
const char *option_value_format(const struct option_row *row, const void *options, size_t index,
				char text[OPTION_VALUE_MAX]);
