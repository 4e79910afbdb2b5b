/* Wall stamps turned to the monotonic clock, by readings that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "sys/clock_offset.h"

#define AHEAD_NS INT64_C(1795158684000000000)

/* Both clocks read at `at_ns`, `late_ns` between the readings of the monotonic one. */
static struct clock_reading read_at(uint64_t at_ns, int64_t ahead_ns, uint64_t late_ns)
{
	return (struct clock_reading){
		.before_ns = at_ns - late_ns / 2,
		.wall = { (int64_t)at_ns + ahead_ns },
		.after_ns = at_ns + late_ns / 2,
	};
}

static struct wall_time wall(uint64_t at_ns, int64_t ahead_ns)
{
	return (struct wall_time){ (int64_t)at_ns + ahead_ns };
}

static void test_turn(void **state)
{
	struct clock_offset offset;
	struct clock_reading first = read_at(1000 * NS_PER_S, AHEAD_NS, 200);
	struct clock_reading second = read_at(1010 * NS_PER_S, AHEAD_NS, 200);

	clock_offset_init(&offset, &first);
	clock_offset_take(&offset, &second);
	static const struct {
		uint64_t at_ns;
		uint64_t turned_ns;
	} rows[] = {
		{ 1005 * NS_PER_S + 123, 1005 * NS_PER_S + 123 },
		{ 1000 * NS_PER_S, 1000 * NS_PER_S },
		{ 1010 * NS_PER_S, 1010 * NS_PER_S },
		{ 999 * NS_PER_S, 0 },  /* before the first sample */
		{ 1011 * NS_PER_S, 0 }, /* in the future */
	};
	for (size_t i = 0; i < array_size(rows); i++)
		assert_int_equal(clock_offset_turn(&offset, wall(rows[i].at_ns, AHEAD_NS)),
				 rows[i].turned_ns);
	/* The kernel's clock is an hour off the one that this process is shown. */
	int64_t hour_ns = 3600 * (int64_t)NS_PER_S;
	assert_int_equal(clock_offset_turn(&offset, wall(1005 * NS_PER_S, AHEAD_NS + hour_ns)), 0);
	assert_int_equal(clock_offset_turn(&offset, wall(1005 * NS_PER_S, AHEAD_NS - hour_ns)), 0);
	assert_int_equal(clock_offset_turn(&offset, (struct wall_time){ 0 }), 0);
}

static void test_narrow_samples_win(void **state)
{
	struct clock_offset offset;
	/* Torn apart by 50 us: its middle is off by 20. */
	struct clock_reading torn =
		read_at(NS_PER_S, AHEAD_NS + 20 * (int64_t)NS_PER_US, 50 * NS_PER_US);
	struct clock_reading narrow = read_at(2 * NS_PER_S, AHEAD_NS, 100);

	clock_offset_init(&offset, &torn);
	clock_offset_take(&offset, &narrow);
	assert_int_equal(offset.ahead_ns, AHEAD_NS);
	/* What was stamped before is turned by it, too: it is the same offset. */
	assert_int_equal(clock_offset_turn(&offset, wall(3 * NS_PER_S / 2, AHEAD_NS)),
			 3 * NS_PER_S / 2);
	torn.before_ns += 2 * NS_PER_S;
	torn.wall.unix_ns += 2 * (int64_t)NS_PER_S;
	torn.after_ns += 2 * NS_PER_S;
	clock_offset_take(&offset, &torn);
	assert_int_equal(offset.ahead_ns, AHEAD_NS);
	uint64_t later_ns = 2 * NS_PER_S + 5;
	assert_int_equal(clock_offset_wall(&offset, later_ns).unix_ns,
			 (int64_t)later_ns + AHEAD_NS);
}

static void test_step(void **state)
{
	static const int64_t steps_ns[] = { 5000000000, -5000000000, 100000, -100000 };

	for (size_t i = 0; i < array_size(steps_ns); i++) {
		struct clock_offset offset;
		int64_t after_ns = AHEAD_NS + steps_ns[i];
		struct clock_reading first = read_at(1000 * NS_PER_S, AHEAD_NS, 100);
		struct clock_reading second = read_at(1100 * NS_PER_S, after_ns, 100);
		struct clock_reading third = read_at(1200 * NS_PER_S, after_ns, 100);
		clock_offset_init(&offset, &first);
		clock_offset_take(&offset, &second);
		/* Stamped before it was noticed, by either clock. */
		uint64_t between_ns = 1100 * NS_PER_S - 10 * NS_PER_MS;
		assert_int_equal(clock_offset_turn(&offset, wall(between_ns, AHEAD_NS)), 0);
		assert_int_equal(clock_offset_turn(&offset, wall(between_ns, after_ns)), 0);
		assert_int_equal(clock_offset_wall(&offset, between_ns).unix_ns, 0);
		clock_offset_take(&offset, &third);
		assert_int_equal(clock_offset_turn(&offset, wall(1150 * NS_PER_S, after_ns)),
				 1150 * NS_PER_S);
	}
}

static void test_clocks_of_this_host(void **state)
{
	struct clock_reading reading = clock_read_both();
	struct clock_offset offset;

	clock_offset_init(&offset, &reading);
	for (int i = 0; i < 100; i++) {
		uint64_t before_ns = clock_monotonic_ns();
		struct wall_time now = clock_wall();
		reading = clock_read_both();
		clock_offset_take(&offset, &reading);
		uint64_t turned_ns = clock_offset_turn(&offset, now);
		if (turned_ns != 0) /* else somebody set the clock */
			assert_in_range(turned_ns, before_ns - NS_PER_MS, reading.after_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turn),
		cmocka_unit_test(test_narrow_samples_win),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_clocks_of_this_host),
	};
	return cmocka_run_group_tests_name("clock_offset", tests, NULL, NULL);
}
