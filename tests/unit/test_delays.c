#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/delays.h"

static struct hist *new_hist(void)
{
	struct hist_range range = { 60000000000, 2 };
	struct hist *hist = calloc(1, hist_size(range));
	assert_non_null(hist);
	hist_init(hist, range);
	return hist;
}

/* Whatever the two clocks say, also where their difference wraps. */
static void only_differences_of_delays_count(void **state)
{
	static const struct {
		uint64_t arrived_ns;
		uint64_t sent_ns;
	} clocks[] = {
		{ 1000, 0 },
		{ 0, UINT64_C(1) << 40 },
		{ UINT64_MAX - 5, 3 },
		{ UINT64_C(1) << 62, 7 },
	};

	for (size_t i = 0; i < array_size(clocks); i++) {
		struct hist *hist = new_hist();
		struct delays delays;
		delays_init(&delays, hist);
		for (uint64_t j = 0; j < 40; j++) {
			uint64_t extra_ns = j == 17 ? 100 : j == 30 ? 0 : 20;
			delays_add(&delays, clocks[i].arrived_ns + 50 * j + extra_ns,
				   clocks[i].sent_ns + 50 * j);
		}
		assert_int_equal(hist->count, 0); /* held */
		delays_settle(&delays);
		assert_int_equal(hist->count, 40);
		assert_int_equal(hist->minimum, 0);
		assert_int_equal(hist->maximum, 100);
		assert_int_equal(hist_percentile(hist, 50), 20);
		free(hist);
	}
}

static void the_least_is_that_of_the_first_64_or_of_all_before(void **state)
{
	struct hist *hist = new_hist();
	struct delays delays;

	delays_init(&delays, hist);
	for (uint64_t i = 0; i < DELAYS_HELD; i++)
		delays_add(&delays, 1000 + (i < 63 ? 100 : 40), 1000);
	assert_int_equal(hist->count, DELAYS_HELD);
	assert_int_equal(hist->maximum, 60);
	assert_int_equal(hist_percentile(hist, 50), 60);
	delays_add(&delays, 2030, 2000);
	assert_int_equal(delays.least_ns, 30);
	assert_int_equal(hist->count, DELAYS_HELD + 1);
	delays_add(&delays, 3100, 3000);
	assert_int_equal(hist->maximum, 70);
	free(hist);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_differences_of_delays_count),
		cmocka_unit_test(the_least_is_that_of_the_first_64_or_of_all_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
