// Files of other programs become reports, as far as they go.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/figures.h"
#include "metric/report_latency.h"
#include "metric/report_read.h"
#include "metric/report_write.h"
#include "support/data.h"
#include "support/golden.h"
#include "support/sample_report.h"
#include "view/hdr_log.h"
#include "view/sentence.h"
#include "view/text.h"

static void ctraffic(void **state)
{
	struct report *report = data_report("ctraffic-server-killed.json");
	const struct report_stream *stream = &report->streams[0];
	assert_string_equal(report->tool_name, "ctraffic");
	assert_string_equal(report->command, "traffic");
	assert_string_equal(report->target, "127.0.0.1:5003");
	assert_int_equal(report->started_unix_ns, INT64_C(1795160289303013889));
	assert_int_equal(report->duration_ns, 7597989067);
	assert_int_equal(stream->slots, 8);
	assert_true(stream->schedule.rate_per_second == 80);
	assert_int_equal(stream->schedule.interval_ns, 100000000);
	assert_int_equal(stream->totals.sent, 247);
	assert_int_equal(stream->totals.lost, 8);
	assert_null(counters_check(&stream->totals));
	assert_int_equal(stream->survival[SURVIVAL_CLOSED], 8);
	assert_int_equal(stream->backend_count, 1);
	assert_int_equal(stream->backends[0].lost, 8);
	assert_int_equal(stream->errors[0].outcome, OUTCOME_CLOSED);
	assert_int_equal(stream->errors[0].count, 8);
	assert_int_equal(report->connection_count, 16);
	assert_int_equal(report->connections[15].connected_ns, INT64_MIN);
	report_free(report);
}

static void ctraffic_samples_count_connections(void **state)
{
	static const struct {
		uint64_t received, connections, connecting;
	} wanted[] = {
		{ 79, 8, 0 }, { 81, 8, 0 }, { 79, 7, 1 }, { 0, 0, 8 },
		{ 0, 0, 8 },  { 0, 0, 8 },  { 0, 0, 8 },
	};
	struct report *report = data_report("ctraffic-server-killed.json");
	const struct report_stream *stream = &report->streams[0];
	assert_int_equal(stream->sample_count, array_size(wanted));
	for (uint32_t i = 0; i < array_size(wanted); i++) {
		assert_int_equal(stream->samples[i].received, wanted[i].received);
		assert_int_equal(stream->samples[i].connections, wanted[i].connections);
		assert_int_equal(stream->samples[i].connecting, wanted[i].connecting);
	}
	report_free(report);
}

static void check_figure(const struct report *report, const char *name, double number,
			 const char *reason)
{
	struct figure_value value;
	figure_value(report, &report->streams[0], figure_find(name), &value);
	if (reason) {
		assert_false(value.is_measured);
		assert_string_equal(value.reason, reason);
		return;
	}
	assert_true(value.is_measured);
	assert_true(value.number == number);
}

static void what_they_do_not_count_is_not_measured(void **state)
{
	struct report *report = data_report("ctraffic-summary.json");
	check_figure(report, "received", 240, NULL);
	check_figure(report, "survival.untouched", 0, "not recorded in this run");
	check_figure(report, "response.p99", 0, "ctraffic counts none");
	check_figure(report, "interruptions.max", 0, "ctraffic counts none");
	check_figure(report, "overdue", 0, "ctraffic counts none");
	report_free(report);
	report = data_report("iperf3-tcp.json");
	check_figure(report, "retransmits", 2, NULL);
	check_figure(report, "response.p50", 0, "iperf3 counts none");
	report_free(report);
}

static void iperf3_over_tcp(void **state)
{
	struct report *report = data_report("iperf3-tcp.json");
	const struct report_stream *stream = &report->streams[0];
	assert_string_equal(report->target, "iperf3://127.0.0.1:5299");
	assert_int_equal(report->started_unix_ns, INT64_C(1795166298000000000));
	assert_int_equal(report->duration_ns, 3000149000);
	assert_int_equal(stream->slots, 2);
	assert_int_equal(stream->totals.bytes_received, 37748736);
	assert_int_equal(stream->totals.retransmitted_segments, 2);
	assert_int_equal(stream->sample_count, 3);
	assert_int_equal(stream->samples[0].at_ns, 1000069000);
	assert_int_equal(stream->samples[0].received, 12582912 / 131072);
	assert_int_equal(stream->latency[LATENCY_RTT].count, 6);
	assert_int_equal(stream->latency[LATENCY_RTT].max_ns, 856000);
	report_free(report);
}

static void iperf3_over_udp_and_both_ways(void **state)
{
	struct report *report = data_report("iperf3-udp.json");
	assert_string_equal(report->streams[0].transport, "udp");
	assert_int_equal(report->streams[0].totals.sent, 39);
	assert_int_equal(report->streams[0].totals.lost, 0);
	report_free(report);
	report = data_report("iperf3-bidir.json");
	assert_int_equal(report->stream_count, 2);
	assert_string_equal(report->streams[1].name, "load-reverse");
	assert_int_equal(report->streams[1].totals.bytes_received, 1310720);
	report_free(report);
}

/* A log of ours: persistent.response, persistent.service... */
static void histogram_log(void **state)
{
	struct buffer log;
	struct error error = { "" };
	struct report *again = NULL;
	struct report *report = sample_failover();
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	hist_init(hist, HIST_STREAM_RANGE);
	hist_add_many(hist, 330000, 900);
	hist_add_many(hist, 2610000, 100);
	report->streams[0].latency[LATENCY_SERVICE] = report_latency_of(hist, &report->arena);
	report->streams[0].latency[LATENCY_RESPONSE] = report_latency_of(hist, &report->arena);
	buffer_init(&log, REPORT_FILE_MAX);
	hdr_log_write(report, &log);
	if (report_read(buffer_text(&log), log.size, &error, &again) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(again->tool_name, "hdr");
	assert_int_equal(again->started_unix_ns, report->started_unix_ns);
	const struct report_stream *stream = report_stream(again, "persistent");
	assert_non_null(stream);
	assert_int_equal(stream->latency[LATENCY_RESPONSE].count, 1000);
	assert_int_equal(hist_index(hist, stream->latency[LATENCY_RESPONSE].p50_ns),
			 hist_index(hist, 330000));
	assert_int_equal(hist_index(hist, stream->latency[LATENCY_SERVICE].p99_ns),
			 hist_index(hist, 2610000));
	assert_int_equal(stream->sample_count, 1);
	assert_int_equal(stream->samples[0].received, 1000);
	free(hist);
	buffer_deinit(&log);
	report_free(report);
	report_free(again);
}

/* Of ping, which has totals and no responses. */
static void histogram_log_of_probes(void **state)
{
	struct buffer log;
	struct error error = { "" };
	struct report *again = NULL;
	struct report *report = sample_failover();
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	hist_init(hist, HIST_STREAM_RANGE);
	hist_add_many(hist, 330000, 30);
	for (uint32_t i = 0; i < report->stream_count; i++)
		memset(report->streams[i].latency, 0, sizeof(report->streams[i].latency));
	report->streams[0].latency[LATENCY_TOTAL] = report_latency_of(hist, &report->arena);
	buffer_init(&log, REPORT_FILE_MAX);
	hdr_log_write(report, &log);
	if (report_read(buffer_text(&log), log.size, &error, &again) < 0)
		fail_msg("%s", error.text);
	sentence_build(again);
	assert_string_equal(again->result,
			    "persistent: 30 values, p50 0.33, p99 0.33, max 0.33 ms");
	free(hist);
	buffer_deinit(&log);
	report_free(report);
	report_free(again);
}

/* A report or one sentence, at every length. */
static void check_cut(const char *name)
{
	struct buffer text = data_text(name);
	for (size_t size = 0; size < text.size; size++) {
		char *part = malloc(size ? size : 1);
		struct report *report = NULL;
		struct error error = { "" };
		memcpy(part, text.data, size);
		if (report_read(part, size, &error, &report) < 0)
			assert_true(*error.text != '\0' && strchr(error.text, '\n') == NULL);
		else
			assert_true(size + 2 >= text.size || strstr(name, ".hlog"));
		report_free(report);
		free(part);
	}
	buffer_deinit(&text);
}

static void cut_off_at_every_byte(void **state)
{
	check_cut("ctraffic-udp.json");
	check_cut("iperf3-udp.json");
	check_cut("two_seconds.hlog");
}

static void relative_times_and_foreign_tags(void **state)
{
	struct report *report = data_report("two_seconds.hlog");
	assert_int_equal(report->started_unix_ns, INT64_C(1795158681250000000));
	assert_int_equal(report->duration_ns, 2000000000);
	assert_int_equal(report->stream_count, 2);
	assert_string_equal(report->streams[0].name, "log");
	assert_string_equal(report->streams[1].name, "checkout");
	assert_int_equal(report->streams[0].sample_count, 2);
	assert_int_equal(report->streams[0].samples[0].at_ns, 1000000000);
	assert_int_equal(report->streams[0].samples[1].at_ns, 2000000000);
	report_free(report);
}

static void says_what_is_wrong(void **state)
{
#define CTRAFFIC "{\"Started\":\"2026-11-20T07:38:09Z\",\"FailedConnections\":0,"
	static const struct {
		const char *text;
		const char *sentence;
	} cases[] = {
		{ CTRAFFIC "\"Sent\":-7}",
		  "not a ctraffic statistics file that can be read: \"Sent\" is negative" },
		{ CTRAFFIC "\"Sent\":\"7\"}",
		  "not a ctraffic statistics file that can be read: \"Sent\" is not a whole "
		  "number in its range" },
		{ CTRAFFIC "\"Sent\":7,\"Received\":8}",
		  "not a ctraffic statistics file that can be read: it received more than it "
		  "sent" },
		{ CTRAFFIC "\"Sent\":7,\"Samples\":[{\"Time\":2},{\"Time\":1}]}",
		  "not a ctraffic statistics file that can be read: its samples fall" },
		{ CTRAFFIC "\"Sent\":7,\"ConnStats\":{}}",
		  "not a ctraffic statistics file that can be read: \"ConnStats\" is not a list" },
		{ "{\"start\":{},\"intervals\":[],\"end\":{},\"error\":\"no route\"}",
		  "an iperf3 run that failed: no route" },
		{ "#[Histogram log format version 1.3]\n", "a histogram log without a histogram" },
		{ "#[Histogram log format version 1.3]\n1,1,x,HISTFAAA\n",
		  "line 2 of the histogram log: not \"START,LENGTH,MAX,HISTOGRAM\"" },
		{ "#[Histogram log format version 1.3]\n1,-1,1,HISTFAAA\n",
		  "line 2 of the histogram log: no time since 1970" },
		{ "#[Histogram log format version 1.3]\n1,1,1,HISTFA",
		  "cut off: the histogram log ends in its line 2" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report *report = NULL;
		struct error error = { "" };
		assert_true(report_read(cases[i].text, strlen(cases[i].text), &error, &report) < 0);
		assert_string_equal(error.text, cases[i].sentence);
		assert_null(report);
	}
}

/* iperf3 3.12 writes an unknown count as 2^64-1. */
static void minus_one_is_unknown(void **state)
{
	static const char text[] =
		"{\"start\":{\"test_start\":{\"protocol\":\"TCP\",\"blksize\":10}},"
		"\"intervals\":[],\"end\":{\"sum_sent\":{\"bytes\":100,"
		"\"retransmits\":18446744073709551615},\"sum_received\":{\"bytes\":100,\"end\":1}}}";
	struct report *report = NULL;
	struct error error = { "" };
	assert_int_equal(report_read(text, strlen(text), &error, &report), 0);
	assert_int_equal(report->streams[0].totals.retransmitted_segments, 0);
	assert_int_equal(report->streams[0].totals.received, 10);
	report_free(report);
}

/* What was read is written and read again the same. */
static void becomes_a_report_of_ours(void **state)
{
	static const char *const names[] = { "ctraffic-server-killed.json", "iperf3-bidir.json",
					     "two_seconds.hlog" };
	for (size_t i = 0; i < array_size(names); i++) {
		struct report *report = data_report(names[i]);
		struct report *again = NULL;
		struct error error = { "" };
		struct buffer first;
		struct buffer second;
		buffer_init(&first, REPORT_FILE_MAX);
		buffer_init(&second, REPORT_FILE_MAX);
		report_write(report, &first);
		if (report_read(buffer_text(&first), first.size, &error, &again) < 0)
			fail_msg("%s", error.text);
		report_write(again, &second);
		assert_string_equal(buffer_text(&first), buffer_text(&second));
		assert_string_equal(again->tool_name, report->tool_name);
		buffer_deinit(&first);
		buffer_deinit(&second);
		report_free(report);
		report_free(again);
	}
}

static void what_people_read(void **state)
{
	static const char *const names[] = { "ctraffic-server-killed.json",
					     "ctraffic-summary.json",
					     "iperf3-tcp.json",
					     "iperf3-udp.json",
					     "iperf3-bidir.json",
					     "two_seconds.hlog" };
	static const struct text_style style = { .is_utf8 = true };
	struct buffer out;
	buffer_init(&out, 1 << 20);
	for (size_t i = 0; i < array_size(names); i++) {
		struct report *report = data_report(names[i]);
		buffer_append_format(&out, "%s# %s\n", i > 0 ? "\n" : "", names[i]);
		text_write(report, &style, &out);
		report_free(report);
	}
	golden_check("foreign.txt", &out);
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ctraffic),
		cmocka_unit_test(ctraffic_samples_count_connections),
		cmocka_unit_test(what_they_do_not_count_is_not_measured),
		cmocka_unit_test(iperf3_over_tcp),
		cmocka_unit_test(iperf3_over_udp_and_both_ways),
		cmocka_unit_test(histogram_log),
		cmocka_unit_test(histogram_log_of_probes),
		cmocka_unit_test(relative_times_and_foreign_tags),
		cmocka_unit_test(cut_off_at_every_byte),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(minus_one_is_unknown),
		cmocka_unit_test(becomes_a_report_of_ours),
		cmocka_unit_test(what_people_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
