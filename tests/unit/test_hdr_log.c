/* -o hdr against a golden file; tests/cli/hdr_log.sh has another implementation read one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/golden.h"
#include "support/sample_report.h"
#include "view/hdr_log.h"

static struct buffer written(struct report *report)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	hdr_log_write(report, &out);
	assert_int_equal(out.error, 0);
	report_free(report);
	return out;
}

static void the_whole_log(void **state)
{
	struct buffer out = written(sample_failover());
	golden_check("failover.hlog", &out);
	buffer_deinit(&out);
}

static void nothing_answered_is_a_log_without_lines(void **state)
{
	struct buffer out = written(sample_nothing());
	assert_null(strstr(buffer_text(&out), "Tag="));
	assert_non_null(strstr(buffer_text(&out), "\"Interval_Compressed_Histogram\"\n"));
	buffer_deinit(&out);
}

/* A tag has no comma, blank or newline, whatever report was read. */
static void a_foreign_name_breaks_no_line(void **state)
{
	struct report *report = sample_failover();
	report->streams[0].name = "a,b c\nd";
	struct buffer out = written(report);
	assert_non_null(strstr(buffer_text(&out), "\nTag=a_b_c_d.response,0.000,10.000,"));
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_log),
		cmocka_unit_test(nothing_answered_is_a_log_without_lines),
		cmocka_unit_test(a_foreign_name_breaks_no_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
