/* The counters of one stream as a flat struct, and the table over it that every view walks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct counters {
#define COUNTER(name, kind, merge, help) uint64_t name;
#include "metric/counters.def"
#undef COUNTER
};

enum counter_kind { COUNTER_TOTAL, COUNTER_GAUGE };
enum counter_merge { COUNTER_SUM, COUNTER_MAX };

struct counter_row {
	const char *name;
	const char *help;
	size_t offset;
	enum counter_kind kind;
	enum counter_merge merge;
};

extern const struct counter_row counter_table[];
extern const size_t counter_table_size;

uint64_t counter_value(const struct counters *counters, const struct counter_row *row);

/* Adds `from` to `into` by each row's merge. */
void counters_merge(struct counters *into, const struct counters *from);

/* NULL if both identities hold, else the sentence of the one that does not. */
const char *counters_check(const struct counters *counters);
