/* See ndjson.h. */
#include "view/ndjson.h"

#include "base/json.h"
#include "metric/report_write.h"

static void line_open(struct json *json, struct buffer *out, const char *event)
{
	json_init(json, out);
	json_object_open(json);
	json_key_text(json, "event", event);
}

static void line_close(struct json *json)
{
	json_object_close(json);
	buffer_append_text(json->out, "\n");
}

void ndjson_write_event(struct buffer *out, const struct summary_event *event, int64_t offset_ns)
{
	struct json json;
	line_open(&json, out,
		  event->kind < EVENT_KIND_COUNT ? event_kind_name(event->kind) : "more");
	json_key_signed(&json, event->is_in_ramp ? "ramp_ns" : "at_ns", offset_ns);
	json_key_text(&json, "text", event->text);
	json_key_unsigned(&json, "count", event->count);
	if (event->of > 0)
		json_key_unsigned(&json, "of", event->of);
	if (event->backend)
		json_key_text(&json, "backend", event->backend);
	if (event->outcome)
		json_key_text(&json, "outcome", event->outcome);
	if (event->span_ns > 0)
		json_key_unsigned(&json, "span_ns", event->span_ns);
	line_close(&json);
}

static void write_counters(struct json *json, const struct counters *counters)
{
	json_object_open(json);
	for (size_t i = 0; i < counter_table_size; i++) {
		const char *place = (const char *)counters + counter_table[i].offset;
		json_key_unsigned(json, counter_table[i].name,
				  *(const uint64_t *)(const void *)place);
	}
	json_object_close(json);
}

void ndjson_write_snapshot(struct buffer *out, int64_t offset_ns,
			   const struct ndjson_stream *streams, uint32_t count)
{
	struct json json;
	line_open(&json, out, "snapshot");
	json_key_signed(&json, "at_ns", offset_ns);
	json_key(&json, "streams");
	json_object_open(&json);
	for (uint32_t i = 0; i < count; i++) {
		json_key(&json, streams[i].name);
		write_counters(&json, streams[i].counters);
	}
	json_object_close(&json);
	line_close(&json);
}

void ndjson_write_probe(struct buffer *out, const struct report_stream *stream,
			const struct report_probe *probe)
{
	struct json json;
	line_open(&json, out, "probe");
	json_key_text(&json, "stream", stream->name);
	json_key_text(&json, "target", stream->target);
	json_key(&json, "probe");
	report_write_probe(&json, probe);
	line_close(&json);
}

void ndjson_write_report(struct buffer *out, const struct report *report)
{
	struct json json;
	line_open(&json, out, "report");
	json_key(&json, "report");
	report_write_json(&json, report);
	line_close(&json);
}
