#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metric/report_datagrams.h"

/* Of one flow: 10 lost from 100 on, 2 from 500 on. */
static struct bursts two_bursts(void)
{
	struct bursts bursts = { 0 };

	bursts_lost(&bursts, 100, 10);
	bursts_end(&bursts);
	bursts_lost(&bursts, 500, 2);
	bursts_end(&bursts);
	return bursts;
}

static void losses_are_parted_and_timed(void **state)
{
	struct bursts bursts = two_bursts();
	struct datagram_losses losses = {
		.counted_by = "receiver",
		.sent = 1000,
		.unique = 988,
		.bursts = &bursts,
		.interval_ns = 1000,
		.has_overflows = true,
		.overflows = 9,
	};
	struct report_datagrams told = report_datagrams_of(&losses);

	assert_true(told.is_measured);
	assert_string_equal(told.counted_by, "receiver");
	assert_int_equal(told.lost, 12);
	assert_int_equal(told.bursts, 2);
	assert_int_equal(told.longest_burst, 10);
	assert_int_equal(told.longest_burst_ns, 10000);
	assert_int_equal(told.median_burst, 2);
	assert_int_equal(told.first_lost_ns, 100000);
	assert_int_equal(told.last_lost_ns, 501000);
	assert_int_equal(told.receiver_overflows, 9);
	assert_int_equal(told.network_lost, 3);
	assert_true(told.has_network_lost);
	losses.overflows = 0;
	losses.merged = 5;
	told = report_datagrams_of(&losses);
	assert_true(told.has_network_lost);
	assert_int_equal(told.network_lost, 12);
}

/* A socket may also have dropped what belongs to others. */
static void no_more_is_lost_at_the_host_than_is_lost(void **state)
{
	struct bursts bursts = two_bursts();
	struct datagram_losses losses = {
		.sent = 1000,
		.unique = 988,
		.bursts = &bursts,
		.has_overflows = true,
		.overflows = 13,
	};
	struct report_datagrams told = report_datagrams_of(&losses);

	assert_int_equal(told.receiver_overflows, 12);
	assert_int_equal(told.network_lost, 0);
	losses.merged = 5;
	told = report_datagrams_of(&losses);
	assert_true(told.has_overflows);
	assert_false(told.has_network_lost);
	losses.has_overflows = false;
	told = report_datagrams_of(&losses);
	assert_false(told.has_overflows);
	assert_int_equal(told.receiver_overflows + told.network_lost, 0);
}

static void at_a_rate_that_changes_no_time_is_told(void **state)
{
	struct bursts bursts = two_bursts();
	struct report_datagrams told = report_datagrams_of(
		&(struct datagram_losses){ .sent = 1000, .unique = 988, .bursts = &bursts });

	assert_int_equal(told.longest_burst, 10);
	assert_int_equal(told.longest_burst_ns, 0);
	assert_true(told.first_lost_ns == INT64_MIN && told.last_lost_ns == INT64_MIN);
}

static void without_losses_there_are_no_moments(void **state)
{
	struct bursts bursts = { 0 };
	struct datagram_losses losses = { .sent = 5, .unique = 6, .bursts = &bursts };
	struct report_datagrams told = report_datagrams_of(&losses);

	assert_int_equal(told.lost, 0);
	assert_true(told.first_lost_ns == INT64_MIN);
	assert_true(told.last_lost_ns == INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_are_parted_and_timed),
		cmocka_unit_test(no_more_is_lost_at_the_host_than_is_lost),
		cmocka_unit_test(at_a_rate_that_changes_no_time_is_told),
		cmocka_unit_test(without_losses_there_are_no_moments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
