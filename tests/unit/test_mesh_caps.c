/* The hard caps of all probes together: never exceeded, and used up when enough is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "mesh/caps.h"

#define START_NS UINT64_C(5000000000)

/* How often so much was granted when it is asked for each millisecond for 10 s. */
static uint64_t granted(struct mesh_caps *caps, uint64_t packets, uint64_t bytes)
{
	uint64_t count = 0;

	for (uint64_t ms = 0; ms < 10000; ms++)
		count += mesh_caps_take(caps, packets, bytes, START_NS + ms * NS_PER_MS);
	return count;
}

static void a_rate_is_used_up_and_not_exceeded(void **state)
{
	static const struct {
		uint64_t packets_per_second, bytes_per_second, packets, bytes, least, most;
	} rows[] = {
		{ 0, 0, 1, 1000, 10000, 10000 },
		{ 100, 0, 1, 1000, 1000, 1010 },
		{ 0, 100000, 1, 1000, 1000, 1010 },
		{ 100, 50000, 1, 1000, 500, 505 }, /* the tighter one holds */
		{ 3, 0, 1, 1000, 30, 31 },
		{ 30, 0, 3, 1000, 100, 101 },
		{ 0, 1000, 1, 10000, 1, 1 }, /* one is worth more than a burst: it goes all the same
					      */
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct mesh_caps caps;
		mesh_caps_init(&caps, rows[i].packets_per_second, rows[i].bytes_per_second);
		uint64_t count = granted(&caps, rows[i].packets, rows[i].bytes);
		assert_in_range(count, rows[i].least, rows[i].most);
	}
}

static void a_tenth_of_a_second_goes_at_once_after_a_rest(void **state)
{
	struct mesh_caps caps;
	uint64_t count = 0;

	mesh_caps_init(&caps, 1000, 0);
	while (mesh_caps_take(&caps, 1, 0, START_NS))
		count++;
	assert_int_equal(count, 100);
	/* However long the rest was. */
	while (mesh_caps_take(&caps, 1, 0, START_NS + 3600 * NS_PER_S))
		count++;
	assert_int_equal(count, 200);
}

/* What one of the two refuses is not charged to the other. */
static void what_is_refused_costs_nothing(void **state)
{
	struct mesh_caps caps;

	mesh_caps_init(&caps, 1000, 1000);
	assert_true(mesh_caps_take(&caps, 1, 100, START_NS));
	for (int i = 0; i < 500; i++)
		assert_false(mesh_caps_take(&caps, 1, 100, START_NS));
	assert_true(mesh_caps_take(&caps, 1, 0, START_NS));
	assert_int_equal(caps.packets_ns, START_NS + 2 * NS_PER_MS);
}

static void rates_without_measure_do_not_wrap(void **state)
{
	struct mesh_caps caps;

	mesh_caps_init(&caps, UINT64_MAX, UINT64_MAX);
	for (int i = 0; i < 1000; i++)
		assert_true(mesh_caps_take(&caps, 1, 65536, START_NS));
	assert_true(mesh_caps_take(&caps, UINT64_MAX - 1, 1, START_NS + NS_PER_S));
	assert_false(mesh_caps_take(&caps, UINT64_MAX - 1, 1, START_NS + NS_PER_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_used_up_and_not_exceeded),
		cmocka_unit_test(a_tenth_of_a_second_goes_at_once_after_a_rest),
		cmocka_unit_test(what_is_refused_costs_nothing),
		cmocka_unit_test(rates_without_measure_do_not_wrap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
