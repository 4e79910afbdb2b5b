/* One-way delay variation without synchronised clocks: arrival by the receiver's clock - departure
 * by the sender's, above the least difference seen until then. The first DELAYS_HELD wait until the
 * least of them is known. So a queue that is full at first and drains reads as less than it was,
 * one that fills reads right. One owner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/hist.h"

#define DELAYS_HELD 64

struct delays {
	struct hist *hist;
	int64_t least_ns;
	uint32_t held_count;
	bool is_known; /* nothing is held any more */
	int64_t held_ns[DELAYS_HELD];
};

/* `hist` is the caller's, initialised. */
void delays_init(struct delays *delays, struct hist *hist);
void delays_add(struct delays *delays, uint64_t arrived_ns, uint64_t sent_ns);
/* What is held goes into the histogram now. */
void delays_settle(struct delays *delays);
