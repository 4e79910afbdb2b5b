/* Several targets on a terminal while they are looked at: a table that is rewritten in place, the
 * worst first. Pure: writes into a buffer that the caller prints. */
#pragma once

#include "base/buffer.h"
#include "metric/probe_series.h"
#include "metric/report.h"

struct ping_table {
	unsigned shown; /* lines, with the cursor behind them; 0: none */
};

struct ping_table_size {
	unsigned columns; /* 0: unknown */
	unsigned rows;
};

/* Names are the streams', figures those of `series`, one each. */
void ping_table_show(struct ping_table *table, const struct report *report,
		     struct probe_series *const *series, struct ping_table_size size,
		     struct buffer *out);
/* Wipes it. Writes nothing where none is shown. */
void ping_table_clear(struct ping_table *table, struct buffer *out);
