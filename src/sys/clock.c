#include "sys/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "base/units.h"

static uint64_t read_clock(clockid_t clock)
{
	struct timespec at;
	(void)clock_gettime(clock, &at);
	return (uint64_t)at.tv_sec * NS_PER_S + (uint64_t)at.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

struct wall_time clock_wall(void)
{
	return (struct wall_time){ .unix_ns = (int64_t)read_clock(CLOCK_REALTIME) };
}

/* What the kernel itself says of a clock that nobody sets. */
#define UNSET_ERROR_NS (16 * NS_PER_S)

struct clock_quality clock_wall_quality(void)
{
	struct timex state = { .modes = 0 };
	int rc = adjtimex(&state);

	/* A sandbox may refuse it. */
	if (rc < 0 || rc == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
		return (struct clock_quality){ .error_ns = UNSET_ERROR_NS };
	return (struct clock_quality){ (uint64_t)state.maxerror * NS_PER_US, true };
}

struct wall_time clock_wall_at(uint64_t monotonic_ns)
{
	uint64_t monotonic_now = clock_monotonic_ns();
	struct wall_time wall = clock_wall();
	wall.unix_ns += (int64_t)(monotonic_ns - monotonic_now);
	return wall;
}

const char *clock_format_date(struct wall_time at, char text[CLOCK_TEXT_MAX])
{
	int64_t per_second = (int64_t)NS_PER_S;
	int64_t fraction_ns = (at.unix_ns % per_second + per_second) % per_second;
	time_t seconds = (at.unix_ns - fraction_ns) / per_second;
	struct tm fields;

	text[0] = '\0';
	if (gmtime_r(&seconds, &fields) == NULL)
		return text;
	size_t used = strftime(text, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &fields);
	int fraction_ms = (int)(fraction_ns / (int64_t)NS_PER_MS);
	(void)snprintf(text + used, CLOCK_TEXT_MAX - used, ".%03dZ", fraction_ms);
	return text;
}

const char *clock_format_time(struct wall_time at, char text[CLOCK_TEXT_MAX])
{
	char date[CLOCK_TEXT_MAX];

	clock_format_date(at, date);
	const char *separator = strchr(date, 'T');
	(void)snprintf(text, CLOCK_TEXT_MAX, "%s", separator != NULL ? separator + 1 : "");
	return text;
}
