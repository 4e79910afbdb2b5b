/* Seeded pseudo-random numbers (xoshiro256**, seeded by splitmix64): the same run again from the
 * same --seed. Not for secrets. One owner, no locking. */
#pragma once

#include <stdint.h>

struct random {
	uint64_t state[4];
};

void random_init(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);
/* Uniform in [0, bound); bound > 0. */
uint64_t random_below(struct random *random, uint64_t bound);
/* Uniform in [0, 1). */
double random_unit(struct random *random);
