/* When messages are due: a monotone function of their number and its inverse, exact in integers at
 * any rate over any time; and how the messages of a run are dealt to its slots and workers. Pure:
 * no clock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct rate_ramp;

#define SCHEDULE_SEGMENTS_MAX 128
#define SCHEDULE_RATE_MIN     1e-6
#define SCHEDULE_RATE_MAX     1e9

/* The rate goes from one to the other on a straight line, up to where the next segment begins. */
struct schedule_segment {
	uint64_t start_ns;
	uint64_t length_ns;  /* of the whole line, which a change may cut short */
	uint64_t from_micro; /* millionths of a message a second */
	uint64_t to_micro;
	unsigned __int128 before; /* due before it begins, in parts of a message (schedule.c) */
};

/* Segments that follow one another; the last one is constant and has no end. */
struct schedule {
	struct schedule_segment segments[SCHEDULE_SEGMENTS_MAX];
	uint32_t count;
};

/* A constant `rate` in messages a second, within the two limits above; taken to its nearest
 * millionth. */
void schedule_init(struct schedule *schedule, uint64_t start_ns, double rate);
/* The rates of a plan, one after the other: `ramp`, of the whole run, or where that is NULL the
 * constant `rate`. */
void schedule_init_planned(struct schedule *schedule, uint64_t start_ns, double rate,
			   const struct rate_ramp *ramp);
/* From `at_ns` on the rate is `rate`, 0 or within the limits, whatever was planned for later; what
 * is due before stays as it was. False, and nothing is changed, if there is no room. */
nodiscard bool schedule_change(struct schedule *schedule, uint64_t at_ns, double rate);
/* Room for a change. */
bool schedule_has_room(const struct schedule *schedule);
/* Makes room: nobody asks any more about the messages before `number`, nor how many were due at
 * moments before that one's. */
void schedule_forget(struct schedule *schedule, uint64_t number);
/* The last moment, in whole ns, at which `number` or fewer are due: at a constant rate start +
 * number / rate, rounded down. UINT64_MAX if beyond, or if it never falls due. */
uint64_t schedule_due(const struct schedule *schedule, uint64_t number);
/* How many messages are due before `at_ns`. */
uint64_t schedule_count(const struct schedule *schedule, uint64_t at_ns);

/* From one message to a later one. */
struct schedule_stride {
	uint64_t messages;
	uint64_t ns;
	uint64_t remainder; /* of a ns, in parts of the cursor's `divisor` */
};

/* The messages of one worker in the order in which they are due. Of `slots` slots in the whole run,
 * message n belongs to slot n % slots, so that slots don't send in step; worker w owns the slots
 * w, w + workers, w + 2 * workers ... The schedule stays where it is; after a change, or what it
 * forgot, the cursor settles. */
struct schedule_cursor {
	/* The message that is next. */
	uint64_t due_ns; /* UINT64_MAX if the worker owns no slot, or nothing falls due any more */
	uint64_t number; /* in the run */
	uint64_t round;  /* in its slot: number = round * slots + slot */
	uint32_t slot;   /* in the run: slot = own * workers + worker */
	uint32_t own;    /* which of the worker's slots that is */

	/* How it moves on. */
	const struct schedule *schedule;
	uint32_t slots;
	uint32_t worker;
	uint32_t workers;
	uint64_t strides_end; /* the first number that the strides don't lead to */
	uint64_t remainder;
	uint64_t divisor;
	struct schedule_stride across; /* to the worker's next slot */
	struct schedule_stride around; /* from its last slot to its first */
};

void schedule_cursor_init(struct schedule_cursor *cursor, const struct schedule *schedule,
			  uint32_t slots, uint32_t worker, uint32_t workers);
/* Finds out when the cursor's number is due, without strides. */
void schedule_cursor_settle(struct schedule_cursor *cursor);

/* On to the worker's next message. A few additions while the rate is constant: it is called for
 * each one. */
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
	if (cursor->number >= cursor->strides_end) {
		schedule_cursor_settle(cursor);
		return;
	}
	cursor->due_ns += stride->ns;
	cursor->remainder += stride->remainder;
	if (cursor->remainder >= cursor->divisor) {
		cursor->remainder -= cursor->divisor;
		cursor->due_ns++;
	}
}
