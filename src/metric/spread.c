/* See spread.h. */
#include "metric/spread.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/units.h"
#include "metric/report_latency.h"

#define NORMAL_PER_MAD 1.4826
#define RESAMPLES      2000
#define RUNS_MAX       64

static int compare_numbers(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;
	return (a > b) - (a < b);
}

double spread_median(double *values, size_t count)
{
	if (count == 0)
		return NAN;
	qsort(values, count, sizeof(*values), compare_numbers);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double spread_relative(double *values, size_t count)
{
	double median = spread_median(values, count);
	if (count < SPREAD_SECONDS_MIN || median == 0)
		return NAN;
	for (size_t i = 0; i < count; i++)
		values[i] = fabs(values[i] - median);
	return NORMAL_PER_MAD * spread_median(values, count) / median;
}

/* ---- seconds ---- */

/* By the middle of its interval, since an end may be a little late. */
static int64_t second_of(const struct report_stream *stream, uint32_t sample)
{
	int64_t middle_ns =
		stream->samples[sample].at_ns - (int64_t)(stream->sample_interval_ns / 2);
	return middle_ns < 0 ? 0 : middle_ns / (int64_t)NS_PER_S;
}

static double received_rate(const struct report_stream *stream, uint32_t first, uint32_t end)
{
	const struct report_sample *samples = stream->samples;
	int64_t begin_ns = first > 0 ? samples[first - 1].at_ns
				     : samples[0].at_ns - (int64_t)stream->sample_interval_ns;
	double received = 0;
	for (uint32_t i = first; i < end; i++)
		received += (double)samples[i].received;
	return received * 1e9 / (double)(samples[end - 1].at_ns - begin_ns);
}

/* The median of its samples' values: an average of percentiles is none, but how a typical value
 * moves is all that is asked. NaN where nothing was answered. */
static double typical_response(const struct report_stream *stream, enum spread_series series,
			       uint32_t first, uint32_t end, double *scratch)
{
	size_t count = 0;
	for (uint32_t i = first; i < end; i++) {
		uint64_t value = series == SPREAD_RESPONSE_P50 ? stream->samples[i].response_p50_ns
							       : stream->samples[i].response_p99_ns;
		if (value > 0)
			scratch[count++] = (double)value;
	}
	return spread_median(scratch, count);
}

size_t spread_seconds(const struct report_stream *stream, enum spread_series series,
		      double *ret_values)
{
	size_t count = 0;
	uint32_t end = 0;
	for (uint32_t first = 0; first < stream->sample_count; first = end) {
		while (end < stream->sample_count &&
		       second_of(stream, end) == second_of(stream, first))
			end++;
		/* The values that are there already stand before it: `count` is at most `first`. */
		double value =
			series == SPREAD_RECEIVED
				? received_rate(stream, first, end)
				: typical_response(stream, series, first, end, ret_values + count);
		if (isfinite(value))
			ret_values[count++] = value;
	}
	return count;
}

/* ---- one percentile ---- */

double spread_of_percentile(const struct report_latency *latency, double percentile)
{
	double share = percentile / 100;
	double deviation =
		latency->count > 0 ? 200 * sqrt(share * (1 - share) / (double)latency->count) : 0;
	double spread = NAN;
	if (!latency->hdr)
		return NAN;
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	if (!hist)
		abort();
	hist_init(hist, HIST_STREAM_RANGE);
	if (report_latency_hist(latency, NULL, hist) >= 0 && hist->count > 0) {
		uint64_t low = hist_percentile(hist, fmax(percentile - deviation, 0));
		uint64_t high = hist_percentile(hist, fmin(percentile + deviation, 100));
		spread = (double)(high - low) / 2;
	}
	free(hist);
	return spread;
}

/* ---- several runs ---- */

static double resampled_median(struct random *random, const double *values, size_t count)
{
	double sample[RUNS_MAX];
	for (size_t i = 0; i < count; i++)
		sample[i] = values[random_below(random, count)];
	return spread_median(sample, count);
}

struct spread_interval spread_bootstrap(const double *a, size_t a_count, const double *b,
					size_t b_count, uint64_t seed)
{
	double changes[RESAMPLES];
	struct random random;
	assert(a_count > 0 && a_count <= RUNS_MAX && b_count > 0 && b_count <= RUNS_MAX);
	random_init(&random, seed);
	for (size_t i = 0; i < RESAMPLES; i++) {
		double from = resampled_median(&random, a, a_count);
		changes[i] = resampled_median(&random, b, b_count) - from;
	}
	qsort(changes, RESAMPLES, sizeof(*changes), compare_numbers);
	return (struct spread_interval){ .low = changes[RESAMPLES / 40],
					 .high = changes[RESAMPLES - 1 - RESAMPLES / 40] };
}
