#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "view/otlp.h"

#define STARTED_NS INT64_C(1790000000123456789)
#define NOW_NS     INT64_C(1790000010123456789)

static struct recorder *recorders[2];

static json_t *written(void)
{
	const struct otlp_stream streams[] = {
		{ "load", "http://web/", recorders[0] },
		{ "probe", "echo://web:5007", recorders[1] },
	};
	const struct otlp_push push = {
		.command = "load",
		.host_name = "a \"host\"",
		.started_unix_ns = STARTED_NS,
		.now_unix_ns = NOW_NS,
		.streams = streams,
		.stream_count = 2,
	};
	struct buffer out;
	buffer_init(&out, 1 << 20);
	otlp_write(&push, &out);
	assert_int_equal(out.error, 0);
	json_t *json = json_loadb(out.data, out.size, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	buffer_deinit(&out);
	return json;
}

static json_t *only(json_t *object, const char *key)
{
	json_t *list = json_object_get(object, key);
	assert_int_equal(json_array_size(list), 1);
	return json_array_get(list, 0);
}

static json_t *scope(json_t *json)
{
	return only(only(json, "resourceMetrics"), "scopeMetrics");
}

static json_t *metric(json_t *json, const char *name)
{
	json_t *metrics = json_object_get(scope(json), "metrics");
	for (size_t i = 0; i < json_array_size(metrics); i++) {
		json_t *one = json_array_get(metrics, i);
		if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
			return one;
	}
	return NULL;
}

static json_t *point(json_t *json, const char *name, const char *kind, size_t index)
{
	json_t *points = json_object_get(json_object_get(metric(json, name), kind), "dataPoints");
	return json_array_get(points, index);
}

static const char *text(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *attribute(json_t *object, const char *key)
{
	json_t *attributes = json_object_get(object, "attributes");
	for (size_t i = 0; i < json_array_size(attributes); i++) {
		json_t *one = json_array_get(attributes, i);
		if (strcmp(text(one, "key"), key) == 0)
			return text(json_object_get(one, "value"), "stringValue");
	}
	return NULL;
}

static void it_says_whose_figures_these_are(void **state)
{
	json_t *json = written();
	json_t *resource = json_object_get(only(json, "resourceMetrics"), "resource");
	assert_string_equal(attribute(resource, "service.name"), "conntest");
	assert_string_equal(attribute(resource, "service.version"), CONNTEST_VERSION);
	assert_string_equal(attribute(resource, "host.name"), "a \"host\"");
	assert_string_equal(attribute(resource, "conntest.command"), "load");
	assert_string_equal(text(json_object_get(scope(json), "scope"), "name"), "conntest");
	json_decref(json);
}

static void what_rises_is_a_sum(void **state)
{
	recorders[0]->counters.bytes_sent = UINT64_C(1) << 63;
	recorders[1]->counters.bytes_sent = 7;
	json_t *json = written();
	json_t *sum = json_object_get(metric(json, "conntest.bytes_sent"), "sum");
	assert_int_equal(json_integer_value(json_object_get(sum, "aggregationTemporality")), 2);
	assert_true(json_is_true(json_object_get(sum, "isMonotonic")));
	json_t *first = point(json, "conntest.bytes_sent", "sum", 0);
	assert_string_equal(text(first, "asInt"), "9223372036854775808");
	assert_string_equal(text(first, "startTimeUnixNano"), "1790000000123456789");
	assert_string_equal(text(first, "timeUnixNano"), "1790000010123456789");
	assert_string_equal(attribute(first, "stream"), "load");
	assert_string_equal(attribute(first, "target"), "http://web/");
	json_t *second = point(json, "conntest.bytes_sent", "sum", 1);
	assert_string_equal(text(second, "asInt"), "7");
	assert_string_equal(attribute(second, "stream"), "probe");
	json_decref(json);
}

static void each_counter_is_what_it_is(void **state)
{
	static const struct {
		const char *name;
		const char *kind;
		const char *unit;
	} cases[] = {
		{ "conntest.sent", "sum", "1" },
		{ "conntest.bytes_received", "sum", "By" },
		{ "conntest.tcp_busy_ns", "sum", "ns" },
		{ "conntest.connections", "gauge", "1" },
		{ "conntest.cwnd_bytes", "gauge", "By" },
		{ "conntest.debt_max_ns", "gauge", "ns" }, /* the largest is no sum */
	};
	json_t *json = written();
	for (size_t i = 0; i < array_size(cases); i++) {
		json_t *one = metric(json, cases[i].name);
		assert_non_null(one);
		assert_non_null(json_object_get(one, cases[i].kind));
		assert_string_equal(text(one, "unit"), cases[i].unit);
		assert_true(strlen(text(one, "description")) > 0);
	}
	assert_int_equal(json_array_size(json_object_get(scope(json), "metrics")),
			 counter_table_size);
	json_decref(json);
}

static void assert_number(json_t *object, const char *key, double value)
{
	json_t *number = json_object_get(object, key);
	assert_true(json_is_number(number));
	assert_true(json_number_value(number) > value * 0.999999 &&
		    json_number_value(number) < value * 1.000001);
}

/* 20 bounds and 21 counts, which add up; a value at a bound is below it. */
static void latencies_are_histograms_in_seconds(void **state)
{
	struct hist *hist = recorder_hist(recorders[1], LATENCY_SERVICE);
	hist_add_many(hist, 5000, 3);
	hist_add_many(hist, 1000000, 2);
	hist_add(hist, UINT64_C(40000000000));
	json_t *json = written();
	assert_string_equal(text(metric(json, "conntest.service"), "unit"), "s");
	json_t *points = json_object_get(
		json_object_get(metric(json, "conntest.service"), "histogram"), "dataPoints");
	assert_int_equal(json_array_size(points), 1); /* the other stream has none */
	json_t *one = json_array_get(points, 0);
	assert_string_equal(attribute(one, "stream"), "probe");
	assert_string_equal(text(one, "count"), "6");
	assert_number(one, "sum", 40.002015);
	assert_number(one, "min", 0.000005);
	assert_number(one, "max", 40);
	json_t *counts = json_object_get(one, "bucketCounts");
	json_t *bounds = json_object_get(one, "explicitBounds");
	assert_int_equal(json_array_size(bounds), 20);
	assert_int_equal(json_array_size(counts), 21);
	for (size_t i = 0; i < 21; i++) {
		const char *count = json_string_value(json_array_get(counts, i));
		assert_string_equal(count, i == 0 ? "3" : i == 6 ? "2" : i == 20 ? "1" : "0");
	}
	assert_true(json_real_value(json_array_get(bounds, 6)) == 0.001);
	assert_null(metric(json, "conntest.response")); /* nothing was measured */
	json_decref(json);
}

static int open_recorders(void **state)
{
	for (size_t i = 0; i < 2; i++)
		if (recorder_new(&recorders[i]) < 0)
			return -1;
	return 0;
}

static int close_recorders(void **state)
{
	for (size_t i = 0; i < 2; i++)
		recorder_free(recorders[i]);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_recorders, close_recorders)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_says_whose_figures_these_are),
		TEST(what_rises_is_a_sum),
		TEST(each_counter_is_what_it_is),
		TEST(latencies_are_histograms_in_seconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
