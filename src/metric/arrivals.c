#include "metric/arrivals.h"

static uint64_t *word_of(struct arrivals *arrivals, uint64_t sequence)
{
	return &arrivals->window[sequence % ARRIVALS_WINDOW / 64];
}

static uint64_t bit_of(uint64_t sequence)
{
	return UINT64_C(1) << (sequence % 64);
}

/* Takes the oldest out of the window: it came or it is lost. */
static void settle_one(struct arrivals *arrivals)
{
	uint64_t *word = word_of(arrivals, arrivals->settled);
	uint64_t bit = bit_of(arrivals->settled);

	if ((*word & bit) != 0)
		bursts_end(&arrivals->bursts);
	else
		bursts_lost(&arrivals->bursts, arrivals->settled, 1);
	*word &= ~bit;
	arrivals->settled++;
}

/* Beyond what the window knows everything is missing, however much that is. */
static void settle_below(struct arrivals *arrivals, uint64_t end)
{
	while (arrivals->settled < end && arrivals->settled < arrivals->next)
		settle_one(arrivals);
	if (arrivals->settled < end) {
		bursts_lost(&arrivals->bursts, arrivals->settled, end - arrivals->settled);
		arrivals->settled = end;
	}
}

void arrivals_add(struct arrivals *arrivals, uint64_t sequence)
{
	if (sequence < arrivals->settled) {
		arrivals->late++;
		return;
	}
	bool is_newest = sequence >= arrivals->next;
	if (is_newest && sequence - arrivals->settled >= ARRIVALS_WINDOW)
		settle_below(arrivals, sequence - ARRIVALS_WINDOW + 1);
	uint64_t *word = word_of(arrivals, sequence);
	if ((*word & bit_of(sequence)) != 0) {
		arrivals->duplicate++;
		return;
	}
	*word |= bit_of(sequence);
	arrivals->unique++;
	arrivals->reordered += !is_newest;
	if (is_newest)
		arrivals->next = sequence + 1;
}

void arrivals_settle(struct arrivals *arrivals, uint64_t end)
{
	settle_below(arrivals, end);
	bursts_end(&arrivals->bursts);
}
