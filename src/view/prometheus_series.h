/* What is exposed of one stream: a recorder's sums as counters that never go backwards. A sum may:
 * an unanswered message moves to a later bucket as it ages, and an error without a row of its own
 * joins the others. Here each keeps the most that it was. Pure. */
#pragma once

#include <stdint.h>

#include "metric/recorder.h"

/* Upper bounds of the buckets, from 100 us to 60 s; behind them +Inf. */
#define PROMETHEUS_BOUNDS 18
extern const uint64_t prometheus_bounds_ns[PROMETHEUS_BOUNDS];

struct prometheus_hist {
	uint64_t counts[PROMETHEUS_BOUNDS]; /* at or below each bound, within the 0.1 % of HDR */
	uint64_t count;
	uint64_t sum_ns;
};

/* HTTP answers: 1xx to 5xx, and those that found no row or are none of these. */
#define PROMETHEUS_CLASSES 6
const char *prometheus_class_name(unsigned index);

struct prometheus_series {
	struct counters counters;
	struct prometheus_hist latencies[LATENCY_RECORDED];
	uint64_t errors[PHASE_COUNT][OUTCOME_COUNT];
	uint64_t classes[PROMETHEUS_CLASSES];
};

/* `series` all zero at the start. */
void prometheus_series_take(struct prometheus_series *series, const struct recorder *now);
