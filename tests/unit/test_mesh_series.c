/* What a mesh counts of its probes: buckets, sums, windows, and its log of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/mesh_events.h"
#include "metric/mesh_pair.h"
#include "metric/mesh_verdict.h"

#define US UINT64_C(1000)

static void times_fall_into_the_bucket_that_bounds_them(void **state)
{
	static const uint64_t times[] = {
		0, 1, 50 * US, 50 * US + 1, 100 * US, 100 * US + 1, 26214400 * US, UINT64_MAX
	};
	for (size_t i = 0; i < array_size(times); i++) {
		unsigned bucket = mesh_spread_bucket(times[i]);
		assert_true(times[i] <= mesh_spread_bound(bucket));
		if (bucket > 0)
			assert_true(times[i] > mesh_spread_bound(bucket - 1));
	}
	assert_int_equal(mesh_spread_bucket(UINT64_MAX), MESH_SPREAD_BUCKETS - 1);
}

static void what_was_sent_is_received_lost_or_on_its_way(void **state)
{
	struct mesh_series series = { 0 };
	struct mesh_window_series window = { 0 };

	for (int i = 0; i < 5; i++)
		mesh_series_sent(&series);
	mesh_series_received(&series, &window, 60 * US);
	mesh_series_received(&series, &window, 40 * US);
	mesh_series_received(&series, &window, 900 * US);
	mesh_series_lost(&series, &window, MESH_REASON_REFUSED);
	assert_int_equal(series.sent, series.received + series.lost + series.in_flight);
	assert_int_equal(series.in_flight, 1);
	assert_int_equal(series.failures[MESH_REASON_REFUSED], 1);
	assert_int_equal(mesh_spread_count(&series.rtt), 3);
	assert_int_equal(series.rtt.sum_ns, 1000 * US);
	assert_int_equal(window.rtt_min_ns, 40 * US);
	assert_int_equal(window.rtt_max_ns, 900 * US);
	assert_int_equal(window.reasons, 1u << MESH_REASON_REFUSED);
	/* The one between 50 and 100 us. */
	assert_int_equal(mesh_window_median(&window), 75 * US);
}

static struct mesh_window_series window_of(const uint64_t *times_us, size_t count)
{
	struct mesh_series series = { 0 };
	struct mesh_window_series window = { 0 };

	for (size_t i = 0; i < count; i++) {
		mesh_series_sent(&series);
		mesh_series_received(&series, &window, times_us[i] * US);
	}
	return window;
}

static void a_median_lies_in_the_bucket_of_its_own(void **state)
{
	static const struct {
		uint64_t times_us[6];
		size_t count;
		uint64_t median_us;
	} cases[] = {
		{ { 0 }, 0, 0 },
		{ { 250, 260, 390 }, 3, 300 },              /* one bucket: the mean */
		{ { 210, 230, 250, 390, 900 }, 5, 328 },    /* 200 to 400, from 210 on */
		{ { 30, 30, 30, 110, 110, 110 }, 6, 50 },   /* between two of them */
		{ { 90, 210, 230, 250, 390 }, 5, 271 },     /* up to 390 */
		{ { 10, 27000000, 28000000 }, 3, 26660800 } /* the last has no bound */
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct mesh_window_series window = window_of(cases[i].times_us, cases[i].count);
		uint64_t median_us = mesh_window_median(&window) / US;
		if (median_us != cases[i].median_us)
			fail_msg("case %zu: %llu us", i, (unsigned long long)median_us);
	}
}

static void a_median_is_never_above_the_maximum(void **state)
{
	struct mesh_series series = { 0 };
	struct mesh_window_series window = { 0 };

	assert_int_equal(mesh_window_median(&window), 0);
	mesh_series_sent(&series);
	mesh_series_received(&series, &window, 52 * US);
	assert_int_equal(mesh_window_median(&window), 52 * US);
}

static void a_window_closes_whole(void **state)
{
	struct mesh_pair pair = { .window.number = 4, .window.connects = 7 };

	mesh_pair_turn(&pair, 5);
	assert_int_equal(pair.closed.number, 4);
	assert_int_equal(pair.closed.connects, 7);
	assert_int_equal(pair.window.number, 5);
	assert_int_equal(pair.window.connects, 0);
}

static void every_failure_has_a_reason(void **state)
{
	assert_string_equal(mesh_reason_name(mesh_reason_of(OUTCOME_UNTRUSTED)), "tls_error");
	for (enum outcome i = 0; i < OUTCOME_COUNT; i++) {
		if (outcome_is_failure(i))
			assert_true(mesh_reason_of(i) < MESH_REASONS);
		if (outcome_is_failure(i) && i != OUTCOME_NOT_RESOLVED)
			assert_int_not_equal(mesh_reason_of(i), MESH_REASON_RESOLVE_ERROR);
	}
}

static void words_are_found_again(void **state)
{
	for (enum mesh_verdict i = 0; i < MESH_VERDICTS; i++)
		assert_int_equal(mesh_verdict_find(mesh_verdict_name(i)), i);
	for (enum mesh_blame i = 0; i < MESH_BLAMES; i++)
		assert_int_equal(mesh_blame_find(mesh_blame_name(i)), i);
	assert_int_equal(mesh_verdict_find("fine"), MESH_VERDICTS);
}

static void events_are_numbered_and_the_oldest_go(void **state)
{
	struct mesh_events *events = NULL;

	assert_int_equal(mesh_events_new(&events), 0);
	assert_int_equal(mesh_events_newest(events), 0);
	assert_null(mesh_events_at(events, 1));
	mesh_events_set_time(events, 17, 1700);
	for (int i = 1; i <= MESH_EVENTS_MAX + 3; i++)
		mesh_events_note(events, MESH_EVENT_MARK, "", "the %dth", i);
	assert_int_equal(mesh_events_newest(events), MESH_EVENTS_MAX + 3);
	assert_int_equal(mesh_events_oldest(events), 4);
	assert_null(mesh_events_at(events, 3));
	assert_null(mesh_events_at(events, MESH_EVENTS_MAX + 4));
	assert_string_equal(mesh_events_at(events, 4)->text, "the 4th");
	assert_int_equal(mesh_events_at(events, 4)->unix_ns, 1700);
	mesh_events_free(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_fall_into_the_bucket_that_bounds_them),
		cmocka_unit_test(what_was_sent_is_received_lost_or_on_its_way),
		cmocka_unit_test(a_median_lies_in_the_bucket_of_its_own),
		cmocka_unit_test(a_median_is_never_above_the_maximum),
		cmocka_unit_test(a_window_closes_whole),
		cmocka_unit_test(every_failure_has_a_reason),
		cmocka_unit_test(words_are_found_again),
		cmocka_unit_test(events_are_numbered_and_the_oldest_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
