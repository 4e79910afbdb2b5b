/* When messages are due: a monotone function of their number and its inverse, exact in integers at
 * any rate over any time; and how the messages of a run are dealt to its slots and workers. Pure:
 * no clock. */
#pragma once

#include <stdint.h>

/* A constant rate. */
struct schedule {
	uint64_t start_ns;
	uint64_t rate_micro; /* millionths of a message a second */
};

#define SCHEDULE_RATE_MIN 1e-6
#define SCHEDULE_RATE_MAX 1e9

/* `rate` in messages a second, within the two limits above; taken to its nearest millionth. */
void schedule_init(struct schedule *schedule, uint64_t start_ns, double rate);
/* start + number / rate, rounded down; UINT64_MAX if beyond. */
uint64_t schedule_due(const struct schedule *schedule, uint64_t number);
/* How many messages are due before `at_ns`. */
uint64_t schedule_count(const struct schedule *schedule, uint64_t at_ns);

/* From one message to a later one. */
struct schedule_stride {
	uint64_t messages;
	uint64_t ns;
	uint64_t remainder; /* of a ns, in parts of rate_micro */
};

/* The messages of one worker in the order in which they are due. Of `slots` slots in the whole run,
 * message n belongs to slot n % slots, so that slots don't send in step; worker w owns the slots
 * w, w + workers, w + 2 * workers ... */
struct schedule_cursor {
	/* The message that is next. */
	uint64_t due_ns; /* UINT64_MAX if the worker owns no slot */
	uint64_t number; /* in the run */
	uint64_t round;  /* in its slot: number = round * slots + slot */
	uint32_t slot;   /* in the run: slot = own * workers + worker */
	uint32_t own;    /* which of the worker's slots that is */

	/* How it moves on. */
	uint32_t slots;
	uint32_t worker;
	uint32_t workers;
	uint64_t remainder;
	uint64_t rate_micro;
	struct schedule_stride across; /* to the worker's next slot */
	struct schedule_stride around; /* from its last slot to its first */
};

void schedule_cursor_init(struct schedule_cursor *cursor, const struct schedule *schedule,
			  uint32_t slots, uint32_t worker, uint32_t workers);

/* On to the worker's next message. A few additions: it is called for each one. */
static inline void schedule_cursor_next(struct schedule_cursor *cursor)
{
	const struct schedule_stride *stride = &cursor->across;

	cursor->own++;
	cursor->slot += cursor->workers;
	if (cursor->slot >= cursor->slots) {
		cursor->own = 0;
		cursor->slot = cursor->worker;
		cursor->round++;
		stride = &cursor->around;
	}
	cursor->number += stride->messages;
	cursor->due_ns += stride->ns;
	cursor->remainder += stride->remainder;
	if (cursor->remainder >= cursor->rate_micro) {
		cursor->remainder -= cursor->rate_micro;
		cursor->due_ns++;
	}
}
