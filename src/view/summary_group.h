/* A group of like events and its sentence; inside summary. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "view/summary.h"

#define GROUP_BACKENDS_MAX 8

struct summary_group {
	bool is_used;
	bool has_outcome;
	bool is_open;      /* failed new connections: still fail at the end */
	bool has_surprise; /* of one at least no silence had been told */
	uint32_t number;   /* its own, for as long as it gathers */
	enum event_kind kind;
	enum outcome outcome;
	uint16_t backend;
	uint16_t status; /* of the answers that were rejected; else 0 */
	uint64_t at_ns;  /* the moment that it is told under */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t since_ns; /* the earliest that one of them had lasted */
	uint64_t resting_until_ns;
	uint64_t count; /* 0: it rests */
	uint64_t of;
	uint64_t sum; /* of the events' own counts */
	uint64_t span_ns;
	struct {
		uint16_t backend;
		uint64_t count;
	} to[GROUP_BACKENDS_MAX]; /* where the slots went, the most first */
	uint64_t to_others;
};

void summary_group_add_backend(struct summary_group *group, uint16_t backend);
void summary_group_text(const struct summary_group *group, const struct summary_setup *setup,
			struct buffer *out);
/* NULL: unknown. */
const char *summary_backend_name(const struct summary_setup *setup, uint16_t backend);
