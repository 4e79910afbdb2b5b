/* What is exposed: the text of a sample, what a scraper gets to choose, and that nothing goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/golden.h"
#include "view/prometheus.h"

#define OUT_MAX (1 << 20)

/* ---- a sample */

struct sample {
	struct recorder *recorder;
	struct prometheus_series load;
	struct prometheus_series probe;
	struct prometheus_stream streams[2];
	struct prometheus_snapshot snapshot;
};

static void record(struct recorder *recorder)
{
	recorder->counters.scheduled = 1000;
	recorder->counters.sent = 990;
	recorder->counters.missed_generator = 10;
	recorder->counters.received = 985;
	recorder->counters.in_flight = 5;
	recorder->counters.debt_max_ns = 1500 * NS_PER_US;
	recorder->counters.bytes_sent = UINT64_C(1) << 60;
	recorder->counters.tcp_busy_ns = UINT64_C(123456789012345678);
	recorder->counters.connections = 3;
	hist_add_many(recorder_hist(recorder, LATENCY_SERVICE), 80 * NS_PER_US, 900);
	hist_add_many(recorder_hist(recorder, LATENCY_SERVICE), 40 * NS_PER_MS, 84);
	hist_add_many(recorder_hist(recorder, LATENCY_SERVICE), 90 * NS_PER_S, 1);
	recorder_error(recorder, PHASE_CONNECT, OUTCOME_REFUSED, 111, 5);
	recorder_error(recorder, PHASE_RECEIVE, OUTCOME_RESET, 104, 6);
	recorder_error(recorder, PHASE_RECEIVE, OUTCOME_RESET, 32, 7);
	for (uint32_t status = 200; status < 206; status++)
		recorder_status(recorder, status);
	recorder_status(recorder, 503);
	recorder_status(recorder, 999);
}

static void open_sample(struct sample *sample)
{
	*sample = (struct sample){ 0 };
	assert_int_equal(recorder_new(&sample->recorder), 0);
	record(sample->recorder);
	prometheus_series_take(&sample->load, sample->recorder);
	sample->streams[0] = (struct prometheus_stream){
		.name = "load",
		.target = "http://[::1]:80/a?b=\"c\"\\d\n\xff"
			  "e\xc3\xa9",
		.latencies = 1u << LATENCY_SERVICE,
		.series = &sample->load,
	};
	sample->streams[1] = (struct prometheus_stream){
		.name = "probe",
		.target = "tcp://192.0.2.1:5003",
		.latencies = 1u << LATENCY_SERVICE | 1u << LATENCY_CONNECT,
		.series = &sample->probe,
	};
	sample->snapshot = (struct prometheus_snapshot){
		.version = "1.2.3",
		.command = "load",
		.started_unix_ns = INT64_C(1795158681000000001),
		.streams = sample->streams,
		.stream_count = 2,
		.cpu_ns = 1500 * NS_PER_MS,
		.events_dropped = 2,
		.lag_count = 4,
		.lag_sum_ns = 5 * NS_PER_US,
		.lag_max_ns = 2 * NS_PER_US,
	};
}

static void close_sample(struct sample *sample)
{
	recorder_free(sample->recorder);
}

static void write_sample(const struct sample *sample, enum prometheus_format format,
			 struct buffer *out)
{
	buffer_init(out, OUT_MAX);
	prometheus_write(out, format, &sample->snapshot);
	assert_int_equal(out->error, 0);
}

static void both_formats_are_as_they_were(void **state)
{
	struct sample sample;
	struct buffer out;
	open_sample(&sample);
	write_sample(&sample, PROMETHEUS_TEXT, &out);
	golden_check("sample.prometheus.txt", &out);
	buffer_deinit(&out);
	write_sample(&sample, PROMETHEUS_OPENMETRICS, &out);
	golden_check("sample.openmetrics.txt", &out);
	buffer_deinit(&out);
	close_sample(&sample);
}

/* Backslash, quote and line end have escapes in help, which none of the tables needs. */
static void no_help_needs_an_escape(void **state)
{
	for (size_t i = 0; i < counter_table_size; i++)
		assert_null(strpbrk(counter_table[i].help, "\\\"\n"));
	for (enum latency i = 0; i < LATENCY_RECORDED; i++)
		assert_null(strpbrk(latency_help(i), "\\\"\n"));
}

static void a_long_target_is_cut_between_characters(void **state)
{
	struct sample sample;
	struct buffer out, target;
	open_sample(&sample);
	buffer_init(&target, 4096);
	for (unsigned i = 0; i < 200; i++)
		buffer_append_text(&target, "\xc3\xa9");
	buffer_append_text(&target, "end");
	sample.streams[0].target = target.data;
	write_sample(&sample, PROMETHEUS_TEXT, &out);
	assert_non_null(strstr(out.data, "\xc3\xa9\xc3\xa9\"} "));
	assert_null(strstr(out.data, "end\"}"));
	buffer_deinit(&out);
	buffer_deinit(&target);
	close_sample(&sample);
}

/* Eight streams of the longest targets, with all that can go wrong, have room in one answer. */
static void the_largest_has_room(void **state)
{
	struct sample sample;
	struct prometheus_stream streams[PROMETHEUS_STREAMS_MAX];
	struct buffer out;
	char target[1408];
	open_sample(&sample);
	memset(target, '"', sizeof(target));
	target[sizeof(target) - 1] = '\0';
	memset(&sample.load, 0xff, sizeof(sample.load));
	for (size_t i = 0; i < array_size(streams); i++)
		streams[i] =
			(struct prometheus_stream){ "persistent", target,
						    (1u << LATENCY_RECORDED) - 1, &sample.load };
	sample.snapshot.streams = streams;
	sample.snapshot.stream_count = array_size(streams);
	buffer_init(&out, (size_t)4 * 1024 * 1024);
	prometheus_write(&out, PROMETHEUS_OPENMETRICS, &sample.snapshot);
	assert_int_equal(out.error, 0);
	buffer_deinit(&out);
	close_sample(&sample);
}

/* ---- nothing goes back */

static void buckets_hold_what_is_at_or_below_them(void **state)
{
	static const struct {
		uint64_t ns;
		unsigned first; /* the lowest bucket that counts it */
	} cases[] = {
		{ 0, 0 },
		{ 100 * NS_PER_US, 0 },
		{ 101 * NS_PER_US, 1 },
		{ 250 * NS_PER_US, 1 },
		{ 1 * NS_PER_MS, 3 },
		{ 2 * NS_PER_S, 13 },
		{ 60 * NS_PER_S, 17 },
		{ 61 * NS_PER_S, PROMETHEUS_BOUNDS },
		{ UINT64_MAX, PROMETHEUS_BOUNDS },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct prometheus_series series = { 0 };
		const struct prometheus_hist *hist = &series.latencies[LATENCY_RTT];
		struct recorder *recorder = NULL;
		assert_int_equal(recorder_new(&recorder), 0);
		hist_add_many(recorder_hist(recorder, LATENCY_RTT), cases[i].ns, 3);
		prometheus_series_take(&series, recorder);
		for (unsigned k = 0; k < PROMETHEUS_BOUNDS; k++)
			assert_int_equal(hist->counts[k], k < cases[i].first ? 0 : 3);
		assert_int_equal(hist->count, 3);
		recorder_free(recorder);
	}
}

static void what_moves_up_stays_counted_where_it_was(void **state)
{
	struct prometheus_series series = { 0 };
	const struct prometheus_hist *response = &series.latencies[LATENCY_RESPONSE];
	struct recorder *recorder = NULL;
	assert_int_equal(recorder_new(&recorder), 0);
	struct hist *hist = recorder_hist(recorder, LATENCY_RESPONSE);
	hist_add_censored(hist, 2 * NS_PER_S, 5);
	prometheus_series_take(&series, recorder);
	hist_move_censored(hist, 2 * NS_PER_S, 8 * NS_PER_S, 4);
	hist_add(hist, 3 * NS_PER_MS);
	prometheus_series_take(&series, recorder);
	assert_int_equal(response->counts[13], 5); /* 2.5 s */
	assert_int_equal(response->counts[15], 6); /* 10 s */
	assert_int_equal(response->counts[5], 1);  /* 5 ms */
	assert_int_equal(response->count, 6);
	recorder_free(recorder);
}

/* The last row becomes the others', and what it was may have been counted before. */
static void errors_stay_when_their_row_goes(void **state)
{
	struct prometheus_series series = { 0 };
	struct recorder *recorder = NULL;
	assert_int_equal(recorder_new(&recorder), 0);
	for (int code = 1; code <= ERROR_ROWS_MAX; code++)
		recorder_error(recorder, PHASE_CONNECT, OUTCOME_UNREACHABLE, code, 1);
	prometheus_series_take(&series, recorder);
	assert_int_equal(series.errors[PHASE_CONNECT][OUTCOME_UNREACHABLE], ERROR_ROWS_MAX);
	recorder_error(recorder, PHASE_CONNECT, OUTCOME_UNREACHABLE, 1000, 1);
	prometheus_series_take(&series, recorder);
	assert_int_equal(series.errors[PHASE_CONNECT][OUTCOME_UNREACHABLE], ERROR_ROWS_MAX);
	recorder_free(recorder);
}

static void gauges_go_both_ways(void **state)
{
	struct prometheus_series series = { 0 };
	struct recorder *recorder = NULL;
	assert_int_equal(recorder_new(&recorder), 0);
	recorder->counters.connections = 9;
	recorder->counters.connects = 9;
	prometheus_series_take(&series, recorder);
	recorder->counters.connections = 4;
	recorder->counters.connects = 8;
	prometheus_series_take(&series, recorder);
	assert_int_equal(series.counters.connections, 4);
	assert_int_equal(series.counters.connects, 9);
	recorder_free(recorder);
}

/* ---- what a scraper wants */

static void the_format_is_the_scrapers_choice(void **state)
{
	static const struct {
		const char *accept;
		enum prometheus_format format;
	} cases[] = {
		{ NULL, PROMETHEUS_TEXT },
		{ "", PROMETHEUS_TEXT },
		{ "*/*", PROMETHEUS_TEXT },
		{ "text/plain", PROMETHEUS_TEXT },
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		  PROMETHEUS_TEXT },
		{ "application/openmetrics-text", PROMETHEUS_OPENMETRICS },
		{ "Application/OpenMetrics-Text; Version=\"1.0.0\"", PROMETHEUS_OPENMETRICS },
		{ "application/openmetrics-text;version=0.0.1", PROMETHEUS_TEXT },
		{ "application/openmetrics-text;q=0", PROMETHEUS_TEXT },
		/* Prometheus 2.42 */
		{ "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		  "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  PROMETHEUS_OPENMETRICS },
		/* Prometheus 2.26 */
		{ "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,"
		  "*/*;q=0.1",
		  PROMETHEUS_TEXT },
		/* Prometheus 3 */
		{ "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
		  "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;"
		  "escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		  PROMETHEUS_OPENMETRICS },
		{ "application/openmetrics-text;q=0.3, text/plain;q=0.7", PROMETHEUS_TEXT },
		{ "text/*;q=0.2, */*;q=0.4", PROMETHEUS_OPENMETRICS },
	};
	for (size_t i = 0; i < array_size(cases); i++)
		if (prometheus_choose(cases[i].accept) != cases[i].format)
			fail_msg("\"%s\"", cases[i].accept);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats_are_as_they_were),
		cmocka_unit_test(no_help_needs_an_escape),
		cmocka_unit_test(a_long_target_is_cut_between_characters),
		cmocka_unit_test(the_largest_has_room),
		cmocka_unit_test(buckets_hold_what_is_at_or_below_them),
		cmocka_unit_test(what_moves_up_stays_counted_where_it_was),
		cmocka_unit_test(errors_stay_when_their_row_goes),
		cmocka_unit_test(gauges_go_both_ways),
		cmocka_unit_test(the_format_is_the_scrapers_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
