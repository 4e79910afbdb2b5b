// The text report, whole, against tests/golden/*.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
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
	check(sample_wrapped(), &plain, "wrapped.txt");
	check(sample_all_well(), &plain, "all_well.txt");
	check(sample_bulk(), &plain, "bulk.txt");
	check(sample_one_way(), &plain, "one_way.txt");
	check(sample_requests(), &plain, "requests.txt");
	check(sample_websockets(), &plain, "websockets.txt");
}

static struct buffer text_of(struct report *report, const struct text_style *style)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	text_write(report, style, &out);
	assert_int_equal(out.error, 0);
	report_free(report);
	return out;
}

static void contains(struct buffer out, const char *part)
{
	if (!strstr(buffer_text(&out), part))
		fail_msg("\"%s\" is not in:\n%s", part, buffer_text(&out));
	buffer_deinit(&out);
}

static void lacks(struct buffer out, const char *part)
{
	if (strstr(buffer_text(&out), part))
		fail_msg("\"%s\" is in:\n%s", part, buffer_text(&out));
	buffer_deinit(&out);
}

static struct report *encrypted(struct report_tls tls)
{
	struct report *report = sample_all_well();
	report->has_tls = true;
	report->tls = tls;
	return report;
}

static void tls_has_a_line(void **state)
{
	struct report_tls tls = { .version = "TLSv1.3",
				  .cipher = "TLS_AES_256_GCM_SHA384",
				  .is_verified = true,
				  .handshakes = 1 };
	lacks(text_of(sample_all_well(), &plain), "TLS");
	contains(text_of(encrypted(tls), &plain),
		 "\nTLS:     TLSv1.3, TLS_AES_256_GCM_SHA384; 1 handshake\n");
	tls.protocol = "http/1.1";
	tls.is_verified = false;
	tls.handshakes = 2000;
	tls.resumed = 1500;
	tls.cut_short = 3;
	tls.complaint = "the certificate expired";
	contains(text_of(encrypted(tls), &plain),
		 "\nTLS:     TLSv1.3, TLS_AES_256_GCM_SHA384, http/1.1, not verified (-k); 2,000 "
		 "handshakes, 1,500 resumed, 3 ended without a TLS goodbye; the first that failed: "
		 "the certificate expired\n");
	tls = (struct report_tls){ .version = NULL };
	contains(text_of(encrypted(tls), &plain), "\nTLS:     no handshake was done\n");
}

static struct report *marked(struct report_mark mark)
{
	struct report *report = sample_failover();
	report->marks[0] = mark;
	return report;
}

#define NEVER INT64_MIN
#define NO_TIMES                                                                 \
	.first_good_ns = NEVER, .all_good_ns = NEVER, .throughput_90_ns = NEVER, \
	.throughput_95_ns = NEVER, .throughput_99_ns = NEVER

static void marks_in_every_form(void **state)
{
	static const struct {
		struct report_mark mark;
		const char *line; /* behind the moment; NULL: none */
	} cases[] = {
		{ { .kind = "time",
		    .convergence = { .is_measured = true,
				     .first_good_ns = NEVER,
				     .all_good_ns = NEVER } },
		  ": no client affected, throughput never below 90 %\n" },
		{ { .kind = "time",
		    .convergence = { .reason = "it came after the end", NO_TIMES } },
		  ": not measured, it came after the end\n" },
		{ { .kind = "time",
		    .convergence = { .is_measured = true,
				     .affected = 7,
				     .not_good = 7,
				     NO_TIMES } },
		  ": none of 7 clients good again by the end, throughput not back at 90 % by the "
		  "end\n" },
		{ { .kind = "time",
		    .convergence = { .is_measured = true,
				     .reason = "too few",
				     .affected = 7,
				     .not_good = 2,
				     .first_good_ns = 640000000,
				     .all_good_ns = NEVER } },
		  ": first client good again after 0.6 s, 2 of 7 clients not by the end, "
		  "throughput not measured: too few (each ±0.1)\n" },
		{ { .kind = "exec",
		    .has_command = true,
		    .command = { .exit_status = 3, .has_exit_status = true },
		    .convergence = { .is_measured = true,
				     .first_good_ns = NEVER,
				     .all_good_ns = NEVER,
				     .throughput_90_ns = 1500000000 } },
		  ", exit 3: no client affected, throughput at 90 % after 1.5 s (each ±0.1)\n" },
		{ { .kind = "exec",
		    .has_command = true,
		    .command = { .exit_status = 137, .has_exit_status = true, .signal = "SIGKILL" },
		    .convergence = { .is_measured = true,
				     .first_good_ns = NEVER,
				     .all_good_ns = NEVER } },
		  ", killed by SIGKILL: no client" },
		{ { .kind = "command",
		    .convergence = { .is_measured = true,
				     .first_good_ns = NEVER,
				     .all_good_ns = NEVER } },
		  NULL },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		char line[256];
		struct report_mark mark = cases[i].mark;
		mark.name = "cut";
		mark.at_ns = 1234000000;
		(void)snprintf(line, sizeof(line), "Mark:    cut +1.234 s%s", cases[i].line);
		if (cases[i].line)
			contains(text_of(marked(mark), &plain), line);
		else
			lacks(text_of(marked(mark), &plain), "Mark:");
	}
}

static void many_marks_are_counted(void **state)
{
	struct report *report = sample_failover();
	struct report_mark mark = report->marks[0];
	report->mark_count = 14;
	report->marks = arena_take_array(&report->arena, 14, sizeof(mark));
	for (uint32_t i = 0; i < 14; i++)
		report->marks[i] = mark;
	contains(text_of(report, &plain), "(each ±0.1)\n(4 more; -o json has them)\n\nBACKEND");
}

static void without_utf8(void **state)
{
	static const struct text_style ascii = { .is_utf8 = false };
	struct buffer out = text_of(sample_failover(), &ascii);
	for (size_t i = 0; i < out.size; i++)
		assert_true((unsigned char)out.data[i] < 0x80);
	buffer_deinit(&out);
	check(sample_failover(), &ascii, "failover_ascii.txt");
}

static void colors_add_to_words(void **state)
{
	static const struct text_style colored = { .is_utf8 = true, .has_color = true };
	contains(text_of(sample_all_well(), &colored), "Result:  \033[32mPASS\033[0m hitless: ");
	contains(text_of(sample_all_well(), &colored), "Trust:   \033[32mgood\033[0m: sent");
	contains(text_of(sample_nothing(), &colored),
		 "Result:  \033[31mnothing answered\033[0m: refused");
	lacks(text_of(sample_nothing(), &plain), "\033");
}

/* A server's name is what a stranger sent. */
static void names_from_the_wire_are_harmless(void **state)
{
	struct report *report = sample_failover();
	report->streams[0].backends[0].name = "a\033[2J\nb\x7f";
	contains(text_of(report, &plain), "\na?[2J?b?");
}

static void a_percentile_needs_ten_samples_above(void **state)
{
	static const struct {
		uint64_t count;
		const char *row;
	} cases[] = {
		{ 19, "response         19      -      -      -" },
		{ 20, "response         20   0.33      -      -" },
		{ 100, "response        100   0.33   0.57      -" },
		{ 999, "response        999   0.33   0.57      -   4.10  " },
		{ 1000, "response      1,000   0.33   0.57   1.20   4.10  " },
		{ 9999, "response      9,999   0.33   0.57   1.20   4.10  " },
		{ 10000, "response      10,000   0.33   0.57   1.20   4.10   4.10  " },
		{ 100000, "response      100,000   0.33   0.57   1.20   4.10    4.10   4.10  " },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = sample_all_well();
		report->streams[0].latency[LATENCY_RESPONSE].count = cases[i].count;
		contains(text_of(report, &plain), cases[i].row);
	}
}

static void none_of_all_is_told_where_it_fails(void **state)
{
	struct report *report = sample_all_well();
	report->expectations[5].value = 0;
	report->expectations[5].is_held = false;
	contains(text_of(report, &plain), "survival.untouched == 100%  FAILED  0 of 20\n");
}

/* Of the example run in which a UDP path is tried, every line. */
static void a_udp_path_reads_as_in_the_example(void **state)
{
	static const char *const lines[] = {
		"load discard+udp://10.9.1.2:5009  500 Mbps payload = 44,643 datagrams/s of 1,400 B "
		"up, evenly spaced, 10.0 s from 2026-11-20T08:01:00.000Z",
		"Result:  497.6 Mbps received; 0.48 % lost (2,143 of 446,429), all in the network; "
		"12 reordered, 0 duplicates",
		"Trust:   good: all sent, spacing p99 within 0.02 ms; receiver's socket dropped 0; "
		"no GSO",
		"LOSS     118 bursts: longest 212 datagrams = 4.7 ms ±0.02, median 11;  first "
		"+1.204 s, last +9.877 s",
		"DELAY VARIATION (ms, one way, above the least seen; clocks not compared, so no "
		"one-way delay)   p50 0.02  p90 0.11  p99 0.31  p99.9 1.90  max 4.62",
	};
	struct buffer out = text_of(sample_one_way(), &plain);
	char *rest = NULL;
	char *line = strtok_r((char *)buffer_text(&out), "\n", &rest);
	for (size_t i = 0; i < array_size(lines); i++, line = strtok_r(NULL, "\n", &rest)) {
		assert_non_null(line);
		assert_string_equal(line, lines[i]);
	}
	assert_null(line);
	buffer_deinit(&out);
}

/* Sample: 2 s of 100 datagrams each, the first 40 of the second given up 2 s later. */
static void datagrams_by_interval(void **state)
{
	static const struct report_setting every_second = { "interval", "1s" };
	static struct report_sample samples[] = {
		{ .at_ns = 1000000000, .bytes_sent = 125000, .bytes_received = 125000 },
		{ .at_ns = 2000000000, .bytes_sent = 125000, .bytes_received = 75000 },
		{ .at_ns = 3000000000 },
		{ .at_ns = 4000000000, .lost = 40 },
	};
	struct report *report = sample_one_way();
	struct report_stream *load = &report->streams[0];
	report->settings = (struct report_setting *)&every_second;
	report->setting_count = 1;
	report->duration_ns = 2000000000;
	load->samples = samples;
	load->sample_count = 4;
	load->sample_interval_ns = 1000000000;
	contains(text_of(report, &plain), "\nTIME      SENT\n0-1 s     1 Mbps\n"
					  "1-2 s     1 Mbps\nLOSS ");
	report = sample_one_way();
	load = &report->streams[0];
	report->settings = (struct report_setting *)&every_second;
	report->setting_count = 1;
	report->duration_ns = 2000000000;
	load->samples = samples;
	load->sample_count = 4;
	load->sample_interval_ns = 1000000000;
	load->totals.bytes_received = 200000;
	load->datagrams.counted_by = "here";
	load->latency[LATENCY_SERVICE].is_measured = true;
	contains(text_of(report, &plain), "\nTIME      SENT          RECEIVED      LOST\n"
					  "0-1 s     1 Mbps        1 Mbps           0\n"
					  "1-2 s     1 Mbps        600 kbps        40\nLOSS ");
}

static void lost_datagrams_are_told_when_they_were_sent(void **state)
{
	static struct report_sample sample = { .at_ns = 3300000000, .lost = 34 };
	static struct report_expectation failed = {
		.text = "persistent.lost == 0", .value = 34, .whole = 10000, .is_measured = true
	};
	struct report *report = sample_datagrams();
	report->streams[0].samples = &sample;
	report->streams[0].sample_count = 1;
	report->expectations = &failed;
	report->expectation_count = 1;
	contains(text_of(report, &plain), "FAILED  34 of 10,000  +1.3 s, +1.3 s");
}

static struct report *with_backends(uint32_t count)
{
	struct report *report = sample_failover();
	struct report_stream *stream = &report->streams[0];
	struct report_backend *backends =
		arena_take_array(&report->arena, count, sizeof(*backends));
	for (uint32_t i = 0; i < count; i++) {
		backends[i] = stream->backends[i < 3 ? i : 3];
		backends[i].name = arena_format(&report->arena, "pod-%u", i);
	}
	stream->backends = backends;
	stream->backend_count = count;
	return report;
}

static void many_backends_are_cut_short(void **state)
{
	lacks(text_of(with_backends(12), &plain), "more");
	contains(text_of(with_backends(12), &plain), "\npod-11 ");
	contains(text_of(with_backends(50), &plain), "\n(38 more, all untouched; -o json has");
	lacks(text_of(with_backends(50), &plain), "\npod-12 ");
	struct report *report = with_backends(50);
	report->streams[0].backends[49].survival[SURVIVAL_UNTOUCHED]--;
	contains(text_of(report, &plain), "\n(38 more; -o json has them)\n");
}

static void rare_ends_have_a_column_when_there_are_any(void **state)
{
	lacks(text_of(sample_failover(), &plain), "TIMED OUT");
	struct report *report = sample_failover();
	report->streams[0].survival[SURVIVAL_TIMED_OUT] = 1;
	contains(text_of(report, &plain), "RESET  TIMED OUT  LOST");
}

static void many_outages_are_cut_short(void **state)
{
	struct report *report = sample_datagrams();
	struct report_intervals *outages = &report->streams[1].outages;
	struct report_interval *list = arena_take_array(&report->arena, 11, sizeof(*list));
	for (uint32_t i = 0; i < 11; i++)
		list[i] = (struct report_interval){ .end_ns = 100000000, .slot = i };
	outages->list = list;
	outages->list_count = 11;
	outages->count = 2000;
	contains(text_of(report, &plain), "(1,990 more; -o json has them)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_reports),
		cmocka_unit_test(tls_has_a_line),
		cmocka_unit_test(marks_in_every_form),
		cmocka_unit_test(many_marks_are_counted),
		cmocka_unit_test(without_utf8),
		cmocka_unit_test(colors_add_to_words),
		cmocka_unit_test(names_from_the_wire_are_harmless),
		cmocka_unit_test(a_percentile_needs_ten_samples_above),
		cmocka_unit_test(a_udp_path_reads_as_in_the_example),
		cmocka_unit_test(datagrams_by_interval),
		cmocka_unit_test(lost_datagrams_are_told_when_they_were_sent),
		cmocka_unit_test(none_of_all_is_told_where_it_fails),
		cmocka_unit_test(many_backends_are_cut_short),
		cmocka_unit_test(rare_ends_have_a_column_when_there_are_any),
		cmocka_unit_test(many_outages_are_cut_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
