/* HDR histogram: counts by value with a fixed relative error, flat and mergeable. Never averaged.
 * The layout of counts is HdrHistogram's with unit magnitude 0. One writer; readers use copies
 * (recorder.h). Lives in zeroed mmap memory, so that pages are taken on first use. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct hist_range {
	uint64_t highest; /* values beyond are counted in `saturated` and as the highest */
	unsigned digits;  /* significant decimal digits, 1..3 */
};

/* 1 ns to 1 h at 3 digits: a stream. 33,792 counts, 264 KiB of which about 24 KiB get touched. */
#define HIST_STREAM_RANGE ((struct hist_range){ UINT64_C(3600000000000), 3 })

struct hist {
	uint64_t count;
	uint64_t censored;     /* of these: lower bounds of unanswered messages */
	uint64_t censored_min; /* the smallest of them; 0 if none */
	uint64_t saturated;
	uint64_t sum;     /* saturates */
	uint64_t minimum; /* exact; UINT64_MAX while empty */
	uint64_t maximum; /* exact */
	uint64_t dirty;   /* pages of 1,024 counts touched since hist_take_dirty() */
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

void hist_add(struct hist *hist, uint64_t value);
void hist_add_many(struct hist *hist, uint64_t value, uint64_t count);
/* Adds the lower bound of a message that was never answered. */
void hist_add_censored(struct hist *hist, uint64_t bound, uint64_t count);
/* Moves `count` censored entries from one bound to a larger one. */
void hist_move_censored(struct hist *hist, uint64_t from, uint64_t to, uint64_t count);

/* Both of the same range. */
void hist_merge(struct hist *into, const struct hist *from);
/* into -= from, where `from` is an earlier copy of the same histogram; minimum and maximum become
 * those of the buckets that are left. */
void hist_subtract(struct hist *into, const struct hist *from);
void hist_clear(struct hist *hist);

/* The value at or below which `percentile` (0..100) of the entries lie: the highest value of that
 * bucket, at most `maximum`. 0 while empty. */
uint64_t hist_percentile(const struct hist *hist, double percentile);
double hist_mean(const struct hist *hist);

/* Walks the non-empty buckets in rising order: index 0 to begin, returns -1 at the end. */
struct hist_bucket {
	uint64_t lowest;
	uint64_t highest;
	uint64_t count;
};
int64_t hist_next(const struct hist *hist, int64_t index, struct hist_bucket *ret);

uint64_t hist_take_dirty(struct hist *hist);
