/* Against sorted arrays of random values, and against values that HdrHistogram is known to give. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/hist.h"

#define VALUES 20000

static const double percentiles[] = { 0.001, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100 };

/* splitmix64 */
static uint64_t random_of(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* As many values of each magnitude as of each other. */
static uint64_t random_value(uint64_t *seed, uint64_t highest)
{
	uint64_t value = random_of(seed) >> (random_of(seed) % 64);

	return value % (highest + 1);
}

static struct hist *hist_new(struct hist_range range)
{
	struct hist *hist = calloc(1, hist_size(range));

	assert_non_null(hist);
	hist_init(hist, range);
	return hist;
}

static struct hist *random_hist(uint64_t seed, unsigned count)
{
	struct hist *hist = hist_new(HIST_STREAM_RANGE);

	for (unsigned i = 0; i < count; i++) {
		uint64_t value = random_value(&seed, 2 * HIST_STREAM_RANGE.highest);

		if (i % 5 == 0)
			hist_add_censored(hist, value, 1 + i % 3);
		else
			hist_add(hist, value);
	}
	return hist;
}

static void release(void *pointer)
{
	free(*(void **)pointer);
}

#define scoped cleanup(release)

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* All that readers see; `dirty` is for the publisher. */
static void assert_same(const struct hist *a, const struct hist *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->censored, b->censored);
	assert_int_equal(a->censored_min, b->censored_min);
	assert_int_equal(a->saturated, b->saturated);
	assert_int_equal(a->sum, b->sum);
	assert_int_equal(a->minimum, b->minimum);
	assert_int_equal(a->maximum, b->maximum);
	assert_int_equal(a->counts_size, b->counts_size);
	assert_memory_equal(a->counts, b->counts, a->counts_size * sizeof(uint64_t));
}

static void check_against_sorted(struct hist_range range, uint64_t seed)
{
	static uint64_t values[VALUES];
	scoped struct hist *hist = hist_new(range);
	uint64_t divisor = (uint64_t)pow(10, range.digits);

	for (size_t i = 0; i < VALUES; i++) {
		values[i] = random_value(&seed, range.highest);
		hist_add(hist, values[i]);
	}
	qsort(values, VALUES, sizeof(values[0]), compare);

	for (size_t i = 0; i < array_size(percentiles); i++) {
		size_t rank = (size_t)ceil(nextafter(percentiles[i], 0) * VALUES / 100);
		uint64_t exact = values[rank - 1];
		uint64_t told = hist_percentile(hist, percentiles[i]);

		assert_true(told >= exact);
		assert_true(told - exact <= exact / divisor);
	}
	assert_int_equal(hist->count, VALUES);
	assert_int_equal(hist->minimum, values[0]);
	assert_int_equal(hist->maximum, values[VALUES - 1]);
	assert_int_equal(hist_percentile(hist, 0), values[0]);
	assert_int_equal(hist_percentile(hist, 100), values[VALUES - 1]);
	assert_int_equal(hist->saturated, 0);
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
	check_against_sorted(HIST_STREAM_RANGE, 1);
	check_against_sorted((struct hist_range){ 60000000, 2 }, 2);
	check_against_sorted((struct hist_range){ 1000, 1 }, 3);
	check_against_sorted((struct hist_range){ INT64_MAX, 3 }, 4);
}

static void mean_is_exact(void **state)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);

	assert_true(hist_mean(hist) == 0);
	hist_add(hist, 1000003);
	hist_add_many(hist, 2000003, 3);
	assert_true(hist_mean(hist) == 1750003);
}

/* The buckets of a value hold it, follow one another without a hole, and are as wide as the
 * digits allow. */
static void buckets_tile_the_range(void **state)
{
	static const struct hist_range ranges[] = {
		{ UINT64_C(3600000000000), 3 }, { 60000000, 2 }, { 1000, 1 }, { INT64_MAX, 3 }
	};

	for (size_t r = 0; r < array_size(ranges); r++) {
		scoped struct hist *hist = hist_new(ranges[r]);
		struct hist_bucket bucket = { 0 };
		uint64_t next = 0;
		uint32_t last = hist_index(hist, ranges[r].highest);

		assert_true(last < hist->counts_size);
		for (uint32_t i = 0; i <= last; i++) {
			assert_int_equal(hist_index(hist, next), i);
			hist_add(hist, next);
			assert_int_equal(hist_next(hist, i, &bucket), i + 1);
			assert_int_equal(bucket.lowest, next);
			assert_int_equal(hist_index(hist, bucket.highest), i);
			next = bucket.highest + 1;
		}
		assert_true(next > ranges[r].highest);
		assert_int_equal(hist->count, last + 1);
	}
}

static void the_stream_range_has_its_stated_size(void **state)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);

	assert_int_equal(hist->counts_size, HIST_STREAM_COUNTS);
	assert_int_equal(hist_size(HIST_STREAM_RANGE), HIST_STREAM_BYTES);
}

/* HdrHistogram's own example: 10,000 times 1 ms and once 100 s, in us. */
static void percentiles_are_those_of_hdrhistogram(void **state)
{
	static const struct {
		double percentile;
		uint64_t value;
	} cases[] = {
		/* clang-format off */
		{ 0,       1000 },
		{ 30,      1000 },
		{ 99,      1000 },
		{ 99.99,   1000 },
		{ 99.999,  100007935 },
		{ 100,     100007935 },
		/* clang-format on */
	};
	scoped struct hist *hist = hist_new((struct hist_range){ UINT64_C(3600000000), 3 });

	hist_add_many(hist, 1000, 10000);
	hist_add(hist, 100000000);
	hist->maximum = hist->highest; /* HdrHistogram doesn't cap a bucket at its largest entry */
	for (size_t i = 0; i < array_size(cases); i++)
		assert_int_equal(hist_percentile(hist, cases[i].percentile), cases[i].value);
}

/* In binary fractions 99.9 % of 41,000 come to a little more than 40,959. */
static void ranks_are_exact(void **state)
{
	static const struct {
		uint64_t count; /* of the values 1, and as many of 2 as make up `whole` */
		uint64_t whole;
		double percentile;
		uint64_t value;
	} cases[] = {
		/* clang-format off */
		{ 40959, 41000, 99.9, 1 },
		{ 40958, 41000, 99.9, 2 },
		{ 33,    3000,  1.1,  1 },
		{ 32,    3000,  1.1,  2 },
		{ 999,   1000,  99.9, 1 },
		{ 998,   1000,  99.9, 2 },
		{ 1,     1000,  0.1,  1 },
		{ 1,     1000,  0.11, 2 },
		{ 1,     1000,  0.01, 1 },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);

		hist_add_many(hist, 1, cases[i].count);
		hist_add_many(hist, 2, cases[i].whole - cases[i].count);
		assert_int_equal(hist_percentile(hist, cases[i].percentile), cases[i].value);
	}
}

static void an_empty_one_tells_nothing(void **state)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
	struct hist_bucket bucket;

	assert_int_equal(hist_percentile(hist, 50), 0);
	assert_int_equal(hist_next(hist, 0, &bucket), -1);
	assert_int_equal(hist->minimum, UINT64_MAX);
	hist_add_many(hist, 5, 0);
	hist_add_censored(hist, 5, 0);
	assert_int_equal(hist->minimum, UINT64_MAX);
	assert_int_equal(hist->dirty, 0);
}

static void values_beyond_count_as_saturated(void **state)
{
	scoped struct hist *hist = hist_new((struct hist_range){ 1000, 2 });

	hist_add(hist, 1000);
	assert_int_equal(hist->saturated, 0);
	hist_add(hist, 1001);
	hist_add_many(hist, UINT64_MAX, 2);
	hist_add_censored(hist, 5000, 3);
	assert_int_equal(hist->saturated, 6);
	assert_int_equal(hist->count, 7);
	assert_int_equal(hist->sum, 7000);
	assert_int_equal(hist->maximum, 1000);
	assert_int_equal(hist->censored_min, 1000);
	assert_int_equal(hist_percentile(hist, 100), 1000);
	hist_move_censored(hist, 5000, 9000, 3);
	assert_int_equal(hist->saturated, 6);
}

static void a_sum_saturates_and_stays_so(void **state)
{
	scoped struct hist *hist = hist_new((struct hist_range){ INT64_MAX, 3 });
	scoped struct hist *earlier = hist_new((struct hist_range){ INT64_MAX, 3 });

	hist_add(earlier, 5);
	hist_add(hist, 5);
	hist_add_many(hist, INT64_MAX, 3);
	assert_int_equal(hist->sum, UINT64_MAX);
	hist_subtract(hist, earlier);
	assert_int_equal(hist->sum, UINT64_MAX);
	hist_merge(hist, earlier);
	assert_int_equal(hist->sum, UINT64_MAX);
}

static void censored_entries_are_counted_apart(void **state)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);

	hist_add(hist, 100);
	hist_add_censored(hist, 3000, 1);
	hist_add_censored(hist, 2000, 2);
	hist_add_censored(hist, 2500, 1);
	assert_int_equal(hist->count, 5);
	assert_int_equal(hist->censored, 4);
	assert_int_equal(hist->censored_min, 2000);
}

static void moving_leaves_what_adding_there_gives(void **state)
{
	scoped struct hist *moved = hist_new(HIST_STREAM_RANGE);
	scoped struct hist *added = hist_new(HIST_STREAM_RANGE);

	hist_add(moved, 100);
	hist_add(added, 100);
	hist_add_censored(moved, 2000, 3);
	hist_move_censored(moved, 2000, 7000, 2);
	hist_move_censored(moved, 2000, 9000, 1);
	hist_add_censored(added, 7000, 2);
	hist_add_censored(added, 9000, 1);
	moved->censored_min = added->censored_min; /* may lie lower */
	assert_same(moved, added);
}

static void moving_all_moves_the_extremes(void **state)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);

	hist_add_censored(hist, 2000, 3);
	hist_move_censored(hist, 2000, 7001, 3);
	assert_int_equal(hist->minimum, 7001);
	assert_int_equal(hist->maximum, 7001);
	assert_int_equal(hist->censored_min, 7001);
	assert_int_equal(hist->sum, 3 * 7001);
}

static void merging_is_associative(void **state)
{
	scoped struct hist *left = random_hist(1, 3000);
	scoped struct hist *right = hist_new(HIST_STREAM_RANGE);
	scoped struct hist *b = random_hist(2, 2000);
	scoped struct hist *c = random_hist(3, 1);
	scoped struct hist *a = random_hist(1, 3000);

	hist_merge(left, b); /* (a + b) + c */
	hist_merge(left, c);
	hist_merge(right, c); /* a + (b + c), from the other side */
	hist_merge(right, b);
	hist_merge(right, a);
	assert_same(left, right);
	assert_int_equal(left->dirty, right->dirty);
}

static void merging_an_empty_one_changes_nothing(void **state)
{
	scoped struct hist *hist = random_hist(4, 100);
	scoped struct hist *same = random_hist(4, 100);
	scoped struct hist *empty = hist_new(HIST_STREAM_RANGE);

	hist_merge(hist, empty);
	assert_same(hist, same);
	hist_merge(empty, hist);
	assert_same(empty, same);
}

static void subtracting_leaves_the_rest(void **state)
{
	scoped struct hist *hist = random_hist(5, 3000);
	scoped struct hist *earlier = random_hist(5, 3000);
	scoped struct hist *later = random_hist(6, 1000);
	struct hist_bucket bucket;

	hist_merge(hist, later);
	hist_subtract(hist, earlier);
	assert_int_equal(hist->count, later->count);
	assert_int_equal(hist->censored, later->censored);
	assert_int_equal(hist->saturated, later->saturated);
	assert_int_equal(hist->sum, later->sum);
	assert_memory_equal(hist->counts, later->counts, hist->counts_size * sizeof(uint64_t));

	assert_true(hist_next(hist, 0, &bucket) > 0);
	assert_true(hist->minimum <= later->minimum && hist->minimum >= bucket.lowest);
	assert_true(hist->maximum >= later->maximum);
	assert_int_equal(hist_index(hist, hist->maximum), hist_index(hist, later->maximum));
}

static void subtracting_all_leaves_an_empty_one(void **state)
{
	scoped struct hist *hist = random_hist(7, 500);
	scoped struct hist *same = random_hist(7, 500);
	scoped struct hist *empty = hist_new(HIST_STREAM_RANGE);

	hist_subtract(hist, same);
	assert_same(hist, empty);
	hist_clear(same);
	assert_same(same, empty);
}

/* At the end of a run lower bounds rise: what an earlier copy held at them is no longer there. */
static void subtracting_leaves_what_was_moved_since(void **state)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
	scoped struct hist *earlier = hist_new(HIST_STREAM_RANGE);

	hist_add_censored(hist, 2000, 3);
	hist_add(hist, 5);
	hist_merge(earlier, hist);
	hist_add(hist, 100);
	hist_move_censored(hist, 2000, 7000, 3);
	hist_subtract(hist, earlier);
	assert_int_equal(hist->count, 4);
	assert_int_equal(hist->censored, 3);
	assert_int_equal(hist_percentile(hist, 1), 100);
	assert_int_equal(hist->counts[hist_index(hist, 7000)], 3);
	hist_clear(hist);
	for (uint32_t i = 0; i < hist->counts_size; i++)
		assert_int_equal(hist->counts[i], 0);
}

/* Whoever copies dirty pages alone must end with the same counts. */
static void dirty_pages_are_all_that_changed(void **state)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);

	assert_int_equal(hist_take_dirty(hist), 0);
	hist_add(hist, 1023);
	hist_add(hist, 1024);
	assert_int_equal(hist_take_dirty(hist), 3);
	hist_add_censored(hist, HIST_STREAM_RANGE.highest, 1);
	assert_int_equal(hist_take_dirty(hist), UINT64_C(1) << 32);
	hist_move_censored(hist, HIST_STREAM_RANGE.highest, HIST_STREAM_RANGE.highest + 1, 1);
	assert_int_equal(hist_take_dirty(hist), UINT64_C(1) << 32);
	assert_int_equal(hist_take_dirty(hist), 0);
	hist_clear(hist);
	assert_int_equal(hist_take_dirty(hist), 3 | UINT64_C(1) << 32);
}

static void walking_meets_every_entry(void **state)
{
	scoped struct hist *hist = random_hist(8, 4000);
	struct hist_bucket bucket;
	uint64_t count = 0;
	uint64_t previous = 0;

	for (int64_t i = hist_next(hist, 0, &bucket); i >= 0; i = hist_next(hist, i, &bucket)) {
		assert_true(bucket.count > 0);
		assert_true(count == 0 || bucket.lowest > previous);
		previous = bucket.highest;
		count += bucket.count;
	}
	assert_int_equal(count, hist->count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_those_of_the_sorted_values),
		cmocka_unit_test(mean_is_exact),
		cmocka_unit_test(buckets_tile_the_range),
		cmocka_unit_test(the_stream_range_has_its_stated_size),
		cmocka_unit_test(percentiles_are_those_of_hdrhistogram),
		cmocka_unit_test(ranks_are_exact),
		cmocka_unit_test(an_empty_one_tells_nothing),
		cmocka_unit_test(values_beyond_count_as_saturated),
		cmocka_unit_test(a_sum_saturates_and_stays_so),
		cmocka_unit_test(censored_entries_are_counted_apart),
		cmocka_unit_test(moving_leaves_what_adding_there_gives),
		cmocka_unit_test(moving_all_moves_the_extremes),
		cmocka_unit_test(merging_is_associative),
		cmocka_unit_test(merging_an_empty_one_changes_nothing),
		cmocka_unit_test(subtracting_leaves_the_rest),
		cmocka_unit_test(subtracting_all_leaves_an_empty_one),
		cmocka_unit_test(subtracting_leaves_what_was_moved_since),
		cmocka_unit_test(dirty_pages_are_all_that_changed),
		cmocka_unit_test(walking_meets_every_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
