#include "metric/counters.h"

#include "base/attributes.h"

const struct counter_row counter_table[] = {
#define COUNTER(name, kind, merge, help) \
	{ #name, help, offsetof(struct counters, name), COUNTER_##kind, COUNTER_##merge },
#include "metric/counters.def"
#undef COUNTER
};
const size_t counter_table_size = array_size(counter_table);

uint64_t counter_value(const struct counters *counters, const struct counter_row *row)
{
	return *(const uint64_t *)(const void *)((const char *)counters + row->offset);
}

void counters_merge(struct counters *into, const struct counters *from)
{
	for (size_t i = 0; i < counter_table_size; i++) {
		const struct counter_row *row = &counter_table[i];
		uint64_t *total = (uint64_t *)(void *)((char *)into + row->offset);
		uint64_t value = counter_value(from, row);

		if (row->merge == COUNTER_SUM)
			*total += value;
		else if (value > *total)
			*total = value;
	}
}

const char *counters_check(const struct counters *counters)
{
	uint64_t missed =
		counters->missed_no_connection + counters->missed_peer + counters->missed_generator;

	if (counters->scheduled != counters->sent + missed + counters->debt)
		return "scheduled is not sent + missed + debt";
	if (counters->sent !=
	    counters->received + counters->lost + counters->in_flight + counters->one_way)
		return "sent is not received + lost + in flight + one way";
	return NULL;
}
