// The text report, whole, against tests/golden/*.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/golden.h"
#include "support/sample_report.h"
#include "view/text.h"

static const struct text_style plain = { .is_utf8 = true };

static void check(struct report *report, const struct text_style *style, const char *golden)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	text_write(report, style, &out);
	golden_check(golden, &out);
	buffer_deinit(&out);
	report_free(report);
}

static void whole_reports(void **state)
{
	check(sample_failover(), &plain, "failover.txt");
	check(sample_datagrams(), &plain, "datagrams.txt");
	check(sample_nothing(), &plain, "nothing.txt");
	check(sample_served(), &plain, "served.txt");
	check(sample_interrupted(), &plain, "interrupted.txt");
	check(sample_expectations_failed(), &plain, "expectations_failed.txt");
	check(sample_all_well(), &plain, "all_well.txt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_reports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
