#include "engine/pace.h"

#include "base/units.h"

/* So far ahead a change is said; of that, so much has to be left when it is seen by all. Who deals
 * messages reads the clock first, so nobody who has not seen it is beyond it then. */
#define AHEAD_NS (20 * NS_PER_MS)
#define LEFT_NS  NS_PER_MS

uint64_t pace_set(struct pace *pace, double rate_per_second, uint64_t (*clock)(void))
{
	uint64_t at_ns;
	/* This thread may have been put off the cpu in between. */
	do {
		at_ns = clock() + AHEAD_NS;
		atomic_store(&pace->hold_ns, at_ns);
	} while (clock() + LEFT_NS > at_ns);
	atomic_store(&pace->rate_per_second, rate_per_second);
	atomic_fetch_add(&pace->number, 1);
	return at_ns;
}

struct pace_change pace_newest(const struct pace *pace)
{
	struct pace_change change = { .number = atomic_load(&pace->number) };
	change.at_ns = atomic_load(&pace->hold_ns);
	change.rate_per_second = atomic_load(&pace->rate_per_second);
	return change;
}
