#include "metric/hist.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* By digits: log2 of half the smallest power of two that is at least 2 * 10^digits. */
static const uint16_t half_magnitudes[] = { 0, 4, 7, 10 };

static uint32_t counts_size_of(struct hist_range range)
{
	assert(range.digits >= 1 && range.digits < array_size(half_magnitudes));
	assert(range.highest > 0 && range.highest <= INT64_MAX);
	unsigned half = half_magnitudes[range.digits];
	unsigned exponent =
		63U - (unsigned)__builtin_clzll(range.highest | UINT64_C(1) << half) - half;

	return (exponent + 2) << half;
}

size_t hist_size(struct hist_range range)
{
	return sizeof(struct hist) + counts_size_of(range) * sizeof(uint64_t);
}

void hist_init(struct hist *hist, struct hist_range range)
{
	hist->minimum = UINT64_MAX;
	hist->highest = range.highest;
	hist->counts_size = counts_size_of(range);
	hist->digits = (uint16_t)range.digits;
	hist->half_magnitude = half_magnitudes[range.digits];
	assert(hist->counts_size <= 64 * HIST_PAGE_COUNTS);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The inverse of hist_index(): the values that are counted at `index`. */
static struct hist_bucket bucket_at(const struct hist *hist, uint32_t index)
{
	uint32_t half_count = UINT32_C(1) << hist->half_magnitude;
	uint32_t exponent = index < half_count ? 0 : (index >> hist->half_magnitude) - 1;
	uint64_t lowest = (uint64_t)(index - (exponent << hist->half_magnitude)) << exponent;

	return (struct hist_bucket){
		.lowest = lowest,
		.highest = lowest + (UINT64_C(1) << exponent) - 1,
		.count = hist->counts[index],
	};
}

/* The ends of what is counted; not of an empty one. */
static uint32_t first_index(const struct hist *hist)
{
	return hist_index(hist, hist->minimum);
}

static uint32_t last_index(const struct hist *hist)
{
	return hist_index(hist, hist->maximum);
}

static void touch(struct hist *hist, uint32_t index)
{
	hist->dirty |= UINT64_C(1) << (index / HIST_PAGE_COUNTS);
}

/* A sum that was saturated stays so. */
static void add_to_sum(struct hist *hist, uint64_t value)
{
	if (__builtin_add_overflow(hist->sum, value, &hist->sum))
		hist->sum = UINT64_MAX;
}

/* Draws minimum and maximum in to the buckets that still hold something. */
static void tighten(struct hist *hist)
{
	if (hist->count == 0) {
		hist->minimum = UINT64_MAX;
		hist->maximum = 0;
		return;
	}
	uint32_t first = first_index(hist);
	uint32_t last = last_index(hist);

	while (hist->counts[first] == 0)
		first++;
	while (hist->counts[last] == 0)
		last--;
	hist->minimum = larger(hist->minimum, bucket_at(hist, first).lowest);
	hist->maximum = smaller(hist->maximum, bucket_at(hist, last).highest);
}

void hist_add_censored(struct hist *hist, uint64_t bound, uint64_t count)
{
	if (count == 0)
		return;
	hist_add_many(hist, bound, count);
	bound = smaller(bound, hist->highest);
	hist->censored_min = hist->censored > 0 ? smaller(hist->censored_min, bound) : bound;
	hist->censored += count;
}

void hist_move_censored(struct hist *hist, uint64_t from, uint64_t to, uint64_t count)
{
	uint64_t value = smaller(from, hist->highest);
	uint32_t index = hist_index(hist, value);

	assert(hist->censored >= count && hist->counts[index] >= count);
	hist->counts[index] -= count;
	hist->count -= count;
	hist->censored -= count;
	if (from > hist->highest)
		hist->saturated -= count;
	if (hist->sum != UINT64_MAX)
		hist->sum -= value * count;
	touch(hist, index);
	tighten(hist);
	hist_add_censored(hist, to, count);
}

/* Where both hold some; where one holds none the other's stands. */
static uint64_t merged_censored_min(const struct hist *a, const struct hist *b)
{
	if (a->censored == 0)
		return b->censored_min;
	if (b->censored == 0)
		return a->censored_min;
	return smaller(a->censored_min, b->censored_min);
}

void hist_merge(struct hist *into, const struct hist *from)
{
	assert(into->counts_size == from->counts_size && into->highest == from->highest);
	if (from->count == 0)
		return;
	for (uint32_t i = first_index(from); i <= last_index(from); i++) {
		if (from->counts[i] == 0)
			continue;
		into->counts[i] += from->counts[i];
		touch(into, i);
	}
	into->censored_min = merged_censored_min(into, from);
	into->count += from->count;
	into->censored += from->censored;
	into->saturated += from->saturated;
	add_to_sum(into, from->sum);
	into->minimum = smaller(into->minimum, from->minimum);
	into->maximum = larger(into->maximum, from->maximum);
}

/* Entries that were moved up since (hist_move_censored) are where they are now: a bucket that
 * holds less than it did is left with none. */
void hist_subtract(struct hist *into, const struct hist *from)
{
	uint64_t taken = 0;

	assert(into->counts_size == from->counts_size && into->count >= from->count);
	if (from->count == 0)
		return;
	for (uint32_t i = first_index(from); i <= last_index(from); i++) {
		uint64_t both = smaller(into->counts[i], from->counts[i]);
		if (both == 0)
			continue;
		into->counts[i] -= both;
		taken += both;
		touch(into, i);
	}
	into->count -= taken;
	into->censored -= smaller(into->censored, from->censored - (from->count - taken));
	if (into->censored == 0)
		into->censored_min = 0;
	into->saturated -= smaller(into->saturated, from->saturated);
	if (into->sum != UINT64_MAX)
		into->sum -= smaller(into->sum, from->sum);
	tighten(into);
}

void hist_clear(struct hist *hist)
{
	if (hist->count == 0)
		return;
	for (uint32_t i = first_index(hist); i <= last_index(hist); i++) {
		if (hist->counts[i] == 0)
			continue;
		hist->counts[i] = 0;
		touch(hist, i);
	}
	hist->count = 0;
	hist->censored = 0;
	hist->censored_min = 0;
	hist->saturated = 0;
	hist->sum = 0;
	tighten(hist);
}

/* How many entries lie at or below the percentile. HdrHistogram steps down by the smallest
 * amount before it rounds up, so that 99.9 % of 41,000 are 40,959 in spite of binary fractions. */
static uint64_t rank_of(const struct hist *hist, double percentile)
{
	double rank = ceil(nextafter(percentile, 0) * (double)hist->count / 100);

	return rank < 1 ? 1 : smaller((uint64_t)rank, hist->count);
}

uint64_t hist_percentile(const struct hist *hist, double percentile)
{
	uint64_t below = 0;

	if (hist->count == 0)
		return 0;
	if (percentile <= 0)
		return hist->minimum;
	uint64_t rank = rank_of(hist, percentile);
	uint32_t index = first_index(hist);

	while ((below += hist->counts[index]) < rank)
		index++;
	return smaller(bucket_at(hist, index).highest, hist->maximum);
}

double hist_mean(const struct hist *hist)
{
	return hist->count > 0 ? (double)hist->sum / (double)hist->count : 0;
}

int64_t hist_next(const struct hist *hist, int64_t index, struct hist_bucket *ret)
{
	if (hist->count == 0 || index < 0)
		return -1;
	for (uint32_t i = (uint32_t)larger(index, first_index(hist)); i <= last_index(hist); i++) {
		if (hist->counts[i] == 0)
			continue;
		*ret = bucket_at(hist, i);
		return (int64_t)i + 1;
	}
	return -1;
}

uint64_t hist_take_dirty(struct hist *hist)
{
	uint64_t dirty = hist->dirty;

	hist->dirty = 0;
	return dirty;
}
