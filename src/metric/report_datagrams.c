#include "metric/report_datagrams.h"

/* Datagrams of a flow are sent evenly: its nth one was due n intervals after the first. */
static int64_t moment_of(const struct datagram_losses *losses, uint64_t sequence)
{
	uint64_t at_ns;

	if (losses->bursts->count == 0 || losses->interval_ns == 0 ||
	    __builtin_mul_overflow(sequence, losses->interval_ns, &at_ns) || at_ns > INT64_MAX)
		return INT64_MIN;
	return (int64_t)at_ns;
}

struct report_datagrams report_datagrams_of(const struct datagram_losses *losses)
{
	const struct bursts *bursts = losses->bursts;
	uint64_t lost = losses->sent > losses->unique ? losses->sent - losses->unique : 0;
	uint64_t overflows = losses->overflows < lost ? losses->overflows : lost;
	/* Of several that are dropped as one nobody knows how many they were. */
	bool is_exact = losses->overflows == 0 || losses->merged == 0;
	bool is_parted = losses->has_overflows && is_exact;

	return (struct report_datagrams){
		.is_measured = true,
		.counted_by = losses->counted_by,
		.lost = lost,
		.bursts = bursts->count,
		.longest_burst = bursts->longest,
		.longest_burst_ns = bursts->longest * losses->interval_ns,
		.median_burst = bursts_median(bursts),
		.first_lost_ns = moment_of(losses, bursts->first_lost),
		.last_lost_ns = moment_of(losses, bursts->last_lost),
		.has_overflows = losses->has_overflows,
		.receiver_overflows = losses->has_overflows ? overflows : 0,
		.has_network_lost = is_parted,
		.network_lost = is_parted ? lost - overflows : 0,
	};
}
