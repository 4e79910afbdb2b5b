#include "metric/bursts.h"

/* Below it a length has a bucket of its own, from there on a doubling has four. */
#define EXACT_LENGTHS 16
#define EXACT_BITS    4

static unsigned bucket_of(uint64_t length)
{
	if (length < EXACT_LENGTHS)
		return (unsigned)length;
	unsigned exponent = 63U - (unsigned)__builtin_clzll(length);
	unsigned quarter = (unsigned)(length >> (exponent - 2)) & 3;
	unsigned bucket = EXACT_LENGTHS + 4 * (exponent - EXACT_BITS) + quarter;
	return bucket < BURST_LENGTHS ? bucket : BURST_LENGTHS - 1;
}

static uint64_t shortest_of(unsigned bucket)
{
	if (bucket < EXACT_LENGTHS)
		return bucket;
	unsigned exponent = (bucket - EXACT_LENGTHS) / 4 + EXACT_BITS;
	uint64_t quarter = bucket % 4;
	return (4 + quarter) << (exponent - 2);
}

void bursts_lost(struct bursts *bursts, uint64_t from, uint64_t count)
{
	if (bursts->open == 0)
		bursts->open_at = from;
	bursts->open += count;
}

void bursts_end(struct bursts *bursts)
{
	if (bursts->open == 0)
		return;
	if (bursts->count == 0)
		bursts->first_lost = bursts->open_at;
	bursts->last_lost = bursts->open_at + bursts->open - 1;
	bursts->count++;
	bursts->lost += bursts->open;
	bursts->lengths[bucket_of(bursts->open)]++;
	if (bursts->open > bursts->longest) {
		bursts->longest = bursts->open;
		bursts->longest_at = bursts->open_at;
	}
	bursts->open = 0;
}

void bursts_merge(struct bursts *into, const struct bursts *from)
{
	if (from->count == 0)
		return;
	if (into->count == 0 || from->first_lost < into->first_lost)
		into->first_lost = from->first_lost;
	if (from->last_lost > into->last_lost)
		into->last_lost = from->last_lost;
	if (from->longest > into->longest) {
		into->longest = from->longest;
		into->longest_at = from->longest_at;
	}
	into->count += from->count;
	into->lost += from->lost;
	for (unsigned i = 0; i < BURST_LENGTHS; i++)
		into->lengths[i] += from->lengths[i];
}

uint64_t bursts_median(const struct bursts *bursts)
{
	uint64_t below = 0;

	if (bursts->count == 1)
		return bursts->longest;
	for (unsigned i = 0; i < BURST_LENGTHS && bursts->count > 0; i++) {
		below += bursts->lengths[i];
		if (below >= bursts->count - bursts->count / 2)
			return shortest_of(i);
	}
	return 0;
}
