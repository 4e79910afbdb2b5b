#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "metric/report.h"
#include "support/sample_report.h"

static void is_empty_when_new(void **state)
{
	struct report *report = NULL;
	assert_int_equal(report_new(&report), 0);
	assert_int_equal(report->stream_count, 0);
	assert_null(report_stream(report, "persistent"));
	report_free(report);
	report_free(NULL);
}

static void finds_streams_by_name(void **state)
{
	struct report *report = sample_failover();
	assert_ptr_equal(report_stream(report, "persistent"), &report->streams[0]);
	assert_ptr_equal(report_stream(report, "path"), &report->streams[2]);
	assert_null(report_stream(report, "served"));
	report_free(report);
}

static void knows_if_backends_have_names(void **state)
{
	struct report *report = sample_failover();
	assert_true(report_has_backend_names(&report->streams[0]));
	assert_false(report_has_backend_names(&report->streams[1]));
	for (uint32_t i = 0; i < 4; i++)
		report->streams[0].backends[i].name = NULL;
	assert_false(report_has_backend_names(&report->streams[0]));
	report_free(report);
}

/* In a closed loop what comes after -T is not of its rate. */
static void knows_what_a_rate_counts(void **state)
{
	struct report_stream stream = { .totals.received = 47, .totals.received_after = 7 };
	assert_int_equal(report_answered(&stream), 40);
	stream.schedule.is_open_loop = true;
	assert_int_equal(report_answered(&stream), 47);
}

/* The list moves as it grows, and what is in it goes with it. */
static void has_as_many_streams_as_are_added(void **state)
{
	struct report *report = NULL;
	char name[16];
	assert_int_equal(report_new(&report), 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct report_stream *stream = report_add_stream(report);
		assert_null(stream->name);
		stream->name = arena_format(&report->arena, "ping%u", i);
		stream->totals.sent = i;
	}
	assert_int_equal(report->stream_count, 1000);
	for (unsigned i = 0; i < 1000; i += 37) {
		(void)snprintf(name, sizeof(name), "ping%u", i);
		assert_int_equal(report_stream(report, name)->totals.sent, i);
	}
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_empty_when_new),
		cmocka_unit_test(finds_streams_by_name),
		cmocka_unit_test(knows_if_backends_have_names),
		cmocka_unit_test(knows_what_a_rate_counts),
		cmocka_unit_test(has_as_many_streams_as_are_added),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
