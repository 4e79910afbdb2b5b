/* Two builds compared by the reports of their runs. Pure.
 *
 * A figure is worse when its change goes beyond the allowance and beyond what chance does: with
 * three runs a side or more, the 95 % interval of the change (spread.h) leaves out zero; with
 * fewer, the change is larger than the spread within a run. A count is as noisy as one of
 * independent events: twice the root of both together. A longest interruption, stall or outage is
 * as exact as its resolution, and as noisy as the list of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/error.h"
#include "metric/figures.h"
#include "metric/report.h"
#include "metric/report_settings.h"

#define DIFF_RUNS_MAX 64
#define DIFF_ROWS_MAX 64
/* Runs a side that tell by themselves how much two runs of one build differ. */
#define DIFF_RUNS_ENOUGH 3

/* The runs of one build; all are of one command. */
struct diff_side {
	const struct report *runs[DIFF_RUNS_MAX];
	size_t count;
};

struct diff_row {
	const char *stream; /* NULL: the first one, which needs no name */
	const struct figure_row *figure;
	double a, b; /* medians of the runs, in the figure's unit */
	bool is_a_bound, is_b_bound;
	double base;   /* what b is compared with: a, for a count as it would be of b's whole */
	double spread; /* what chance does, in the unit; NaN: not known */
	bool is_spread_of_run; /* it was seen within a run, and is not a count's */
	bool has_interval;
	double low, high; /* of b - base */
	bool is_worse;
};

struct diff {
	struct arena arena;
	struct diff_row rows[DIFF_ROWS_MAX]; /* worse ones first */
	size_t row_count;
	bool has_failed;
	struct setting_difference *settings; /* in which any run differs from the first */
	uint32_t setting_count;
};

/* `max_regress` is a share: 0.05. -EINVAL: the commands differ, or no figure is in both. The
 * reports outlive it. diff_deinit() in all cases. */
nodiscard int report_diff(const struct diff_side *a, const struct diff_side *b, double max_regress,
			  uint64_t seed, struct error *error, struct diff *ret);
void diff_deinit(struct diff *diff);
