/* -o junit against golden files; tests/cli/junit.sh has XML parsers read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/golden.h"
#include "support/sample_report.h"
#include "view/junit.h"

static void check(struct report *report, const char *golden)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	junit_write(report, &out);
	golden_check(golden, &out);
	buffer_deinit(&out);
	report_free(report);
}

static void whole_files(void **state)
{
	check(sample_expectations_failed(), "expectations_failed.junit.xml");
	check(sample_all_well(), "all_well.junit.xml");
	check(sample_websockets(), "websockets.junit.xml");
	check(sample_nothing(), "nothing.junit.xml");
}

static void markup_from_elsewhere_is_text(void **state)
{
	struct report *report = sample_all_well();
	report->target = "tcp://\"<x>&'\xff\x1b";
	report->result = "]]></system-out><boom/>";
	report->expectations[0].text = "a < \"b\"\n& c";
	report->expectations[0].is_held = false;
	check(report, "markup.junit.xml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files),
		cmocka_unit_test(markup_from_elsewhere_is_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
