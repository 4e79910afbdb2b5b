/* The two clocks, never mixed: monotonic ns for everything that is measured, wall time only to
 * say when it was. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

uint64_t clock_monotonic_ns(void);

/* Unix time in ns; a type of its own so that it can't be taken for the other. */
struct wall_time {
	int64_t unix_ns;
};
struct wall_time clock_wall(void);
/* How far the wall clock may be off, as the kernel was told by what sets it (adjtimex); where
 * nothing does, 16 s and more. */
struct clock_quality {
	uint64_t error_ns;
	bool is_synchronised;
};
struct clock_quality clock_wall_quality(void);
/* The wall time of a monotonic moment by an offset sampled now. */
struct wall_time clock_wall_at(uint64_t monotonic_ns);

#define CLOCK_TEXT_MAX 40
/* "2026-11-20T07:11:21.000Z" */
const char *clock_format_date(struct wall_time at, char text[CLOCK_TEXT_MAX]);
/* "07:11:24.930Z" */
const char *clock_format_time(struct wall_time at, char text[CLOCK_TEXT_MAX]);
