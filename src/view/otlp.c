#include "view/otlp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/json.h"
#include "base/units.h"

/* AGGREGATION_TEMPORALITY_CUMULATIVE of metrics.proto. */
#define CUMULATIVE 2
#define SCOPE      "conntest"
#define NAME_MAX   96

/* protobuf's JSON has 64-bit integers as texts. */
static void integer_text(struct json *json, uint64_t value)
{
	char text[24];
	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	json_text(json, text);
}

static void key_integer_text(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	integer_text(json, value);
}

static void attribute(struct json *json, const char *key, const char *value)
{
	if (!value)
		return;
	json_object_open(json);
	json_key_text(json, "key", key);
	json_key(json, "value");
	json_object_open(json);
	json_key_text(json, "stringValue", value);
	json_object_close(json);
	json_object_close(json);
}

/* ---- points ---- */

static void point_open(struct json *json, const struct otlp_push *push,
		       const struct otlp_stream *stream)
{
	json_object_open(json);
	json_key(json, "attributes");
	json_array_open(json);
	attribute(json, "stream", stream->name);
	attribute(json, "target", stream->target);
	json_array_close(json);
	key_integer_text(json, "startTimeUnixNano", (uint64_t)push->started_unix_ns);
	key_integer_text(json, "timeUnixNano", (uint64_t)push->now_unix_ns);
}

static void metric_open(struct json *json, const char *name, const char *unit, const char *help,
			const char *kind)
{
	char text[NAME_MAX];
	(void)snprintf(text, sizeof(text), SCOPE ".%s", name);
	json_object_open(json);
	json_key_text(json, "name", text);
	json_key_text(json, "unit", unit);
	json_key_text(json, "description", help);
	json_key(json, kind);
	json_object_open(json);
	json_key(json, "dataPoints");
	json_array_open(json);
}

static void metric_close(struct json *json)
{
	json_object_close(json);
	json_object_close(json);
}

/* ---- counters ---- */

/* UCUM, by what the name says. */
static const char *unit_of(const char *name)
{
	size_t size = strlen(name);
	if (size > 3 && strcmp(name + size - 3, "_ns") == 0)
		return "ns";
	return strstr(name, "bytes") ? "By" : "1";
}

/* The largest of a kind rises too, but it is no sum. */
static bool is_sum(const struct counter_row *row)
{
	return row->kind == COUNTER_TOTAL && row->merge == COUNTER_SUM;
}

static void write_counter(struct json *json, const struct otlp_push *push,
			  const struct counter_row *row)
{
	metric_open(json, row->name, unit_of(row->name), row->help, is_sum(row) ? "sum" : "gauge");
	for (uint32_t i = 0; i < push->stream_count; i++) {
		point_open(json, push, &push->streams[i]);
		key_integer_text(json, "asInt",
				 counter_value(&push->streams[i].now->counters, row));
		json_object_close(json);
	}
	json_array_close(json);
	if (is_sum(row)) {
		json_key_unsigned(json, "aggregationTemporality", CUMULATIVE);
		json_key_boolean(json, "isMonotonic", true);
	}
	metric_close(json);
}

/* ---- histograms ---- */

static const uint64_t bounds_ns[] = {
	UINT64_C(10000),      UINT64_C(25000),      UINT64_C(50000),       UINT64_C(100000),
	UINT64_C(250000),     UINT64_C(500000),     UINT64_C(1000000),     UINT64_C(2500000),
	UINT64_C(5000000),    UINT64_C(10000000),   UINT64_C(25000000),    UINT64_C(50000000),
	UINT64_C(100000000),  UINT64_C(250000000),  UINT64_C(500000000),   UINT64_C(1000000000),
	UINT64_C(2500000000), UINT64_C(5000000000), UINT64_C(10000000000), UINT64_C(30000000000),
};
#define BOUNDS array_size(bounds_ns)

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

/* Bucket i holds what is above bound i - 1 and not above bound i. */
static void write_buckets(struct json *json, const struct hist *hist)
{
	uint64_t counts[BOUNDS + 1] = { 0 };
	struct hist_bucket bucket;
	size_t place = 0;
	for (int64_t i = hist_next(hist, 0, &bucket); i >= 0; i = hist_next(hist, i, &bucket)) {
		while (place < BOUNDS && bucket.lowest > bounds_ns[place])
			place++;
		counts[place] += bucket.count;
	}
	json_key(json, "bucketCounts");
	json_array_open(json);
	for (size_t i = 0; i <= BOUNDS; i++)
		integer_text(json, counts[i]);
	json_array_close(json);
	json_key(json, "explicitBounds");
	json_array_open(json);
	for (size_t i = 0; i < BOUNDS; i++)
		json_double(json, seconds(bounds_ns[i]));
	json_array_close(json);
}

static void write_histogram_point(struct json *json, const struct otlp_push *push,
				  const struct otlp_stream *stream, const struct hist *hist)
{
	point_open(json, push, stream);
	key_integer_text(json, "count", hist->count);
	json_key_double(json, "sum", seconds(hist->sum));
	json_key_double(json, "min", seconds(hist->minimum));
	json_key_double(json, "max", seconds(hist->maximum));
	write_buckets(json, hist);
	json_object_close(json);
}

static bool has_values(const struct otlp_push *push, enum latency latency)
{
	bool has_any = false;
	for (uint32_t i = 0; i < push->stream_count; i++)
		has_any |= recorder_hist_const(push->streams[i].now, latency)->count > 0;
	return has_any;
}

static void write_latency(struct json *json, const struct otlp_push *push, enum latency latency)
{
	if (!has_values(push, latency))
		return;
	metric_open(json, latency_name(latency), "s", latency_help(latency), "histogram");
	for (uint32_t i = 0; i < push->stream_count; i++) {
		const struct hist *hist = recorder_hist_const(push->streams[i].now, latency);
		if (hist->count > 0)
			write_histogram_point(json, push, &push->streams[i], hist);
	}
	json_array_close(json);
	json_key_unsigned(json, "aggregationTemporality", CUMULATIVE);
	metric_close(json);
}

/* ---- the whole ---- */

static void write_resource(struct json *json, const struct otlp_push *push)
{
	json_key(json, "resource");
	json_object_open(json);
	json_key(json, "attributes");
	json_array_open(json);
	attribute(json, "service.name", SCOPE);
	attribute(json, "service.version", CONNTEST_VERSION);
	attribute(json, "host.name", push->host_name);
	attribute(json, "conntest.command", push->command);
	json_array_close(json);
	json_object_close(json);
}

static void write_scope(struct json *json, const struct otlp_push *push)
{
	json_object_open(json);
	json_key(json, "scope");
	json_object_open(json);
	json_key_text(json, "name", SCOPE);
	json_key_text(json, "version", CONNTEST_VERSION);
	json_object_close(json);
	json_key(json, "metrics");
	json_array_open(json);
	for (size_t i = 0; i < counter_table_size; i++)
		write_counter(json, push, &counter_table[i]);
	for (int i = 0; i < LATENCY_RECORDED; i++)
		write_latency(json, push, (enum latency)i);
	json_array_close(json);
	json_object_close(json);
}

void otlp_write(const struct otlp_push *push, struct buffer *out)
{
	struct json json;
	json_init(&json, out);
	json_object_open(&json);
	json_key(&json, "resourceMetrics");
	json_array_open(&json);
	json_object_open(&json);
	write_resource(&json, push);
	json_key(&json, "scopeMetrics");
	json_array_open(&json);
	write_scope(&json, push);
	json_array_close(&json);
	json_object_close(&json);
	json_array_close(&json);
	json_object_close(&json);
}
