// Where moments and milliseconds stand in a picture.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/sample_report.h"
#include "view/plot/axis.h"

#define S(n) ((int64_t)((n)*1e9))

static void near(double value, double wanted, double tolerance)
{
	if (!(value >= wanted - tolerance && value <= wanted + tolerance))
		fail_msg("%g is not %g", value, wanted);
}

/* A run of this length in which one client was interrupted from 1,000.0 to 1,000.7 s. */
static struct report *long_run(double seconds)
{
	struct report *report = sample_all_well();
	struct report_intervals *interruptions = &report->streams[0].interruptions;
	interruptions->list = arena_take_array(&report->arena, 1, sizeof(*interruptions->list));
	interruptions->list_count = 1;
	interruptions->list[0] =
		(struct report_interval){ .start_ns = S(1000), .end_ns = S(1000.7) };
	report->duration_ns = (uint64_t)S(seconds);
	return report;
}

static void short_runs_are_even(void **state)
{
	struct report *report = sample_failover();
	struct time_axis axis;
	time_axis_init(&axis, report, 100, 1100);
	assert_false(time_axis_is_compressed(&axis));
	near(time_axis_x(&axis, 0), 100, 0.001);
	near(time_axis_x(&axis, S(5)), 600, 0.001);
	near(time_axis_x(&axis, S(10)), 1100, 0.001);
	report_free(report);
}

static void moments_outside_stand_at_the_edges(void **state)
{
	struct report *report = sample_failover();
	struct time_axis axis;
	time_axis_init(&axis, report, 100, 1100);
	near(time_axis_x(&axis, -S(1)), 100, 0.001);
	near(time_axis_x(&axis, INT64_MAX / 4), 1100, 0.001);
	near(time_axis_x(&axis, INT64_MIN / 4), 100, 0.001);
	report_free(report);
}

static void quiet_time_of_long_runs_is_compressed(void **state)
{
	struct report *report = long_run(172800);
	struct time_axis axis;
	time_axis_init(&axis, report, 100, 1100);
	assert_int_equal(axis.count, 3);
	assert_true(axis.segments[0].is_quiet && axis.segments[2].is_quiet);
	assert_false(axis.segments[1].is_quiet);
	assert_in_range(axis.segments[1].from_ns, S(980), S(1000));
	assert_in_range(axis.segments[1].to_ns, S(1000.7), S(1020));
	assert_true(axis.segments[1].right - axis.segments[1].left > 600);
	near(axis.segments[2].right, 1100, 0.001);
	report_free(report);
}

/* Later is never further left, and segments meet. */
static void time_goes_to_the_right(void **state)
{
	struct report *report = long_run(172800);
	struct time_axis axis;
	time_axis_init(&axis, report, 100, 1100);
	double before = 100;
	for (int64_t at_ns = 0; at_ns <= S(172800); at_ns += S(0.9)) {
		double x = time_axis_x(&axis, at_ns);
		assert_true(x >= before && x <= 1100);
		before = x;
	}
	for (unsigned i = 1; i < axis.count; i++)
		near(axis.segments[i].left, axis.segments[i - 1].right, 1e-9);
	report_free(report);
}

static void many_incidents_are_joined(void **state)
{
	struct report *report = long_run(864000);
	struct report_intervals *interruptions = &report->streams[0].interruptions;
	struct span spans[INCIDENTS_MAX];
	interruptions->list = arena_take_array(&report->arena, 5000, sizeof(*interruptions->list));
	interruptions->list_count = 5000;
	for (uint32_t i = 0; i < 5000; i++)
		interruptions->list[i] =
			(struct report_interval){ .start_ns = S(1000 + 0.1 * i + i % 9 * 90000),
						  .end_ns = S(1001 + 0.1 * i + i % 9 * 90000) };
	unsigned count = incidents_find(report, spans);
	assert_in_range(count, 1, INCIDENTS_MAX);
	for (unsigned i = 1; i < count; i++)
		assert_true(spans[i - 1].to_ns < spans[i].from_ns);
	report_free(report);
}

static void nothing_happened_nowhere(void **state)
{
	struct report *report = sample_all_well();
	struct span spans[INCIDENTS_MAX];
	assert_int_equal(incidents_find(report, spans), 0);
	report_free(report);
}

/* Ticks are at round moments of the day, and a label tells no more than its step needs. */
static void ticks_are_round(void **state)
{
	static const struct {
		double seconds;
		double step_seconds;
		const char *first;
	} cases[] = {
		{ 0.05, 0.005, "07:11:21.000" }, { 2, 0.2, "07:11:21.0" },
		{ 10, 1, "07:11:21" },           { 60, 5, "07:11:25" },
		{ 3600, 300, "07:15" },          { 172800, 21600, "12:00" },
		{ 864000, 86400, "11-21" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = sample_all_well();
		struct time_axis axis;
		char text[TIME_TEXT_MAX];
		report->duration_ns = (uint64_t)S(cases[i].seconds);
		time_axis_init(&axis, report, 100, 1100);
		struct time_ticks ticks = time_axis_ticks(&axis, &axis.segments[0]);
		assert_int_equal(ticks.step_ns, S(cases[i].step_seconds));
		assert_string_equal(time_axis_text(&axis, ticks.first_ns, ticks.step_ns, text),
				    cases[i].first);
		report_free(report);
	}
}

static void any_length_has_an_axis(void **state)
{
	static const uint64_t lengths_ns[] = { 0, 1, 1000, UINT64_C(1) << 62 };
	for (size_t i = 0; i < array_size(lengths_ns); i++) {
		struct report *report = sample_all_well();
		struct time_axis axis;
		report->duration_ns = lengths_ns[i];
		time_axis_init(&axis, report, 100, 1100);
		near(time_axis_x(&axis, time_axis_end(&axis)), 1100, 0.001);
		report_free(report);
	}
}

static void milliseconds_stand_in_decades(void **state)
{
	struct log_axis axis;
	log_axis_init(&axis, NS_PER_MS, 1000 * NS_PER_MS);
	axis.top = 0;
	axis.bottom = 340;
	near(log_axis_y(&axis, NS_PER_MS) - log_axis_y(&axis, 10 * NS_PER_MS), 100, 0.5);
	near(log_axis_y(&axis, 0), 340, 0.001);
	near(log_axis_y(&axis, UINT64_MAX), 0, 0.001);
	log_axis_init(&axis, 5, 5);
	assert_true(axis.high - axis.low >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_runs_are_even),
		cmocka_unit_test(moments_outside_stand_at_the_edges),
		cmocka_unit_test(quiet_time_of_long_runs_is_compressed),
		cmocka_unit_test(time_goes_to_the_right),
		cmocka_unit_test(many_incidents_are_joined),
		cmocka_unit_test(nothing_happened_nowhere),
		cmocka_unit_test(ticks_are_round),
		cmocka_unit_test(any_length_has_an_axis),
		cmocka_unit_test(milliseconds_stand_in_decades),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
