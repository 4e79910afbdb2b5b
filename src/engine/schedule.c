#include "engine/schedule.h"

#include <assert.h>
#include <math.h>

/* number / rate in ns is number * MICRO_NS / rate_micro: a second in ns, times a million. */
#define MICRO_NS UINT64_C(1000000000000000)

void schedule_init(struct schedule *schedule, uint64_t start_ns, double rate)
{
	assert(rate >= SCHEDULE_RATE_MIN && rate <= SCHEDULE_RATE_MAX);
	*schedule = (struct schedule){
		.start_ns = start_ns,
		.rate_micro = (uint64_t)llround(rate * 1e6),
	};
}

static struct schedule_stride stride_of(const struct schedule *schedule, uint64_t messages)
{
	unsigned __int128 parts = (unsigned __int128)messages * MICRO_NS;
	unsigned __int128 ns = parts / schedule->rate_micro;

	return (struct schedule_stride){
		.messages = messages,
		.ns = ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns,
		.remainder = (uint64_t)(parts % schedule->rate_micro),
	};
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t schedule_due(const struct schedule *schedule, uint64_t number)
{
	return add_saturating(schedule->start_ns, stride_of(schedule, number).ns);
}

uint64_t schedule_count(const struct schedule *schedule, uint64_t at_ns)
{
	if (at_ns <= schedule->start_ns)
		return 0;
	/* floor(x) < d exactly if x < d for an integer d: so no rounding can put this and
	 * schedule_due() at odds. */
	unsigned __int128 parts =
		(unsigned __int128)(at_ns - schedule->start_ns) * schedule->rate_micro;
	unsigned __int128 count = (parts + MICRO_NS - 1) / MICRO_NS;

	return count > UINT64_MAX ? UINT64_MAX : (uint64_t)count;
}

void schedule_cursor_init(struct schedule_cursor *cursor, const struct schedule *schedule,
			  uint32_t slots, uint32_t worker, uint32_t workers)
{
	assert(worker < workers);
	*cursor = (struct schedule_cursor){
		.due_ns = UINT64_MAX,
		.slots = slots,
		.worker = worker,
		.workers = workers,
		.rate_micro = schedule->rate_micro,
	};
	if (worker >= slots)
		return;

	struct schedule_stride first = stride_of(schedule, worker);
	uint32_t last_slot = worker + (slots - 1 - worker) / workers * workers;

	cursor->due_ns = add_saturating(schedule->start_ns, first.ns);
	cursor->number = worker;
	cursor->slot = worker;
	cursor->remainder = first.remainder;
	cursor->across = stride_of(schedule, workers);
	cursor->around = stride_of(schedule, (uint64_t)slots - last_slot + worker);
}
