/* How far the wall clock is ahead of the monotonic one: what turns kernel stamps, which are wall
 * time, into moments that can be compared with ours. The kernel runs both at one rate, so the
 * offset is constant until somebody sets the clock; it is sampled anew around each batch of stamps
 * so that none is turned by an offset that was not its own. */
#pragma once

#include <stdint.h>

#include "sys/clock.h"

/* The wall clock read between two readings of the monotonic one. */
struct clock_reading {
	uint64_t before_ns;
	struct wall_time wall;
	uint64_t after_ns;
};
struct clock_reading clock_read_both(void);

struct clock_offset {
	int64_t ahead_ns; /* exact to half of `width_ns` */
	uint64_t width_ns;
	uint64_t first_ns;  /* since when it holds: older stamps are of another one */
	uint64_t newest_ns; /* of the last sample */
};

void clock_offset_init(struct clock_offset *offset, const struct clock_reading *reading);
/* Takes another sample. If the clock was set since the last one, what was stamped before this one
 * can't be turned any more. */
void clock_offset_take(struct clock_offset *offset, const struct clock_reading *reading);
/* On the monotonic clock. 0: not a moment since when this offset holds, as of what was stamped
 * before the clock was set, or when the kernel and this process don't read the same clock. */
uint64_t clock_offset_turn(const struct clock_offset *offset, struct wall_time stamp);
/* The other way; 0: it was before this offset holds. */
struct wall_time clock_offset_wall(const struct clock_offset *offset, uint64_t monotonic_ns);
