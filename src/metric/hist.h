/* HDR histogram: counts by value with a fixed relative error, flat and mergeable. Never averaged.
 * The layout of counts is HdrHistogram's with unit magnitude 0. One writer; readers use copies
 * (recorder.h). Lives in zeroed mmap memory, so that pages are taken on first use. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct hist_range {
	uint64_t highest; /* values beyond are counted in `saturated` and as this one */
	unsigned digits;  /* significant decimal digits, 1..3 */
};

/* 1 ns to 1 h at 3 digits: a stream. 264 KiB of which about 24 KiB get touched. */
#define HIST_STREAM_RANGE  ((struct hist_range){ UINT64_C(3600000000000), 3 })
#define HIST_STREAM_COUNTS 33792
#define HIST_STREAM_BYTES  (sizeof(struct hist) + HIST_STREAM_COUNTS * sizeof(uint64_t))

#define HIST_PAGE_COUNTS 1024 /* a page is one bit of `dirty` */

struct hist {
	uint64_t count;
	uint64_t censored;     /* of these: lower bounds of unanswered messages */
	uint64_t censored_min; /* the smallest of them, or less; 0 if none */
	uint64_t saturated;
	uint64_t sum;     /* saturates */
	uint64_t minimum; /* exact; UINT64_MAX while empty */
	uint64_t maximum; /* exact; the counts that are not 0 lie between the two */
	uint64_t dirty;   /* pages touched since hist_take_dirty() */
	uint64_t highest;
	uint32_t counts_size;
	uint16_t digits;
	uint16_t half_magnitude; /* log2 of half the sub-bucket count */
	uint64_t counts[];
};

/* Bytes of a histogram of this range. */
size_t hist_size(struct hist_range range);
/* `hist` points to hist_size() zeroed bytes. */
void hist_init(struct hist *hist, struct hist_range range);

/* Where a value up to `highest` is counted: an exponent, and as many of the value's leading bits
 * as the digits need. */
static inline uint32_t hist_index(const struct hist *hist, uint64_t value)
{
	unsigned half = hist->half_magnitude;
	unsigned exponent = 63U - (unsigned)__builtin_clzll(value | UINT64_C(1) << half) - half;

	return (exponent << half) + (uint32_t)(value >> exponent);
}

static inline void hist_add_many(struct hist *hist, uint64_t value, uint64_t count)
{
	uint64_t total;

	if (count == 0)
		return;
	if (unlikely(value > hist->highest)) {
		value = hist->highest;
		hist->saturated += count;
	}
	uint32_t index = hist_index(hist, value);

	hist->counts[index] += count;
	hist->count += count;
	hist->dirty |= UINT64_C(1) << (index / HIST_PAGE_COUNTS);
	if (__builtin_mul_overflow(value, count, &total) ||
	    __builtin_add_overflow(hist->sum, total, &hist->sum))
		hist->sum = UINT64_MAX;
	if (value < hist->minimum)
		hist->minimum = value;
	if (value > hist->maximum)
		hist->maximum = value;
}

static inline void hist_add(struct hist *hist, uint64_t value)
{
	hist_add_many(hist, value, 1);
}

/* Adds the lower bound of messages that were never answered. */
void hist_add_censored(struct hist *hist, uint64_t bound, uint64_t count);
/* Moves `count` censored entries from one bound to a larger one. */
void hist_move_censored(struct hist *hist, uint64_t from, uint64_t to, uint64_t count);

/* Both of the same range. */
void hist_merge(struct hist *into, const struct hist *from);
/* into -= from, where `from` is an earlier copy of the same histogram: what was added since, or
 * moved. Minimum and maximum become those of the buckets that are left. */
void hist_subtract(struct hist *into, const struct hist *from);
void hist_clear(struct hist *hist);

/* The value at or below which `percentile` (0..100) of the entries lie: the highest value of that
 * bucket, at most `maximum`; for 0 the minimum. 0 while empty. */
uint64_t hist_percentile(const struct hist *hist, double percentile);
double hist_mean(const struct hist *hist);

/* Walks the non-empty buckets in rising order: index 0 to begin, then what was returned last;
 * -1 when there is none left. */
struct hist_bucket {
	uint64_t lowest;
	uint64_t highest;
	uint64_t count;
};
int64_t hist_next(const struct hist *hist, int64_t index, struct hist_bucket *ret);

uint64_t hist_take_dirty(struct hist *hist);
