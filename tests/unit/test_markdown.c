/* -o md against golden files, and that nothing in it is
 * somebody else's markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/golden.h"
#include "support/sample_report.h"
#include "view/markdown.h"

static struct buffer written(struct report *report)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	markdown_write(report, &out);
	assert_int_equal(out.error, 0);
	report_free(report);
	return out;
}

static void check(struct report *report, const char *golden)
{
	struct buffer out = written(report);
	golden_check(golden, &out);
	buffer_deinit(&out);
}

static void whole_comments(void **state)
{
	check(sample_expectations_failed(), "expectations_failed.md");
	check(sample_all_well(), "all_well.md");
	check(sample_requests(), "requests.md");
	check(sample_datagrams(), "datagrams.md");
	check(sample_nothing(), "nothing.md");
	check(sample_served(), "served.md");
}

static void markup_from_elsewhere_is_text(void **state)
{
	struct report *report = sample_failover();
	report->streams[0].backends[0].name = "a|b <img> @team #12 *x* `y` [z](u) _w_ \xff\n&amp;";
	struct buffer out = written(report);
	assert_non_null(strstr(buffer_text(&out),
			       "| a\\|b \\<img\\> @&#8203;team #&#8203;12 \\*x\\* \\`y\\` "
			       "\\[z\\](u) \\_w\\_ \xef\xbf\xbd?&amp;amp; | 50 |"));
	buffer_deinit(&out);
}

/* Every table stands between empty lines and its rows have as many cells. */
static void tables_are_whole(void **state)
{
	struct buffer out = written(sample_expectations_failed());
	unsigned bars = 0;
	for (const char *line = buffer_text(&out); *line; line = strchr(line, '\n') + 1) {
		unsigned count = 0;
		for (const char *place = line; *place != '\n'; place++)
			count += *place == '|' && (place == line || place[-1] != '\\');
		assert_true(count == bars || bars == 0 || *line == '\n');
		assert_true(count == 0 || *line == '|');
		bars = count;
	}
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_comments),
		cmocka_unit_test(markup_from_elsewhere_is_text),
		cmocka_unit_test(tables_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
