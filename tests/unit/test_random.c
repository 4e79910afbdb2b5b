#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"

/* The published generators: splitmix64 of seed 0 gives the state, whose first outputs follow. */
static void test_known_sequence(void **state)
{
	static const uint64_t seeded[] = {
		UINT64_C(0xe220a8397b1dcdaf),
		UINT64_C(0x6e789e6aa1b965f4),
		UINT64_C(0x06c45d188009454f),
		UINT64_C(0xf88bb8a8724c81ec),
	};
	static const uint64_t expected[] = {
		UINT64_C(0x99ec5f36cb75f2b4),
		UINT64_C(0xbf6e1f784956452a),
		UINT64_C(0x1a5f849d4933e6e0),
		UINT64_C(0x6aa594f1262d2d2c),
	};
	struct random random;

	random_init(&random, 0);
	for (size_t i = 0; i < array_size(seeded); i++)
		assert_int_equal(random.state[i], seeded[i]);
	for (size_t i = 0; i < array_size(expected); i++)
		assert_int_equal(random_next(&random), expected[i]);
}

static void test_seeds_differ(void **state)
{
	struct random a;
	struct random b;
	struct random c;

	random_init(&a, 1);
	random_init(&b, 1);
	random_init(&c, 2);
	for (int i = 0; i < 100; i++) {
		uint64_t value = random_next(&a);
		assert_int_equal(value, random_next(&b));
		assert_int_not_equal(value, random_next(&c));
	}
}

static void test_below_is_even(void **state)
{
	enum { DRAWS = 60000 };
	static const uint64_t bounds[] = { 1, 2, 3, 6, 10 };
	struct random random;

	random_init(&random, 7);
	for (size_t i = 0; i < array_size(bounds); i++) {
		unsigned counts[10] = { 0 };
		for (int n = 0; n < DRAWS; n++) {
			uint64_t value = random_below(&random, bounds[i]);
			assert_true(value < bounds[i]);
			counts[value]++;
		}
		for (uint64_t value = 0; value < bounds[i]; value++)
			assert_in_range(counts[value], DRAWS / bounds[i] * 95 / 100,
					DRAWS / bounds[i] * 105 / 100);
	}
}

/* Above half of 2^64 a plain remainder would double the chance of the low values. */
static void test_below_a_large_bound(void **state)
{
	uint64_t bound = UINT64_C(3) << 62;
	unsigned low_third = 0;
	struct random random;

	random_init(&random, 8);
	for (int n = 0; n < 30000; n++)
		low_third += random_below(&random, bound) < bound / 3;
	assert_in_range(low_third, 9500, 10500);
}

static void test_unit_is_even(void **state)
{
	unsigned tenths[10] = { 0 };
	struct random random;

	random_init(&random, 9);
	for (int n = 0; n < 100000; n++) {
		double value = random_unit(&random);
		assert_true(value >= 0 && value < 1);
		tenths[(int)(value * 10)]++;
	}
	for (size_t i = 0; i < array_size(tenths); i++)
		assert_in_range(tenths[i], 9600, 10400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_sequence), cmocka_unit_test(test_seeds_differ),
		cmocka_unit_test(test_below_is_even),  cmocka_unit_test(test_below_a_large_bound),
		cmocka_unit_test(test_unit_is_even),
	};
	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
