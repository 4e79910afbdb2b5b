/* A sentence put together from clauses: each that is begun gets the separator before it, but for
 * the first. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

#define CLAUSES_MAX 4096

struct clauses {
	struct buffer *out;
	const char *separator;
	bool has_one;
};

static inline void clauses_init(struct clauses *clauses, struct buffer *out, const char *separator)
{
	*clauses = (struct clauses){ .out = out, .separator = separator };
}

/* The buffer to append the clause to. */
static inline struct buffer *clauses_next(struct clauses *clauses)
{
	if (clauses->has_one)
		buffer_append_text(clauses->out, clauses->separator);
	clauses->has_one = true;
	return clauses->out;
}
