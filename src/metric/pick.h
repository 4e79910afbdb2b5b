/* Numbers and texts out of other programs' JSON. A key that is missing or null is 0 or NULL; one of
 * another type, or out of range, makes the whole file wrong: the first such is told, what follows
 * is ignored, and the reader asks once at its end. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

/* What numbers may be, so that sums and differences of two never overflow. */
#define PICK_MAX (INT64_C(1) << 60)

struct pick {
	const char *what; /* "a ctraffic statistics file" */
	struct error *error;
	int failure; /* 0, or -EINVAL with the sentence */
};

/* A whole number from 0; -1, also as 2^64-1, is "unknown" and 0. */
uint64_t pick_count(struct pick *pick, const json_t *object, const char *key);
/* The same that may be negative. */
int64_t pick_moment(struct pick *pick, const json_t *object, const char *key);
double pick_real(struct pick *pick, const json_t *object, const char *key);
/* Points into the JSON. */
const char *pick_text(struct pick *pick, const json_t *object, const char *key);
/* NULL where there is none. */
const json_t *pick_object(struct pick *pick, const json_t *object, const char *key);
const json_t *pick_list(struct pick *pick, const json_t *object, const char *key);
/* "not WHAT that can be read: SENTENCE"; returns -EINVAL. */
int pick_wrong(struct pick *pick, const char *format, ...) printf_like(2, 3);
