/* How late a message went out after it was due: the same for slots and for datagram flows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"
#include "metric/counters.h"
#include "metric/hist.h"

/* More than this counts as sent late. */
#define LATE_NS NS_PER_MS

/* When the first and the last of `count` messages were due. */
struct lateness_span {
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t count;
};

/* Whether it counts as late. */
static inline bool lateness_count(struct counters *counters, struct hist *send_error,
				  uint64_t due_ns, uint64_t now_ns)
{
	uint64_t late_ns = now_ns > due_ns ? now_ns - due_ns : 0;
	hist_add(send_error, late_ns);
	if (late_ns > counters->debt_max_ns)
		counters->debt_max_ns = late_ns;
	counters->sent_late += late_ns > LATE_NS;
	return late_ns > LATE_NS;
}

/* The same for `count` messages that were due evenly from the first to the last of them: those
 * whose lateness is counted in one place are counted there together. */
void lateness_count_evenly(struct counters *counters, struct hist *send_error,
			   const struct lateness_span *span, uint64_t now_ns);
