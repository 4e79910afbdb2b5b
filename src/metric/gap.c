#include "metric/gap.h"

#include <assert.h>

void gap_init(struct gap *gap, uint32_t threshold)
{
	assert(threshold > 0);
	*gap = (struct gap){ .threshold = threshold };
}

bool gap_unanswered(struct gap *gap, uint64_t due_ns)
{
	return gap_unanswered_many(gap, due_ns, 1);
}

bool gap_unanswered_many(struct gap *gap, uint64_t due_ns, uint64_t count)
{
	bool was_open = gap_is_open(gap);

	if (gap->unanswered == 0)
		gap->start_ns = due_ns;
	gap->unanswered += count;
	return !was_open && gap_is_open(gap);
}

bool gap_answered(struct gap *gap, uint64_t due_ns, struct gap_span *ret)
{
	bool is_end = gap_finish(gap, due_ns, ret);

	if (is_end)
		ret->is_open = false;
	gap->unanswered = 0;
	return is_end;
}

bool gap_is_open(const struct gap *gap)
{
	return gap->unanswered >= gap->threshold;
}

bool gap_finish(const struct gap *gap, uint64_t end_ns, struct gap_span *ret)
{
	if (!gap_is_open(gap))
		return false;
	*ret = (struct gap_span){
		.start_ns = gap->start_ns,
		.end_ns = end_ns,
		.unanswered = gap->unanswered,
		.is_open = true,
	};
	return true;
}
