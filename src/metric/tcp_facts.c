/* See tcp_facts.h. */
#include "metric/tcp_facts.h"

#include <string.h>

static void raise_to(uint64_t *into, uint64_t value)
{
	if (value > *into)
		*into = value;
}

static void lower_to(uint64_t *into, uint64_t value)
{
	if (value > 0 && (*into == 0 || value < *into))
		*into = value;
}

/* The name of the one with more connections stands; so it does not matter which comes first. */
static void merge_congestion(struct tcp_facts *into, const struct tcp_facts *from)
{
	uint64_t as_into = into->described - into->congestion_others;
	uint64_t as_from = from->described - from->congestion_others;
	if (from->described == 0)
		return;
	if (memcmp(into->congestion, from->congestion, sizeof(into->congestion)) == 0 ||
	    into->described == 0) {
		memcpy(into->congestion, from->congestion, sizeof(into->congestion));
		into->congestion_others += from->congestion_others;
		return;
	}
	if (as_from > as_into)
		memcpy(into->congestion, from->congestion, sizeof(into->congestion));
	into->congestion_others +=
		from->congestion_others + (as_from > as_into ? as_into : as_from);
}

void tcp_facts_merge(struct tcp_facts *into, const struct tcp_facts *from)
{
	merge_congestion(into, from);
	into->connections += from->connections;
	into->described += from->described;
	into->multipath += from->multipath;
	into->fast_opened += from->fast_opened;
	lower_to(&into->mss_min_bytes, from->mss_min_bytes);
	raise_to(&into->mss_max_bytes, from->mss_max_bytes);
	lower_to(&into->path_mtu_min_bytes, from->path_mtu_min_bytes);
	raise_to(&into->path_mtu_max_bytes, from->path_mtu_max_bytes);
	raise_to(&into->send_buffer_max_bytes, from->send_buffer_max_bytes);
	raise_to(&into->receive_buffer_max_bytes, from->receive_buffer_max_bytes);
	raise_to(&into->reordering_max_segments, from->reordering_max_segments);
}
