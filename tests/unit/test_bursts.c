#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/bursts.h"

/* One burst of each length given, ten apart. */
static struct bursts bursts_of(const uint64_t *lengths, size_t count)
{
	struct bursts bursts = { 0 };
	uint64_t sequence = 100;

	for (size_t i = 0; i < count; i++) {
		bursts_lost(&bursts, sequence, lengths[i]);
		bursts_end(&bursts);
		sequence += lengths[i] + 10;
	}
	return bursts;
}

static void losses_in_a_row_are_one_burst(void **state)
{
	struct bursts bursts = { 0 };

	bursts_end(&bursts);
	assert_int_equal(bursts.count, 0);
	bursts_lost(&bursts, 5, 1);
	bursts_lost(&bursts, 6, 2);
	assert_int_equal(bursts.count, 0);
	assert_int_equal(bursts.open, 3);
	bursts_end(&bursts);
	bursts_end(&bursts);
	bursts_lost(&bursts, 20, 1);
	bursts_end(&bursts);
	assert_int_equal(bursts.count, 2);
	assert_int_equal(bursts.lost, 4);
	assert_int_equal(bursts.longest, 3);
	assert_int_equal(bursts.longest_at, 5);
	assert_int_equal(bursts.first_lost, 5);
	assert_int_equal(bursts.last_lost, 20);
	assert_int_equal(bursts.open, 0);
}

static void the_median_is_exact_up_to_15_and_the_lower_one_of_two(void **state)
{
	static const struct {
		uint64_t lengths[5];
		size_t count;
		uint64_t median;
	} cases[] = {
		{ { 0 }, 0, 0 },
		{ { 7 }, 1, 7 },
		{ { 1, 15 }, 2, 1 },
		{ { 15, 1, 11 }, 3, 11 },
		{ { 3, 3, 9, 1000 }, 4, 3 },
		{ { 1, 2, 15, 16, 17 }, 5, 15 },
		{ { 16 }, 1, 16 },
		{ { 19, 19, 19 }, 3, 16 }, /* a quarter of a doubling: 16 to 19 */
		{ { 20 }, 1, 20 },
		{ { 212 }, 1, 212 }, /* of one it is known */
		{ { 212, 213, 214 }, 3, 192 },
		{ { 57344 }, 1, 57344 },
		{ { UINT64_C(1) << 40, UINT64_C(1) << 40 }, 2, 57344 },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct bursts bursts = bursts_of(cases[i].lengths, cases[i].count);
		assert_int_equal(bursts_median(&bursts), cases[i].median);
	}
}

static void merged_they_are_those_of_all(void **state)
{
	struct bursts into = bursts_of((const uint64_t[]){ 4, 2 }, 2);
	struct bursts other = bursts_of((const uint64_t[]){ 1, 1, 9 }, 3);
	struct bursts none = { 0 };

	bursts_merge(&into, &none);
	assert_int_equal(into.first_lost, 100);
	bursts_merge(&into, &other);
	assert_int_equal(into.count, 5);
	assert_int_equal(into.lost, 17);
	assert_int_equal(into.longest, 9);
	assert_int_equal(into.longest_at, 122);
	assert_int_equal(into.first_lost, 100);
	assert_int_equal(into.last_lost, 130);
	assert_int_equal(bursts_median(&into), 2);
	bursts_merge(&none, &other);
	assert_int_equal(none.first_lost, 100);
	assert_int_equal(none.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_in_a_row_are_one_burst),
		cmocka_unit_test(the_median_is_exact_up_to_15_and_the_lower_one_of_two),
		cmocka_unit_test(merged_they_are_those_of_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
