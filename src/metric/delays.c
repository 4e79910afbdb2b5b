#include "metric/delays.h"

void delays_init(struct delays *delays, struct hist *hist)
{
	*delays = (struct delays){ .hist = hist, .least_ns = INT64_MAX };
}

void delays_settle(struct delays *delays)
{
	for (uint32_t i = 0; i < delays->held_count; i++)
		hist_add(delays->hist, (uint64_t)delays->held_ns[i] - (uint64_t)delays->least_ns);
	delays->held_count = 0;
	delays->is_known = true;
}

/* The two clocks began anywhere: their difference is taken as it wraps. */
void delays_add(struct delays *delays, uint64_t arrived_ns, uint64_t sent_ns)
{
	int64_t delay_ns = (int64_t)(arrived_ns - sent_ns);

	if (delay_ns < delays->least_ns)
		delays->least_ns = delay_ns;
	if (delays->is_known) {
		hist_add(delays->hist, (uint64_t)delay_ns - (uint64_t)delays->least_ns);
		return;
	}
	delays->held_ns[delays->held_count++] = delay_ns;
	if (delays->held_count == DELAYS_HELD)
		delays_settle(delays);
}
