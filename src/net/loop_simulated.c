/* The simulated loop: no descriptors, and a clock that jumps to what happens next. */
#include "net/loop_kind.h"

static int simulated_open(struct loop *loop)
{
	(void)loop;
	return 0;
}

static void simulated_begin(void)
{
}

static uint64_t simulated_read_clock(const struct loop *loop)
{
	return loop->now_ns;
}

static int simulated_wait(struct loop *loop, uint64_t deadline_ns)
{
	if (deadline_ns == UINT64_MAX)
		return 0;
	if (deadline_ns > loop->now_ns)
		loop->now_ns = deadline_ns;
	return 1;
}

const struct loop_kind loop_simulated = { simulated_open, simulated_begin, simulated_read_clock,
					  simulated_wait };
