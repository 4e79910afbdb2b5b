/* A change of the rate that all workers make at the same moment, though none waits for another:
 * the owner first says from when on nothing may fall due yet, sees that this moment still lies
 * ahead, and only then what the rate is from then on. Flat: it may lie in shared memory. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct pace {
	_Atomic uint64_t hold_ns; /* of the newest change, also of one that is not complete yet */
	_Atomic double rate_per_second;
	_Atomic uint32_t number; /* of the newest complete one; 0: there was none */
};

/* One at a time: every worker has taken the change before. */
struct pace_change {
	uint64_t at_ns;
	double rate_per_second; /* 0: nothing falls due */
	uint32_t number;
};

/* For the owner: from a moment a little ahead of `clock()` on, which is returned. */
uint64_t pace_set(struct pace *pace, double rate_per_second, uint64_t (*clock)(void));
/* For a worker: the newest complete one. */
struct pace_change pace_newest(const struct pace *pace);
/* For a worker that has made the change of `since_ns` (0: none): up to when messages may fall due,
 * UINT64_MAX: no limit. It is woken when the change that it waits for is complete. */
static inline uint64_t pace_limit(const struct pace *pace, uint64_t since_ns)
{
	uint64_t hold_ns = pace ? atomic_load_explicit(&pace->hold_ns, memory_order_seq_cst) : 0;
	return hold_ns > since_ns ? hold_ns : UINT64_MAX;
}
