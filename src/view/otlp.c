#include "view/otlp.h"

#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/otlp_parts.h"

#define NAME_MAX 96

/* ---- points ---- */

static void point_open(struct json *json, const struct otlp_push *push,
		       const struct otlp_stream *stream)
{
	json_object_open(json);
	json_key(json, "attributes");
	json_array_open(json);
	otlp_attribute(json, "stream", stream->name);
	otlp_attribute(json, "target", stream->target);
	json_array_close(json);
	otlp_key_times(json, push->started_unix_ns, push->now_unix_ns);
}

static void metric_open(struct json *json, const char *name, const char *unit, const char *help,
			const char *kind)
{
	char text[NAME_MAX];
	(void)snprintf(text, sizeof(text), OTLP_SCOPE ".%s", name);
	otlp_metric_open(json, text, unit, help, kind);
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
		otlp_key_integer(json, "asInt",
				 counter_value(&push->streams[i].now->counters, row));
		json_object_close(json);
	}
	otlp_points_close(json);
	if (is_sum(row)) {
		otlp_key_cumulative(json);
		json_key_boolean(json, "isMonotonic", true);
	}
	otlp_metric_close(json);
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
		otlp_integer(json, counts[i]);
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
	otlp_key_integer(json, "count", hist->count);
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
	otlp_points_close(json);
	otlp_key_cumulative(json);
	otlp_metric_close(json);
}

/* ---- the whole ---- */

void otlp_write(const struct otlp_push *push, struct buffer *out)
{
	const struct otlp_resource resource = { .command = push->command,
						.host_name = push->host_name };
	struct json json;
	json_init(&json, out);
	otlp_open(&json, &resource);
	for (size_t i = 0; i < counter_table_size; i++)
		write_counter(&json, push, &counter_table[i]);
	for (int i = 0; i < LATENCY_RECORDED; i++)
		write_latency(&json, push, (enum latency)i);
	otlp_close(&json);
}
