/* Sequence numbers as a network may bring them, against a count with unlimited memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"
#include "metric/arrivals.h"

struct expected {
	uint64_t unique;
	uint64_t duplicate;
	uint64_t reordered;
	uint64_t lost;
	uint64_t bursts;
	uint64_t longest;
};

static void assert_arrivals(const struct arrivals *arrivals, const struct expected *expected)
{
	assert_int_equal(arrivals->unique, expected->unique);
	assert_int_equal(arrivals->duplicate, expected->duplicate);
	assert_int_equal(arrivals->reordered, expected->reordered);
	assert_int_equal(arrivals->late, 0);
	assert_int_equal(arrivals->bursts.lost, expected->lost);
	assert_int_equal(arrivals->bursts.count, expected->bursts);
	assert_int_equal(arrivals->bursts.longest, expected->longest);
}

static void short_sequences_are_told_apart(void **state)
{
	static const struct {
		uint64_t sequences[8];
		size_t count;
		uint64_t sent;
		struct expected expected;
	} cases[] = {
		{ { 0 }, 0, 0, { 0 } },
		{ { 0 }, 0, 3, { .lost = 3, .bursts = 1, .longest = 3 } },
		{ { 0, 1, 2 }, 3, 3, { .unique = 3 } },
		{ { 0, 2 }, 2, 3, { .unique = 2, .lost = 1, .bursts = 1, .longest = 1 } },
		{ { 2, 1, 0 }, 3, 3, { .unique = 3, .reordered = 2 } },
		{ { 0, 0, 2, 1, 1, 2 }, 6, 3, { .unique = 3, .duplicate = 3, .reordered = 1 } },
		{ { 3 }, 1, 6, { .unique = 1, .lost = 5, .bursts = 2, .longest = 3 } },
		{ { 0, 5, 2 },
		  3,
		  6,
		  { .unique = 3, .reordered = 1, .lost = 3, .bursts = 2, .longest = 2 } },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct arrivals arrivals = { 0 };
		for (size_t j = 0; j < cases[i].count; j++)
			arrivals_add(&arrivals, cases[i].sequences[j]);
		arrivals_settle(&arrivals, cases[i].sent);
		assert_arrivals(&arrivals, &cases[i].expected);
	}
}

/* Of many: some lost, alone and in a row, some twice, all shuffled within half a window. */
#define MANY 200000
struct passage {
	uint64_t at; /* when it arrives */
	uint64_t sequence;
};

static int by_time(const void *a, const void *b)
{
	const struct passage *one = a;
	const struct passage *other = b;
	return (one->at > other->at) - (one->at < other->at);
}

static size_t pass(struct random *random, struct passage *passages, struct expected *expected)
{
	size_t count = 0;
	uint64_t lost_in_a_row = 0;
	uint64_t losing = 0;

	for (uint64_t sequence = 0; sequence < MANY; sequence++) {
		if (losing == 0 && random_below(random, 500) == 0)
			losing = 1 + random_below(random, 30);
		if (losing > 0) {
			losing--;
			expected->lost++;
			expected->bursts += lost_in_a_row++ == 0;
			if (lost_in_a_row > expected->longest)
				expected->longest = lost_in_a_row;
			continue;
		}
		lost_in_a_row = 0;
		expected->unique++;
		unsigned copies = random_below(random, 50) == 0 ? 2 : 1;
		expected->duplicate += copies - 1;
		for (unsigned i = 0; i < copies; i++)
			passages[count++] = (struct passage){
				(sequence + random_below(random, ARRIVALS_WINDOW / 2)) * MANY * 4 +
					count,
				sequence
			};
	}
	qsort(passages, count, sizeof(*passages), by_time);
	return count;
}

static uint64_t count_overtaken(const struct passage *passages, size_t count)
{
	uint8_t *has_come = calloc(1, MANY);
	uint64_t overtaken = 0;
	uint64_t next = 0;

	assert_non_null(has_come);
	for (size_t i = 0; i < count; i++) {
		uint64_t sequence = passages[i].sequence;
		overtaken += sequence < next && !has_come[sequence];
		has_come[sequence] = true;
		if (sequence >= next)
			next = sequence + 1;
	}
	free(has_come);
	return overtaken;
}

static void many_are_counted_as_with_unlimited_memory(void **state)
{
	struct passage *passages = calloc((size_t)2 * MANY, sizeof(*passages));
	assert_non_null(passages);
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct arrivals arrivals = { 0 };
		struct expected expected = { 0 };
		struct random random;
		random_init(&random, seed);
		size_t count = pass(&random, passages, &expected);
		expected.reordered = count_overtaken(passages, count);
		assert_true(expected.reordered > MANY / 2);
		for (size_t i = 0; i < count; i++)
			arrivals_add(&arrivals, passages[i].sequence);
		arrivals_settle(&arrivals, MANY);
		assert_arrivals(&arrivals, &expected);
		assert_int_equal(arrivals.unique + arrivals.bursts.lost, MANY);
	}
	free(passages);
}

static void what_comes_too_late_stays_lost(void **state)
{
	struct arrivals arrivals = { 0 };

	arrivals_add(&arrivals, 1);
	arrivals_add(&arrivals, ARRIVALS_WINDOW);
	assert_int_equal(arrivals.settled, 1);
	arrivals_add(&arrivals, 0);
	assert_int_equal(arrivals.late, 1);
	arrivals_add(&arrivals, 1);
	assert_int_equal(arrivals.duplicate, 1);
	arrivals_settle(&arrivals, arrivals.next);
	assert_int_equal(arrivals.unique, 2);
	assert_int_equal(arrivals.bursts.lost, ARRIVALS_WINDOW - 1);
	assert_int_equal(arrivals.unique + arrivals.bursts.lost, arrivals.next);
}

/* A liar's number costs no more time than an honest one's. */
static void a_leap_is_one_burst(void **state)
{
	struct arrivals arrivals = { 0 };
	uint64_t far = UINT64_C(1) << 62;

	arrivals_add(&arrivals, 0);
	arrivals_add(&arrivals, 2);
	arrivals_add(&arrivals, far);
	arrivals_add(&arrivals, far - 1);
	arrivals_settle(&arrivals, far + 1);
	assert_int_equal(arrivals.unique, 4);
	assert_int_equal(arrivals.reordered, 1);
	assert_int_equal(arrivals.bursts.count, 2);
	assert_int_equal(arrivals.bursts.longest, far - 4);
	assert_int_equal(arrivals.bursts.longest_at, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_sequences_are_told_apart),
		cmocka_unit_test(many_are_counted_as_with_unlimited_memory),
		cmocka_unit_test(what_comes_too_late_stays_lost),
		cmocka_unit_test(a_leap_is_one_burst),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
