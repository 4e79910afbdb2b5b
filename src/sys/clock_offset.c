#include "sys/clock_offset.h"

#include <stdbool.h>

/* A reading that a switch of threads tore apart is tried again, so often. */
#define NARROW_NS 1000
#define TRIES     4
/* What the two clocks may differ by rounding, and a stamp by being one's own turn early. */
#define SLACK_NS 1000

static struct clock_reading read_once(void)
{
	struct clock_reading reading = { .before_ns = clock_monotonic_ns() };
	reading.wall = clock_wall();
	reading.after_ns = clock_monotonic_ns();
	return reading;
}

static uint64_t width(const struct clock_reading *reading)
{
	return reading->after_ns - reading->before_ns;
}

struct clock_reading clock_read_both(void)
{
	struct clock_reading best = read_once();

	for (int i = 1; i < TRIES && width(&best) > NARROW_NS; i++) {
		struct clock_reading again = read_once();
		if (width(&again) < width(&best))
			best = again;
	}
	return best;
}

static int64_t ahead(const struct clock_reading *reading)
{
	return reading->wall.unix_ns - (int64_t)(reading->before_ns + width(reading) / 2);
}

static void set(struct clock_offset *offset, const struct clock_reading *reading)
{
	offset->ahead_ns = ahead(reading);
	offset->width_ns = width(reading);
}

void clock_offset_init(struct clock_offset *offset, const struct clock_reading *reading)
{
	set(offset, reading);
	offset->first_ns = reading->before_ns;
	offset->newest_ns = reading->after_ns;
}

void clock_offset_take(struct clock_offset *offset, const struct clock_reading *reading)
{
	int64_t moved_ns = ahead(reading) - offset->ahead_ns;
	uint64_t moved = moved_ns < 0 ? -(uint64_t)moved_ns : (uint64_t)moved_ns;
	bool is_same = moved <= (width(reading) + offset->width_ns) / 2 + SLACK_NS;

	/* Of samples of one offset the narrowest is the most exact. */
	if (!is_same || width(reading) < offset->width_ns)
		set(offset, reading);
	if (!is_same)
		offset->first_ns = reading->before_ns;
	offset->newest_ns = reading->after_ns;
}

uint64_t clock_offset_turn(const struct clock_offset *offset, struct wall_time stamp)
{
	uint64_t at_ns = (uint64_t)(stamp.unix_ns - offset->ahead_ns);

	if (at_ns + SLACK_NS < offset->first_ns || at_ns > offset->newest_ns + SLACK_NS)
		return 0;
	return at_ns;
}

struct wall_time clock_offset_wall(const struct clock_offset *offset, uint64_t monotonic_ns)
{
	if (monotonic_ns + SLACK_NS < offset->first_ns)
		return (struct wall_time){ 0 };
	return (struct wall_time){ (int64_t)monotonic_ns + offset->ahead_ns };
}
