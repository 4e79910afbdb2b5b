/* Losses in a row: how many bursts of them there were, the longest, and how long they were, exactly
 * up to 15 and to a quarter of a doubling beyond. Flat, mergeable; fed in order of sequence. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BURST_LENGTHS 64 /* the last one: of 57,344 and more */

struct bursts {
	uint64_t count;
	uint64_t lost; /* in all of them */
	uint64_t longest;
	uint64_t longest_at; /* sequence of its first one */
	uint64_t first_lost; /* sequences; meaningful where count > 0 */
	uint64_t last_lost;
	uint64_t open;    /* losses in a row up to now, not yet in the figures above */
	uint64_t open_at; /* sequence of the first of them */
	uint64_t lengths[BURST_LENGTHS];
};

/* The datagrams [from, from + count) were lost. They belong to the burst that is open, if any: what
 * lies between was never sent. */
void bursts_lost(struct bursts *bursts, uint64_t from, uint64_t count);
/* One arrived, or nothing more is to come: the burst that is open, if any, is over. */
void bursts_end(struct bursts *bursts);
/* Adds `from`, of another flow, to `into`; what is open stays out. */
void bursts_merge(struct bursts *into, const struct bursts *from);
/* The median length, 0 without bursts. */
uint64_t bursts_median(const struct bursts *bursts);
