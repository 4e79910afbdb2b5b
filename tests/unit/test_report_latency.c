/* A histogram that went into a report comes out of it the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metric/report_latency.h"
#include "support/sample_report.h"

static struct hist *hist_new(void)
{
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	assert_non_null(hist);
	hist_init(hist, HIST_STREAM_RANGE);
	return hist;
}

static struct hist *filled(void)
{
	struct hist *hist = hist_new();
	for (uint64_t i = 0; i < 1000; i++)
		hist_add(hist, 330001 + i * i * 7);
	hist_add_censored(hist, 2000000001, 5);
	return hist;
}

static void comes_back_exactly(void **state)
{
	struct arena arena;
	struct error error = { "" };
	struct hist *hist = filled();
	struct hist *again = hist_new();
	arena_init(&arena);
	struct report_latency latency = report_latency_of(hist, &arena);
	assert_int_equal(latency.count, 1005);
	assert_int_equal(latency.censored, 5);
	assert_int_equal(latency.min_ns, 330001);
	assert_int_equal(latency.max_ns, 2000000001);
	assert_int_equal(latency.p50_ns, hist_percentile(hist, 50));
	assert_int_equal(report_latency_hist(&latency, &error, again), 0);
	again->sum = hist->sum; /* to the mean's nanosecond */
	again->dirty = hist->dirty;
	assert_memory_equal(hist, again, HIST_STREAM_BYTES);
	free(hist);
	free(again);
	arena_deinit(&arena);
}

static void an_empty_one_has_none(void **state)
{
	struct arena arena;
	struct hist *hist = hist_new();
	struct error error = { "" };
	arena_init(&arena);
	struct report_latency latency = report_latency_of(hist, &arena);
	assert_true(latency.is_measured);
	assert_null(latency.hdr);
	assert_int_equal(report_latency_hist(&latency, &error, hist), 0);
	assert_int_equal(hist->count, 0);
	free(hist);
	arena_deinit(&arena);
}

static void check_refused(const struct report_latency *latency, const char *sentence)
{
	struct hist *hist = hist_new();
	struct error error = { "" };
	assert_true(report_latency_hist(latency, &error, hist) < 0);
	assert_string_equal(error.text, sentence);
	assert_int_equal(hist->count, 0);
	free(hist);
}

static void contradictions_are_refused(void **state)
{
	static const char sentence[] = "a histogram does not fit its own figures";
	struct arena arena;
	struct hist *hist = filled();
	arena_init(&arena);
	const struct report_latency good = report_latency_of(hist, &arena);
	struct report_latency bad = good;
	bad.count++;
	check_refused(&bad, sentence);
	bad = good;
	bad.censored = good.count + 1;
	check_refused(&bad, sentence);
	bad = good;
	bad.min_ns /= 2;
	check_refused(&bad, sentence);
	bad = good;
	bad.max_ns = UINT64_MAX;
	check_refused(&bad, sentence);
	bad = good;
	bad.hdr = NULL;
	check_refused(&bad, "the report holds no histogram");
	bad.hdr = "HISTFAA";
	check_refused(&bad, "not an HdrHistogram: it is not base64");
	free(hist);
	arena_deinit(&arena);
}

/* Digits of a percentile are those of its bucket. */
static void the_samples_are_consistent(void **state)
{
	struct report *report = sample_failover();
	for (int i = LATENCY_RESPONSE; i <= LATENCY_SERVICE; i++) {
		const struct report_latency *latency = &report->streams[0].latency[i];
		struct hist *hist = hist_new();
		struct error error = { "" };
		assert_int_equal(report_latency_hist(latency, &error, hist), 0);
		assert_int_equal(hist_index(hist, hist_percentile(hist, 50)),
				 hist_index(hist, latency->p50_ns));
		assert_int_equal(hist_index(hist, hist_percentile(hist, 99.9)),
				 hist_index(hist, latency->p99_9_ns));
		free(hist);
	}
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_exactly),
		cmocka_unit_test(an_empty_one_has_none),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(the_samples_are_consistent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
