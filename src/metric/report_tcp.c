/* See report_tcp.h. */
#include "metric/report_tcp.h"

#include <string.h>

void report_tcp_fill(struct arena *arena, const struct tcp_facts *facts, struct report_tcp *ret)
{
	ret->is_measured = true;
	ret->facts = *facts;
	ret->congestion =
		facts->congestion[0] != '\0' ? arena_text(arena, facts->congestion) : NULL;
}

/* A report that was read has the name as text alone. */
static struct tcp_facts facts_of(const struct report_tcp *tcp)
{
	struct tcp_facts facts = tcp->facts;
	size_t length = tcp->congestion ? strlen(tcp->congestion) : 0;
	memset(facts.congestion, 0, sizeof(facts.congestion));
	if (length >= sizeof(facts.congestion))
		length = sizeof(facts.congestion) - 1;
	if (length > 0)
		memcpy(facts.congestion, tcp->congestion, length);
	return facts;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void report_tcp_merge(struct arena *arena, const struct report_tcp *from, struct report_tcp *into)
{
	struct tcp_facts sum = facts_of(into);
	struct tcp_facts more = facts_of(from);
	tcp_facts_merge(&sum, &more);
	into->send_buffer_asked_bytes =
		larger(into->send_buffer_asked_bytes, from->send_buffer_asked_bytes);
	into->receive_buffer_asked_bytes =
		larger(into->receive_buffer_asked_bytes, from->receive_buffer_asked_bytes);
	report_tcp_fill(arena, &sum, into);
}
