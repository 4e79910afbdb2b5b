/* The three tables against golden files, and what a cell must not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/golden.h"
#include "support/sample_report.h"
#include "view/csv.h"

typedef void write_csv(const struct report *report, struct buffer *out);

static struct buffer written(write_csv *write, struct report *report)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	write(report, &out);
	assert_int_equal(out.error, 0);
	report_free(report);
	return out;
}

static void whole_tables(void **state)
{
	static const struct {
		write_csv *write;
		struct report *(*sample)(void);
		const char *golden;
	} cases[] = {
		{ csv_write_samples, sample_failover, "failover_samples.csv" },
		{ csv_write_connections, sample_failover, "failover_connections.csv" },
		{ csv_write_figures, sample_failover, "failover_figures.csv" },
		{ csv_write_figures, sample_datagrams, "datagrams_figures.csv" },
		{ csv_write_figures, sample_nothing, "nothing_figures.csv" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct buffer out = written(cases[i].write, cases[i].sample());
		golden_check(cases[i].golden, &out);
		buffer_deinit(&out);
	}
}

static unsigned commas(const char *line)
{
	unsigned count = 0;
	for (; *line && *line != '\n'; line++)
		count += *line == ',';
	return count;
}

static void rows_have_the_columns_of_the_head(void **state)
{
	static write_csv *const writers[] = { csv_write_samples, csv_write_connections,
					      csv_write_figures };
	for (size_t i = 0; i < array_size(writers); i++) {
		struct buffer out = written(writers[i], sample_failover());
		const char *line = buffer_text(&out);
		unsigned columns = commas(line);
		while ((line = strchr(line, '\n') + 1) && *line)
			assert_int_equal(commas(line), columns);
		buffer_deinit(&out);
	}
}

static void names_are_quoted_and_never_run(void **state)
{
	static const struct {
		const char *name;
		const char *cell;
	} cases[] = {
		{ "web-1", ",web-1," },
		{ "a,b", ",\"a,b\"," },
		{ "say \"hi\"", ",\"say \"\"hi\"\"\"," },
		{ "two\nlines", ",\"two\nlines\"," },
		{ "=1+1", ",'=1+1," },
		{ "@SUM(a,b)", ",\"'@SUM(a,b)\"," },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = sample_failover();
		report->connections[0].backend = cases[i].name;
		struct buffer out = written(csv_write_connections, report);
		if (!strstr(buffer_text(&out), cases[i].cell))
			fail_msg("%s is not in %s", cases[i].cell, buffer_text(&out));
		buffer_deinit(&out);
	}
}

static void what_was_not_measured_is_empty(void **state)
{
	struct buffer out = written(csv_write_connections, sample_failover());
	assert_non_null(strstr(buffer_text(&out), ",4593000000,,4594000000,refused,0,0,0,0,\n"));
	buffer_deinit(&out);
}

static void help_names_the_columns(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 16);
	csv_help(&out);
	assert_non_null(strstr(buffer_text(&out), "\n  time,stream,at_ns,scheduled,sent,"));
	assert_non_null(strstr(buffer_text(&out), "\n  time,id,slot,stream,local,"));
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_tables),
		cmocka_unit_test(rows_have_the_columns_of_the_head),
		cmocka_unit_test(names_are_quoted_and_never_run),
		cmocka_unit_test(what_was_not_measured_is_empty),
		cmocka_unit_test(help_names_the_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
