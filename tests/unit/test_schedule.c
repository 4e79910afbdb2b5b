/* Exact counts at any rate over days, and every message dealt once, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "engine/schedule.h"

#define SECOND_NS UINT64_C(1000000000)
#define START_NS  UINT64_C(123456789012345)

static void counts_are_exact(void **state)
{
	static const struct {
		double rate;
		uint64_t seconds;
		uint64_t count;
	} cases[] = {
		/* clang-format off */
		{ 50, 12, 600 },
		{ 0.1, 10, 1 },
		{ 0.1, 11, 2 },
		{ 0.1, 86400, 8640 },
		{ 1.0 / 3, 3, 1 }, /* 0.333333: the second is due 3 us after */
		{ 1.0 / 3, 86400, 28800 },
		{ 333.3, 86400, 28797120 },
		{ 7919, 3600, 28508400 },
		{ 7919, 10 * 86400, UINT64_C(6842016000) },
		{ 400000, 30 * 86400, UINT64_C(1036800000000) },
		{ 1e-6, 86400, 1 },
		{ 1e9, 86400, UINT64_C(86400000000000) },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct schedule schedule;
		uint64_t end_ns = START_NS + cases[i].seconds * SECOND_NS;

		schedule_init(&schedule, START_NS, cases[i].rate);
		assert_int_equal(schedule_count(&schedule, end_ns), cases[i].count);
	}
}

/* Message n is due after the moments at which n or fewer are: that ties the two together. */
static void due_and_count_are_inverse(void **state)
{
	static const double rates[] = {
		1e-6, 0.1, 1.0 / 3, 1, 50, 333.3, 7919, 123456.789, 4e5, 1e9
	};
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 49, 50, 51, 599, 7919, 1000003, 28508399, UINT64_C(9999999967)
	};

	for (size_t r = 0; r < array_size(rates); r++) {
		struct schedule schedule;

		schedule_init(&schedule, START_NS, rates[r]);
		for (size_t i = 0; i < array_size(numbers); i++) {
			uint64_t due_ns = schedule_due(&schedule, numbers[i]);

			if (due_ns == UINT64_MAX)
				continue;
			assert_true(schedule_count(&schedule, due_ns) <= numbers[i]);
			assert_true(schedule_count(&schedule, due_ns + 1) > numbers[i]);
		}
	}
}

static void due_is_rounded_down(void **state)
{
	static const struct {
		double rate;
		uint64_t number;
		uint64_t due_ns;
	} cases[] = {
		/* clang-format off */
		{ 50, 0, 0 },
		{ 50, 1, 20000000 },
		{ 3, 1, 333333333 },
		{ 3, 2, 666666666 },
		{ 3, 3, SECOND_NS },
		{ 7919, 7919 * 3600, 3600 * SECOND_NS },
		{ 400000, 1, 2500 },
		{ 0.1, 6, 60 * SECOND_NS },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct schedule schedule;

		schedule_init(&schedule, START_NS, cases[i].rate);
		assert_int_equal(schedule_due(&schedule, cases[i].number),
				 START_NS + cases[i].due_ns);
	}
}

static void nothing_is_due_before_the_start(void **state)
{
	struct schedule schedule;

	schedule_init(&schedule, START_NS, 400000);
	assert_int_equal(schedule_count(&schedule, 0), 0);
	assert_int_equal(schedule_count(&schedule, START_NS), 0);
	assert_int_equal(schedule_count(&schedule, START_NS + 1), 1);
}

static void what_is_out_of_range_saturates(void **state)
{
	struct schedule schedule;

	schedule_init(&schedule, START_NS, 1e-6);
	assert_int_equal(schedule_due(&schedule, UINT64_MAX), UINT64_MAX);
	assert_int_equal(schedule_due(&schedule, 18447), UINT64_MAX);
	assert_true(schedule_due(&schedule, 18446) < UINT64_MAX);
}

/* Deals the first messages of a run to its workers, always taking the one that is due first, as
 * their threads would together. */
static void check_dealing(double rate, uint32_t slots, uint32_t workers)
{
	struct schedule schedule;
	struct schedule_cursor cursors[8];

	schedule_init(&schedule, START_NS, rate);
	for (uint32_t w = 0; w < workers; w++)
		schedule_cursor_init(&cursors[w], &schedule, slots, w, workers);

	for (uint64_t number = 0; number < 20 * slots + 5; number++) {
		uint32_t slot = (uint32_t)(number % slots);
		struct schedule_cursor *cursor = &cursors[slot % workers];

		assert_int_equal(cursor->number, number);
		assert_int_equal(cursor->due_ns, schedule_due(&schedule, number));
		assert_int_equal(cursor->slot, slot);
		assert_int_equal(cursor->own, slot / workers);
		assert_int_equal(cursor->round, number / slots);
		for (uint32_t w = 0; w < workers; w++)
			assert_true(cursor->due_ns <= cursors[w].due_ns);
		schedule_cursor_next(cursor);
	}
}

static void cursors_deal_each_message_once(void **state)
{
	static const double rates[] = { 0.1, 1.0 / 3, 333.3, 7919, 4e5 };
	static const uint32_t slots[] = { 1, 2, 3, 7, 8, 100, 101 };
	static const uint32_t workers[] = { 1, 2, 3, 8 };

	for (size_t r = 0; r < array_size(rates); r++)
		for (size_t s = 0; s < array_size(slots); s++)
			for (size_t w = 0; w < array_size(workers); w++)
				check_dealing(rates[r], slots[s], workers[w]);
}

/* The additions of the hot path must not drift from the division. */
static void a_cursor_does_not_drift(void **state)
{
	struct schedule schedule;
	struct schedule_cursor cursor;

	schedule_init(&schedule, START_NS, 7919.123457);
	schedule_cursor_init(&cursor, &schedule, 10, 2, 4);
	for (int i = 0; i < 1000000; i++)
		schedule_cursor_next(&cursor);
	assert_int_equal(cursor.number, 5000002); /* slots 2 and 6: two of ten numbers */
	assert_int_equal(cursor.due_ns, schedule_due(&schedule, cursor.number));
}

static void a_worker_without_slots_has_nothing_due(void **state)
{
	struct schedule schedule;
	struct schedule_cursor cursor;

	schedule_init(&schedule, START_NS, 50);
	schedule_cursor_init(&cursor, &schedule, 2, 2, 4);
	assert_int_equal(cursor.due_ns, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(due_and_count_are_inverse),
		cmocka_unit_test(due_is_rounded_down),
		cmocka_unit_test(nothing_is_due_before_the_start),
		cmocka_unit_test(what_is_out_of_range_saturates),
		cmocka_unit_test(cursors_deal_each_message_once),
		cmocka_unit_test(a_cursor_does_not_drift),
		cmocka_unit_test(a_worker_without_slots_has_nothing_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
