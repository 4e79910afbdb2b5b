/* The timers of a loop: a hierarchical wheel, 8 levels of 64 slots, with a bit a slot that is
 * occupied. A timer waits at the level of the highest digit in which its moment differs from now
 * and moves down as that digit is reached, so no level is ever searched. Pure: time is passed in.
 */
#pragma once

#include <stdint.h>

#include "base/list.h"
#include "net/loop.h"

#define WHEEL_TICK_BITS 16 /* 65,536 ns: the lowest slot */
#define WHEEL_SLOT_BITS 6
#define WHEEL_SLOTS     (1 << WHEEL_SLOT_BITS)
#define WHEEL_LEVELS    8 /* 16 + 8 x 6 = 64 bits of nanoseconds */

struct wheel {
	uint64_t tick; /* what is due up to here is in `due` */
	uint64_t occupied[WHEEL_LEVELS];
	struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
	struct list due; /* for the owner to take out and fire, earliest tick first */
};

void wheel_init(struct wheel *wheel, uint64_t now_ns);
/* By `timer->at_ns`; the timer must not be set. What is past goes to `due` at once. */
void wheel_add(struct wheel *wheel, struct timer *timer);
/* Harmless on a timer that is not set. */
void wheel_remove(struct wheel *wheel, struct timer *timer);
/* Moves all timers with at_ns <= now_ns, save those of the last 65,536 ns, to `due`. */
void wheel_advance(struct wheel *wheel, uint64_t now_ns);
/* When to advance next: at or before the moment the next timer gets due; UINT64_MAX: never. */
uint64_t wheel_next_ns(const struct wheel *wheel);
