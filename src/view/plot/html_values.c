/* What the page shows under the pointer. See html_parts.h. */
#include <string.h>

#include "base/attributes.h"
#include "base/json.h"
#include "base/units.h"
#include "view/plot/axis.h"
#include "view/plot/html_parts.h"
#include "view/plot/picture.h"

enum value_kind { VALUE_COUNT, VALUE_MS };

/* A column: a field of the samples of a kind of stream. */
static const struct value_column {
	const char *name;
	const char *stream_kind;
	enum value_kind kind;
	size_t offset;
} columns[] = {
#define COLUMN(name, stream, kind, field)                                         \
	{                                                                         \
		name, stream, VALUE_##kind, offsetof(struct report_sample, field) \
	}
	COLUMN("connections", "slots", COUNT, connections),
	COLUMN("of them silent", "slots", COUNT, silent),
	COLUMN("interrupted", "slots", COUNT, interrupted),
	COLUMN("messages due", "slots", COUNT, scheduled),
	COLUMN("answered", "slots", COUNT, received),
	COLUMN("given up", "slots", COUNT, unanswered),
	COLUMN("response p50 ms", "slots", MS, response_p50_ns),
	COLUMN("response p99 ms", "slots", MS, response_p99_ns),
	COLUMN("round trip p50 ms", "slots", MS, rtt_p50_ns),
	COLUMN("segments sent again", "slots", COUNT, retransmits),
	COLUMN("new connections failed", "attempts", COUNT, failed),
	COLUMN("new p99 ms", "attempts", MS, response_p99_ns),
	COLUMN("path p99 ms", "probes", MS, response_p99_ns),
	COLUMN("path lost", "probes", COUNT, lost),
	COLUMN("served connections", "service", COUNT, connections),
	COLUMN("messages echoed", "service", COUNT, received),
#undef COLUMN
};

static const struct report_stream *stream_of(const struct report *report,
					     const struct value_column *column)
{
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (strcmp(stream->kind, column->stream_kind) == 0 && stream->is_measured &&
		    stream->sample_count > 0)
			return stream;
	}
	return NULL;
}

/* All streams of a run have their samples at the same moments. */
static const struct report_stream *longest_stream(const struct report *report)
{
	const struct report_stream *longest = NULL;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (stream->sample_count > 0 &&
		    (!longest || stream->sample_count > longest->sample_count))
			longest = stream;
	}
	return longest;
}

static void write_value(struct json *json, const struct value_column *column,
			const struct report_stream *stream, uint32_t index)
{
	uint64_t value = 0;
	char ms[UNITS_TEXT_MAX];
	if (index >= stream->sample_count) {
		json_no_value(json);
		return;
	}
	memcpy(&value, (const char *)&stream->samples[index] + column->offset, sizeof(value));
	if (column->kind == VALUE_COUNT)
		json_unsigned(json, value);
	else if (value == 0)
		json_no_value(json);
	else
		json_text(json, units_format_ms(value, ms));
}

static void write_rows(struct json *json, const struct report *report)
{
	const struct report_stream *longest = longest_stream(report);
	for (uint32_t i = 0; longest && i < longest->sample_count; i++) {
		json_array_open(json);
		json_double(json, (double)longest->samples[i].at_ns / NS_PER_MS);
		for (size_t k = 0; k < array_size(columns); k++) {
			const struct report_stream *stream = stream_of(report, &columns[k]);
			if (stream)
				write_value(json, &columns[k], stream, i);
		}
		json_array_close(json);
	}
}

static void write_segments(struct json *json, const struct report *report)
{
	struct time_axis time;
	picture_time(report, &time);
	for (unsigned i = 0; i < time.count; i++) {
		const struct time_segment *segment = &time.segments[i];
		json_array_open(json);
		json_double(json, (double)segment->from_ns / NS_PER_MS);
		json_double(json, (double)segment->to_ns / NS_PER_MS);
		json_double(json, segment->left);
		json_double(json, segment->right);
		json_array_close(json);
	}
}

/* Numbers and the names above: nothing of it can end the element. */
void html_write_values(const struct report *report, struct buffer *out)
{
	struct json json;
	buffer_append_text(out, "<script type=\"application/json\" id=\"samples\">");
	json_init(&json, out);
	json_object_open(&json);
	json_key_double(&json, "started", (double)report->started_unix_ns / NS_PER_MS);
	json_key_unsigned(&json, "width", PICTURE_WIDTH);
	json_key(&json, "segments");
	json_array_open(&json);
	write_segments(&json, report);
	json_array_close(&json);
	json_key(&json, "columns");
	json_array_open(&json);
	for (size_t k = 0; k < array_size(columns); k++) {
		if (stream_of(report, &columns[k]))
			json_text(&json, columns[k].name);
	}
	json_array_close(&json);
	json_key(&json, "rows");
	json_array_open(&json);
	write_rows(&json, report);
	json_array_close(&json);
	json_object_close(&json);
	buffer_append_text(out, "</script>\n");
}
