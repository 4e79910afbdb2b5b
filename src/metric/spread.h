/* How much a figure varies: the statistics behind `report diff`. Pure.
 *
 * Within a run: the values of its seconds, and of these the median absolute deviation times 1.4826,
 * which for normal noise is the standard deviation and which one bad second doesn't move. A
 * percentile has besides the noise of its finite number of samples: half the distance between the
 * values two standard deviations of its rank below and above.
 * Between runs: the 95 % interval of the change of medians, by bootstrap. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "metric/report.h"

/* Seconds that a spread needs. */
#define SPREAD_SECONDS_MIN 5

/* Sorts the values; NaN of none. */
double spread_median(double *values, size_t count);
/* The deviation as a part of the median: 0.06; NaN of fewer than SPREAD_SECONDS_MIN values, or when
 * the median is 0. Sorts. */
double spread_relative(double *values, size_t count);

/* The values of a stream's seconds: at most stream->sample_count, their number is returned. */
enum spread_series { SPREAD_RESPONSE_P50, SPREAD_RESPONSE_P99, SPREAD_RECEIVED };
size_t spread_seconds(const struct report_stream *stream, enum spread_series series,
		      double *ret_values);

/* The noise of a percentile (0..100) in ns; NaN if the report holds no histogram. */
double spread_of_percentile(const struct report_latency *latency, double percentile);

struct spread_interval {
	double low;
	double high;
};
/* Of median(b) - median(a), from resampling both sides; the same seed gives the same. */
struct spread_interval spread_bootstrap(const double *a, size_t a_count, const double *b,
					size_t b_count, uint64_t seed);
