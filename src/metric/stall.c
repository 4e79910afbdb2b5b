#include "metric/stall.h"

void stall_init(struct stall *stall, uint64_t after_ns)
{
	*stall = (struct stall){ .after_ns = after_ns };
}

void stall_owed(struct stall *stall, uint64_t write_ns)
{
	if (stall->is_owed)
		return;
	stall->is_owed = true;
	stall->since_ns = write_ns;
}

bool stall_progress(struct stall *stall, uint64_t now_ns, uint64_t oldest_write_ns,
		    uint64_t *ret_start_ns)
{
	bool is_end = stall->is_stalled;

	if (is_end)
		*ret_start_ns = stall->since_ns;
	stall->is_stalled = false;
	stall->is_owed = oldest_write_ns != 0;
	stall->since_ns = now_ns > oldest_write_ns ? now_ns : oldest_write_ns;
	return is_end;
}

uint64_t stall_deadline(const struct stall *stall)
{
	if (!stall->is_owed || stall->is_stalled)
		return UINT64_MAX;
	if (stall->after_ns >= UINT64_MAX - stall->since_ns)
		return UINT64_MAX;
	return stall->since_ns + stall->after_ns + 1; /* longer than, not as long as */
}

bool stall_check(struct stall *stall, uint64_t now_ns)
{
	if (now_ns < stall_deadline(stall))
		return false;
	stall->is_stalled = true;
	return true;
}
