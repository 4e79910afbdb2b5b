/* Exact counts at any rate over days, and every message dealt once, in order. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"
#include "base/rate_ramp.h"
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

/* ---- rates that change ---- */

struct ramped {
	const char *text;
	uint64_t at_ns;
	uint64_t count; /* due before */
};

static void init_ramped(struct schedule *schedule, const char *text)
{
	struct rate_ramp ramp;
	struct error error = { 0 };

	if (rate_ramp_parse(text, &error, &ramp) < 0)
		fail_msg("%s: %s", text, error.text);
	schedule_init_planned(schedule, START_NS, 0, &ramp);
}

static void ramps_and_steps_are_exact(void **state)
{
	static const struct ramped cases[] = {
		/* clang-format off */
		/* The area under the line: half of 30 s at 5000/s. */
		{ "0..5k/30s", 30 * SECOND_NS, 75000 },
		{ "0..5k/30s", 15 * SECOND_NS, 18750 },
		{ "0..5k/30s", 40 * SECOND_NS, 125000 },
		{ "5k..0/30s", 15 * SECOND_NS, 56250 },
		{ "5k..0/30s", 30 * SECOND_NS, 75000 },
		{ "5k..0/30s", 3000 * SECOND_NS, 75000 },
		{ "1k..3k/10s,100/10s", 20 * SECOND_NS, 21000 },
		{ "1k..3k/10s,100/10s", 30 * SECOND_NS, 22000 },
		{ "1k/10s,2k/10s,5k", 10 * SECOND_NS, 10000 },
		{ "1k/10s,2k/10s,5k", 20 * SECOND_NS, 30000 },
		{ "1k/10s,2k/10s,5k", 21 * SECOND_NS, 35000 },
		{ "10/1s,0/100s,10", 101 * SECOND_NS, 10 },
		{ "10/1s,0/100s,10", 102 * SECOND_NS, 20 },
		/* Halves of a message are carried over: 0.5 + 0.5 + 0.5 */
		{ "1/500ms,1/500ms,1/500ms,0", 10 * SECOND_NS, 2 },
		/* A day up to the highest rate: 1e9 * 86400 / 2 */
		{ "0..1G/1d", 86400 * SECOND_NS, UINT64_C(43200000000000) },
		/* A year. */
		{ "0..1G/365d", 365 * 86400 * SECOND_NS, UINT64_C(15768000000000000) },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct schedule schedule;

		init_ramped(&schedule, cases[i].text);
		uint64_t count = schedule_count(&schedule, START_NS + cases[i].at_ns);
		if (count != cases[i].count)
			fail_msg("%s: %" PRIu64 ", not %" PRIu64, cases[i].text, count,
				 cases[i].count);
	}
}

static void due_in_a_ramp_is_rounded_down(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
		uint64_t due_ns;
	} cases[] = {
		/* clang-format off */
		/* n = t^2 * 5000 / 60: n is due at sqrt(n * 0.012) s. */
		{ "0..5k/30s", 0, 0 },
		{ "0..5k/30s", 1, 109544511 },
		{ "0..5k/30s", 75, 948683298 },
		{ "0..5k/30s", 30000, UINT64_C(18973665961) },
		{ "0..5k/30s", 75000, 30 * SECOND_NS },
		{ "0..5k/30s", 75001, 30 * SECOND_NS + 200000 },
		{ "1k/10s,2k", 10000, 10 * SECOND_NS },
		{ "1k/10s,2k", 10001, 10 * SECOND_NS + 500000 },
		/* The message after a pause is due when it ends. */
		{ "10/1s,0/100s,10", 9, 900000000 },
		{ "10/1s,0/100s,10", 10, 101 * SECOND_NS },
		{ "10/1s,0/100s,10", 11, 101 * SECOND_NS + 100000000 },
		{ "0/5s,10", 0, 5 * SECOND_NS },
		/* One more than there ever are. */
		{ "10..0/2s", 10, UINT64_MAX - START_NS },
		{ "10/1s,0", 10, UINT64_MAX - START_NS },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct schedule schedule;

		init_ramped(&schedule, cases[i].text);
		uint64_t due_ns = schedule_due(&schedule, cases[i].number) - START_NS;
		if (due_ns != cases[i].due_ns)
			fail_msg("%s: %" PRIu64 " at %" PRIu64 ", not %" PRIu64, cases[i].text,
				 cases[i].number, due_ns, cases[i].due_ns);
	}
}

static uint64_t pick(struct random *random, uint64_t most)
{
	/* As many small ones as large ones. */
	unsigned bits = (unsigned)random_below(random, 64);
	uint64_t value = random_next(random) >> bits;

	return value > most ? value % (most + 1) : value;
}

static double pick_rate(struct random *random)
{
	return random_below(random, 6) == 0 ? 0 : (double)(1 + pick(random, 999999999999999)) / 1e6;
}

static void make_ramp(struct random *random, struct rate_ramp *ramp)
{
	*ramp = (struct rate_ramp){ .count = 1 + (uint32_t)random_below(random, 31) };
	for (uint32_t i = 0; i < ramp->count; i++) {
		struct rate_ramp_part *part = &ramp->parts[i];

		part->from = pick_rate(random);
		part->to = random_below(random, 2) ? part->from : pick_rate(random);
		part->length_ns = 1 + pick(random, RATE_RAMP_TIME_MAX_NS / 31 - 1);
	}
}

/* Message n is due after the moments at which n or fewer are, and none before the one before it. */
static void check_number(const struct schedule *schedule, uint64_t number)
{
	uint64_t due_ns = schedule_due(schedule, number);

	if (number > 0)
		assert_true(schedule_due(schedule, number - 1) <= due_ns);
	if (due_ns == UINT64_MAX)
		return;
	assert_true(schedule_count(schedule, due_ns) <= number);
	assert_true(schedule_count(schedule, due_ns + 1) > number);
}

static void check_moment(const struct schedule *schedule, uint64_t at_ns)
{
	uint64_t count = schedule_count(schedule, at_ns);

	assert_true(schedule_count(schedule, at_ns + 1) >= count);
	assert_true(schedule_due(schedule, count) >= at_ns);
	if (count > 0)
		assert_true(schedule_due(schedule, count - 1) < at_ns);
}

static void any_rates_keep_due_and_count_together(void **state)
{
	struct random random;

	random_init(&random, 4711);
	for (int i = 0; i < 300; i++) {
		struct rate_ramp ramp;
		struct schedule schedule;

		make_ramp(&random, &ramp);
		schedule_init_planned(&schedule, START_NS, 0, &ramp);
		for (uint32_t s = 0; s < schedule.count; s++) {
			uint64_t begin_ns = schedule.segments[s].start_ns;
			uint64_t first = schedule_count(&schedule, begin_ns);

			check_moment(&schedule, begin_ns);
			check_moment(&schedule, begin_ns + 1);
			check_number(&schedule, first);
			check_number(&schedule, first + 1);
			check_number(&schedule, first > 0 ? first - 1 : 0);
			for (int k = 0; k < 5; k++) {
				check_moment(&schedule, begin_ns + pick(&random, 1000 * SECOND_NS));
				check_number(&schedule, first + pick(&random, 1000000));
			}
		}
	}
}

/* Whatever the parts are, they add up: a line is as much as its mean over its length. */
static void the_sum_of_the_segments_is_what_is_due(void **state)
{
	struct random random;

	random_init(&random, 815);
	for (int i = 0; i < 300; i++) {
		struct rate_ramp ramp;
		struct schedule schedule;
		unsigned __int128 parts = 0;
		uint64_t at_ns = START_NS;

		make_ramp(&random, &ramp);
		schedule_init_planned(&schedule, START_NS, 0, &ramp);
		for (uint32_t p = 0; p < ramp.count; p++) {
			uint64_t from = (uint64_t)llround(ramp.parts[p].from * 1e6);
			uint64_t to = (uint64_t)llround(ramp.parts[p].to * 1e6);

			parts += (unsigned __int128)(from + to) * ramp.parts[p].length_ns;
			at_ns += ramp.parts[p].length_ns;
			uint64_t whole = (uint64_t)((parts + UINT64_C(1999999999999999)) /
						    UINT64_C(2000000000000000));
			assert_int_equal(schedule_count(&schedule, at_ns), whole);
		}
	}
}

static void check_ramp_dealing(const char *text, uint32_t slots, uint32_t workers, uint64_t numbers)
{
	struct schedule schedule;
	struct schedule_cursor cursors[8];

	init_ramped(&schedule, text);
	for (uint32_t w = 0; w < workers; w++)
		schedule_cursor_init(&cursors[w], &schedule, slots, w, workers);
	for (uint64_t number = 0; number < numbers; number++) {
		struct schedule_cursor *cursor = &cursors[number % slots % workers];

		assert_int_equal(cursor->number, number);
		assert_int_equal(cursor->due_ns, schedule_due(&schedule, number));
		assert_int_equal(cursor->slot, number % slots);
		assert_int_equal(cursor->round, number / slots);
		schedule_cursor_next(cursor);
	}
}

static void cursors_follow_ramps_and_steps(void **state)
{
	static const char *const texts[] = {
		"0..5k/300ms",
		"7/1s,13.3/700ms,50",
		"1k/100ms,0/1s,3..7k/10ms,333.3/1s,10..0/2s",
	};
	static const uint32_t slots[] = { 1, 3, 8, 101 };
	static const uint32_t workers[] = { 1, 3, 8 };

	for (size_t t = 0; t < array_size(texts); t++)
		for (size_t s = 0; s < array_size(slots); s++)
			for (size_t w = 0; w < array_size(workers); w++)
				check_ramp_dealing(texts[t], slots[s], workers[w], 2000);
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
		cmocka_unit_test(ramps_and_steps_are_exact),
		cmocka_unit_test(due_in_a_ramp_is_rounded_down),
		cmocka_unit_test(any_rates_keep_due_and_count_together),
		cmocka_unit_test(the_sum_of_the_segments_is_what_is_due),
		cmocka_unit_test(cursors_follow_ramps_and_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
