// report show --table: ctraffic's tables are its very bytes, ours are golden.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/data.h"
#include "support/golden.h"
#include "support/sample_report.h"
#include "view/ctraffic.h"
#include "view/report_table.h"

static const struct text_style style = { .is_utf8 = true };

static void ctraffic_prints_the_same(void **state)
{
	static const char *const tables[] = { "throughput", "connections", "hosts" };
	struct report *report = data_report("ctraffic-server-killed.json");
	for (size_t i = 0; i < array_size(tables); i++) {
		char name[128];
		struct buffer out;
		struct error error = { "" };
		(void)snprintf(name, sizeof(name), "ctraffic-server-killed.%s.txt", tables[i]);
		struct buffer wanted = data_text(name);
		buffer_init(&out, 1 << 20);
		assert_int_equal(report_table_write(report, tables[i], &style, &out, &error), 0);
		assert_string_equal(buffer_text(&out), buffer_text(&wanted));
		buffer_deinit(&out);
		buffer_deinit(&wanted);
	}
	report_free(report);
}

static void ctraffic_writes_the_same(void **state)
{
	static const char *const names[] = { "ctraffic-server-killed.json", "ctraffic-udp.json" };
	for (size_t i = 0; i < array_size(names); i++) {
		struct report *report = data_report(names[i]);
		struct buffer wanted = data_text(names[i]);
		struct buffer out;
		buffer_init(&out, 1 << 20);
		ctraffic_write(report, &out);
		assert_string_equal(buffer_text(&out), buffer_text(&wanted));
		buffer_deinit(&out);
		buffer_deinit(&wanted);
		report_free(report);
	}
}

static void ours(void **state)
{
	static const char *const tables[] = { "throughput",    "connections", "hosts",
					      "interruptions", "survival",    "errors" };
	struct report *report = sample_failover();
	struct buffer out;
	buffer_init(&out, 1 << 20);
	for (size_t i = 0; i < array_size(tables); i++) {
		struct error error = { "" };
		buffer_append_format(&out, "%s# %s\n", i > 0 ? "\n" : "", tables[i]);
		assert_int_equal(report_table_write(report, tables[i], &style, &out, &error), 0);
	}
	golden_check("tables.txt", &out);
	buffer_deinit(&out);
	report_free(report);
}

static void what_is_not_there_is_said(void **state)
{
	static const struct {
		const char *name;
		const char *table;
		const char *sentence;
	} cases[] = {
		{ "ctraffic-summary.json", "throughput",
		  "it has no samples (ctraffic writes them with -stats all)" },
		{ "ctraffic-summary.json", "survival",
		  "no survival: it has no persistent connections" },
		{ "ctraffic-udp.json", "interruptions", "no interruptions: ctraffic counts none" },
		{ "iperf3-tcp.json", "interruptions",
		  "no interruptions: it has no persistent connections" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = data_report(cases[i].name);
		struct buffer out;
		struct error error = { "" };
		buffer_init(&out, 1 << 20);
		assert_int_equal(report_table_write(report, cases[i].table, &style, &out, &error),
				 -ENODATA);
		assert_string_equal(error.text, cases[i].sentence);
		buffer_deinit(&out);
		report_free(report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ctraffic_prints_the_same),
		cmocka_unit_test(ctraffic_writes_the_same),
		cmocka_unit_test(ours),
		cmocka_unit_test(what_is_not_there_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
