/* What is shown of `ping` while it goes on: a line a probe on stdout, rows of tsv and objects of
 * NDJSON as they come, changes while it waits, and with several targets on a terminal a table that
 * is rewritten. */
#pragma once

#include <stdbool.h>

#include "metric/probe_series.h"
#include "metric/report.h"
#include "run/outputs.h"
#include "run/ping.h"

struct ping_show;

struct ping_show_setup {
	const struct ping *ping;
	struct outputs *outputs;
	struct report *report; /* described */
	struct probe_series *const *series;
	uint64_t begin_ns;
	int64_t unix_ns; /* at begin_ns */
};
nodiscard int ping_show_new(const struct ping_show_setup *setup, struct ping_show **ret);
void ping_show_free(struct ping_show *show); /* takes NULL */

/* A probe has ended, and is in its series. */
void ping_show_probe(struct ping_show *show, const struct probe_result *result);
/* A sentence on stderr. */
void ping_show_tell(struct ping_show *show, uint64_t at_ns, const char *text);
/* Whether the table is shown, and at this moment. */
bool ping_show_has_table(const struct ping_show *show);
void ping_show_tick(struct ping_show *show);
/* Nothing more comes: what was rewritten is wiped. */
void ping_show_end(struct ping_show *show);
