/* See hdr_log.h. Times are in seconds, relative to BaseTime; a maximum is in ms. */
#include "view/hdr_log.h"

#include <string.h>

#include "base/date.h"
#include "base/units.h"

static const char *const latency_names[LATENCY_COUNT] = {
#define LATENCY(symbol, name, help) [LATENCY_##symbol] = (name),
	LATENCY_TABLE
#undef LATENCY
};

static void write_head(const struct report *report, struct buffer *out)
{
	char date[DATE_TEXT_MAX];
	int64_t started_ms = report->started_unix_ns / (int64_t)NS_PER_MS;
	double started = (double)started_ms / 1e3; /* cut off as the date is, not rounded */
	buffer_append_format(out, "#[Logged with conntest %s]\n",
			     report->tool_version ? report->tool_version : "");
	buffer_append_text(out, "#[Histogram log format version 1.3]\n");
	buffer_append_format(out, "#[BaseTime: %.3f (seconds since epoch)]\n", started);
	buffer_append_format(out, "#[StartTime: %.3f (seconds since epoch), %s]\n", started,
			     date_format_ms(report->started_unix_ns, date));
	buffer_append_text(out, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
				"\"Interval_Compressed_Histogram\"\n");
}

/* Of a report from elsewhere: what would break a line, or the head. */
static void append_word(struct buffer *out, const char *text)
{
	for (; *text; text++)
		buffer_append(out, (unsigned char)*text > ' ' && *text != ',' ? text : "_", 1);
}

static void write_line(const struct report *report, const struct report_stream *stream,
		       enum latency which, struct buffer *out)
{
	const struct report_latency *latency = &stream->latency[which];
	if (!latency->hdr)
		return;
	buffer_append_text(out, "Tag=");
	append_word(out, stream->name);
	buffer_append_format(out, ".%s,0.000,%.3f,%.3f,", latency_names[which],
			     (double)report->duration_ns / NS_PER_S,
			     (double)latency->max_ns / NS_PER_MS);
	append_word(out, latency->hdr);
	buffer_append_text(out, "\n");
}

void hdr_log_write(const struct report *report, struct buffer *out)
{
	write_head(report, out);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		for (int which = 0; which < LATENCY_COUNT; which++)
			write_line(report, &report->streams[i], which, out);
	}
}
