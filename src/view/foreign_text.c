/* See foreign_text.h. */
#include "view/foreign_text.h"

#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/phrase.h"

static bool is_from(const struct report *report, const char *tool)
{
	return strcmp(report->tool_name, tool) == 0;
}

/* "239 of 247 messages answered; 8 connections failed; 64 attempts failed" */
static void result_connections(const struct report_stream *stream, struct buffer *out)
{
	const struct counters *totals = &stream->totals;
	char count[UNITS_TEXT_MAX], text[PHRASE_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, "; ");
	buffer_append_format(clauses_next(&clauses), "%s of %s answered",
			     units_format_grouped(totals->received, count),
			     phrase_count(totals->sent, "message", text));
	if (totals->disconnects > 0)
		buffer_append_format(clauses_next(&clauses), "%s failed",
				     phrase_count(totals->disconnects, "connection", text));
	if (totals->connect_failures > 0)
		buffer_append_format(clauses_next(&clauses), "%s to connect failed",
				     phrase_count(totals->connect_failures, "attempt", text));
}

/* "100.7 Mbps received; 2 segments retransmitted", "load-reverse: ..." */
static void result_bulk(const struct report *report, struct buffer *out)
{
	char text[UNITS_TEXT_MAX], count[PHRASE_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, "; ");
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		double seconds = (double)report->duration_ns / 1e9;
		double bits = 8 * (double)stream->totals.bytes_received;
		buffer_append_format(
			clauses_next(&clauses), "%s%s received", i > 0 ? "the other way " : "",
			units_format_bandwidth(seconds > 0 ? bits / seconds : 0, text));
		if (strcmp(stream->transport, "udp") == 0)
			buffer_append_format(clauses_next(&clauses), "%s of %s lost",
					     units_format_grouped(stream->totals.lost, text),
					     phrase_count(stream->totals.sent, "datagram", count));
		else
			buffer_append_format(clauses_next(&clauses), "%s retransmitted",
					     phrase_count(stream->totals.retransmitted_segments,
							  "segment", count));
	}
}

/* A log of probes has totals. */
static const struct report_latency *latency_of(const struct report_stream *stream)
{
	bool is_ping = stream->latency[LATENCY_RESPONSE].count == 0;
	return &stream->latency[is_ping ? LATENCY_TOTAL : LATENCY_RESPONSE];
}

/* "persistent: 20,000 values, p50 0.33, p99 2.61, max 17.0 ms" */
static void result_values(const struct report *report, struct buffer *out)
{
	char count[PHRASE_MAX], p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, "; ");
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		const struct report_latency *latency = latency_of(stream);
		buffer_append_format(clauses_next(&clauses), "%s: %s, p50 %s, p99 %s, max %s ms",
				     stream->name, phrase_count(latency->count, "value", count),
				     units_format_ms(latency->p50_ns, p50),
				     units_format_ms(latency->p99_ns, p99),
				     units_format_ms(latency->max_ns, max));
	}
}

void foreign_result(const struct report *report, struct buffer *out)
{
	if (is_from(report, "iperf3"))
		result_bulk(report, out);
	else if (is_from(report, "hdr"))
		result_values(report, out);
	else if (report->stream_count > 0)
		result_connections(&report->streams[0], out);
}

const char *foreign_evidence(const struct report *report)
{
	static const struct {
		const char *tool;
		const char *evidence;
	} tools[] = {
		{ "ctraffic", "counted by ctraffic, which measures no latency and no interruption; "
			      "a second of silence ends its connections" },
		{ "iperf3", "counted by iperf3, which measures no latency and no interruption" },
		{ "hdr", "a histogram log: its values are taken for response times in ns, what had "
			 "no answer is not in it" },
	};
	for (size_t i = 0; i < array_size(tools); i++) {
		if (is_from(report, tools[i].tool))
			return tools[i].evidence;
	}
	return "measured by another program";
}
