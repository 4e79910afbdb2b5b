#include "probe/path_direction.h"

void path_direction_describe(const struct pmtu *pmtu, struct arena *arena,
			     struct path_direction *ret)
{
	char from[ENDPOINT_TEXT_MAX];
	*ret = (struct path_direction){
		.is_measured = true,
		.verdict = path_verdict_name(pmtu_verdict(pmtu)),
		.mtu_bytes = pmtu->low_bytes,
		.failed_bytes = pmtu->high_bytes,
		.full_bytes = pmtu->setup.max_bytes,
		.step_bytes = pmtu->setup.step_bytes,
		.small_bytes = pmtu->setup.small_bytes,
		.small_sent = pmtu->small_sent,
		.small_answered = pmtu->small_answered,
		.large_sent = pmtu->large_sent,
		.large_answered = pmtu->large_answered,
		.rtt_min_ns = pmtu->rtt_min_ns,
		.rtt_max_ns = pmtu->rtt_max_ns,
		.is_signalled = pmtu->is_signalled,
		.signal_bytes = pmtu->signal_bytes,
	};
	if (pmtu->signal_from.family)
		ret->signal_from =
			arena_text(arena, endpoint_format_address(&pmtu->signal_from, from));
}
