// What people and other programs read of ping: text, lines, the table of perftest, JSON, against
// tests/golden.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/report_read.h"
#include "metric/report_write.h"
#include "support/golden.h"
#include "support/sample_parts.h"
#include "support/sample_ping.h"
#include "view/csv.h"
#include "view/ping_lines.h"
#include "view/ping_one_way.h"
#include "view/ping_table.h"
#include "view/ping_text.h"
#include "view/ping_tsv.h"
#include "view/text.h"

static const struct text_style plain = { .is_utf8 = true };

static void check(struct report *report, const char *golden,
		  void (*write)(const struct report *report, struct buffer *out))
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	write(report, &out);
	golden_check(golden, &out);
	buffer_deinit(&out);
	report_free(report);
}

static void as_text(const struct report *report, struct buffer *out)
{
	text_write(report, &plain, out);
}

static void whole_reports(void **state)
{
	check(sample_ping(), "ping.txt", as_text);
	check(sample_ping_many(), "ping_many.txt", as_text);
	check(sample_ping_datagrams(), "ping_datagrams.txt", as_text);
	check(sample_ping_waited(), "ping_waited.txt", as_text);
	check(sample_ping_nothing(), "ping_nothing.txt", as_text);
}

static void other_formats(void **state)
{
	check(sample_ping_many(), "ping_many.tsv", ping_tsv_write);
	check(sample_ping(), "ping.tsv", ping_tsv_write);
	check(sample_ping_many(), "ping_many.json", report_write);
	check(sample_ping_many(), "ping_many_samples.csv", csv_write_samples);
}

static void what_is_printed_before_the_end_is_the_rest(void **state)
{
	struct text_style begun = { .is_utf8 = true, .part = TEXT_END };
	struct report *report = sample_ping();
	struct buffer whole, end;
	buffer_init(&whole, 1 << 16);
	buffer_init(&end, 1 << 16);
	text_write(report, &plain, &whole);
	text_write(report, &begun, &end);
	assert_true(end.size > 0 && end.size < whole.size);
	assert_string_equal(buffer_text(&whole) + whole.size - end.size, buffer_text(&end));
	buffer_deinit(&whole);
	buffer_deinit(&end);
	report_free(report);
}

static void what_is_written_is_read(void **state)
{
	struct report *report = sample_ping_many();
	struct report *again = NULL;
	struct error error = { "" };
	struct buffer first, second;
	buffer_init(&first, 1 << 20);
	buffer_init(&second, 1 << 20);
	report_write(report, &first);
	if (report_read(buffer_text(&first), first.size, &error, &again) < 0)
		fail_msg("%s", error.text);
	report_write(again, &second);
	assert_string_equal(buffer_text(&second), buffer_text(&first));
	report_free(report);
	report_free(again);
	buffer_deinit(&first);
	buffer_deinit(&second);
}

/* Whatever the numbers, those of a line add up to its total. */
static void phases_add_up(void **state)
{
	for (unsigned i = 0; i < 500; i++) {
		double third = 0.001 * (double)i + 0.0033;
		struct sample_probe probe = {
			.phases_ms = { third, third / 3, third * 2, 0.0049, 0.0051, third / 7 },
			.outcome = OUTCOME_DONE,
			.status = 200,
		};
		struct ping_layout layout = { .phases = (1u << PROBE_PHASES) - 1,
					      .number_width = 3 };
		struct probe_result result = sample_probe_result(1, &probe);
		struct report_probe row;
		struct buffer line;
		buffer_init(&line, 4096);
		report_probe_of(&result, result.due_ns, &row);
		ping_line(&layout, &plain, "", &row, &line);
		char *at = NULL;
		assert_int_equal(strtoul(buffer_text(&line), &at, 10), 1);
		double total = strtod(at, &at);
		for (unsigned k = 0; k < PROBE_PHASES; k++)
			total -= strtod(at, &at);
		assert_memory_equal(at, "   200", 6);
		assert_true(total < 1e-6 && total > -1e-6);
		buffer_deinit(&line);
	}
}

/* Of the listed ones that know it, and no failed one. */
static void each_way_has_its_middle(void **state)
{
	static const struct {
		uint64_t error_ns;
		const char *line;
		const char *all;
	} cases[] = {
		{ 0, "", "" },
		{ 20000, "   there -0.50, back 0.70, ±0.02",
		  "there 0.50, back 1.70 ms in the middle, ±0.02" },
		{ 16 * NS_PER_S, "   there -0.50, back 0.70, by clocks that nothing sets",
		  "there 0.50, back 1.70 ms in the middle, by clocks that nothing sets" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report_probe probes[4] = { { .forward_ns = -500000, .backward_ns = 700000 },
						  { .forward_ns = 90000000,
						    .backward_ns = 5000000 },
						  { .forward_ns = 500000, .backward_ns = 1700000 },
						  { .forward_ns = INT64_MIN } };
		struct report_stream stream = { .ping = { .probes = probes, .probe_count = 4 } };
		struct buffer line, all;
		for (size_t k = 0; k < array_size(probes); k++)
			probes[k].clock_error_ns = cases[i].error_ns;
		buffer_init(&line, 4096);
		buffer_init(&all, 4096);
		ping_one_way(&probes[0], &line);
		ping_one_way(&probes[3], &line);
		ping_one_way_of_all(&stream, &all);
		assert_string_equal(buffer_text(&line), cases[i].line);
		assert_string_equal(buffer_text(&all), cases[i].all);
		buffer_deinit(&line);
		buffer_deinit(&all);
	}
}

/* Of the phase where it failed, and by the peer's own word where there is one. */
static void nothing_answered_has_a_likely_cause(void **state)
{
	static const struct {
		enum outcome outcome;
		enum phase phase;
		bool is_datagram;
		const char *why;
		const char *part;
	} cases[] = {
		{ OUTCOME_REFUSED, PHASE_CONNECT, false, NULL, "(10.9.1.3:22 has no listener" },
		{ OUTCOME_TIMED_OUT, PHASE_TLS, false, NULL, "doesn't answer a TLS handshake)" },
		{ OUTCOME_TIMED_OUT, PHASE_TRANSFER, false, NULL, "(10.9.1.3:22 began to answer" },
		{ OUTCOME_NO_REPLY, PHASE_WAIT, false, NULL, "connections but doesn't answer)" },
		{ OUTCOME_NO_REPLY, PHASE_WAIT, true, NULL, "(10.9.1.3:22 is not there, does not" },
		{ OUTCOME_RESET, PHASE_WAIT, false, NULL, "takes connections and ends them" },
		{ OUTCOME_RESET, PHASE_WAIT, false, "RST_STREAM X", "22: RST_STREAM X)" },
		{ OUTCOME_CLOSED, PHASE_TRANSFER, false, "in mid-header", "22: in mid-header)" },
		{ OUTCOME_CLOSED, PHASE_WAIT, false, "before it answered",
		  "22: before it answered; no backend behind a balancer?)" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = sample_ping_nothing();
		struct report_stream *stream = &report->streams[0];
		stream->latency[LATENCY_JITTER].is_measured = cases[i].is_datagram;
		stream->errors[0].outcome = cases[i].outcome;
		stream->errors[0].phase = cases[i].phase;
		stream->errors[0].why = cases[i].why;
		ping_sentences(report);
		assert_non_null(strstr(report->result, cases[i].part));
		report_free(report);
	}
	struct report *report = sample_ping_nothing();
	report->streams[0].error_count = 0;
	report->streams[0].totals.in_flight = 2;
	ping_sentences(report);
	assert_string_equal(report->result, "nothing answered before it was ended");
	report_free(report);
}

static void connections_made_again_are_told(void **state)
{
	static const struct {
		bool is_kept;
		uint64_t connects;
		const char *part;
	} cases[] = {
		{ false, 5, "; new connection each time" },
		{ true, 1, "; one connection for all of a target" },
		{ true, 3, "; connections were kept, but had to be made again 2 times" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = sample_ping();
		report->streams[0].ping.is_kept = cases[i].is_kept;
		report->streams[0].totals.connects = cases[i].connects;
		ping_sentences(report);
		assert_non_null(strstr(report->trust, cases[i].part));
		report_free(report);
	}
}

static void failures_have_a_clause(void **state)
{
	static const struct {
		struct sample_probe probe;
		const char *text;
	} cases[] = {
		{ { .outcome = OUTCOME_REFUSED, .failed_in = PROBE_CONNECT }, "refused" },
		{ { .outcome = OUTCOME_CONNECT_TIMEOUT,
		    .failed_in = PROBE_CONNECT,
		    .failed_after_ms = 2000,
		    .why = "SYN sent 2 times" },
		  "connect timed out after 2.00 s (SYN sent 2 times)" },
		{ { .outcome = OUTCOME_TIMED_OUT, .failed_in = PROBE_TLS, .failed_after_ms = 1500 },
		  "timed out in tls after 1.50 s" },
		{ { .outcome = OUTCOME_NO_REPLY, .failed_in = PROBE_WAIT, .failed_after_ms = 1000 },
		  "no reply in time after 1.00 s" },
		{ { .outcome = OUTCOME_REJECTED,
		    .status = 503,
		    .why = "status 503 Service Unavailable" },
		  "Service Unavailable" },
		{ { .outcome = OUTCOME_REJECTED, .status = 200, .why = "the text is not in it" },
		  "the text is not in it" },
		{ { .outcome = OUTCOME_NOT_RESOLVED,
		    .failed_in = PROBE_RESOLVE,
		    .why = "no such name" },
		  "name does not resolve (no such name)" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct probe_result result = sample_probe_result(1, &cases[i].probe);
		struct report_probe row;
		struct buffer text;
		buffer_init(&text, 4096);
		report_probe_of(&result, result.due_ns, &row);
		ping_failure_text(&row, &text);
		assert_string_equal(buffer_text(&text), cases[i].text);
		buffer_deinit(&text);
	}
}

static unsigned count_lines(const char *text)
{
	unsigned count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void the_table_fits_its_terminal(void **state)
{
	struct report *report = sample_ping_many();
	struct probe_series *series[3];
	struct probe_series_setup setup = { .kept_max = 10 };
	struct sample_probe bad = { .outcome = OUTCOME_REFUSED, .failed_in = PROBE_CONNECT };
	struct ping_table table = { 0 };
	struct buffer out;
	buffer_init(&out, 1 << 16);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(probe_series_new(&setup, &series[i]), 0);
	struct probe_result result = sample_probe_result(1, &bad);
	probe_series_add(series[2], &result);
	report->streams[0].target = "http://web-1.shop.example:8080/healthz";

	ping_table_show(&table, report, series, (struct ping_table_size){ 60, 24 }, &out);
	assert_int_equal(count_lines(buffer_text(&out)), 4);
	const char *second = strchr(buffer_text(&out), '\n') + 1;
	assert_memory_equal(second, "10.9.1.3:22      ", 17); /* the worst first */
	assert_non_null(strstr(buffer_text(&out), "\nweb-1.s..healthz "));
	for (const char *line = buffer_text(&out); *line;) {
		const char *end = strstr(line, "\033[K\r\n");
		if (!end)
			break;
		assert_true(end - line < 60);
		line = end + 5;
	}

	buffer_clear(&out);
	ping_table_show(&table, report, series, (struct ping_table_size){ 80, 4 }, &out);
	assert_memory_equal(buffer_text(&out), "\033[4A\r", 5); /* over the one before */
	assert_int_equal(count_lines(buffer_text(&out)), 3);
	assert_non_null(strstr(buffer_text(&out), "(2 more)"));

	buffer_clear(&out);
	ping_table_clear(&table, &out);
	assert_string_equal(buffer_text(&out), "\033[3A\r\033[J");
	ping_table_clear(&table, &out);
	assert_string_equal(buffer_text(&out), "\033[3A\r\033[J");
	for (unsigned i = 0; i < 3; i++)
		probe_series_free(series[i]);
	buffer_deinit(&out);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_reports),
		cmocka_unit_test(other_formats),
		cmocka_unit_test(what_is_printed_before_the_end_is_the_rest),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(phases_add_up),
		cmocka_unit_test(each_way_has_its_middle),
		cmocka_unit_test(nothing_answered_has_a_likely_cause),
		cmocka_unit_test(connections_made_again_are_told),
		cmocka_unit_test(failures_have_a_clause),
		cmocka_unit_test(the_table_fits_its_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
