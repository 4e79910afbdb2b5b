/* The latencies of all streams as one table, and the identity of messages. See text_parts.h. */
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/target_text.h"
#include "view/text_parts.h"
#include "view/text_table.h"

/* A percentile is printed only with ten samples above it. */
#define SAMPLES_ABOVE 10
#define NUMBER_WIDTH  5

static const struct percentile {
	const char *head;
	size_t offset;
	uint64_t samples_min;
	bool is_always; /* the column is there even if no row has it */
} percentiles[] = {
	{ "p50", offsetof(struct report_latency, p50_ns), SAMPLES_ABOVE * 2, true },
	{ "p90", offsetof(struct report_latency, p90_ns), SAMPLES_ABOVE * 10, true },
	{ "p99", offsetof(struct report_latency, p99_ns), SAMPLES_ABOVE * 100, true },
	{ "p99.9", offsetof(struct report_latency, p99_9_ns), SAMPLES_ABOVE * 1000, false },
	{ "p99.99", offsetof(struct report_latency, p99_99_ns), SAMPLES_ABOVE * 10000, false },
};

/* Which latency of which stream is a row, and what it says behind. */
static const struct latency_line {
	const char *stream;
	const char *name;
	enum latency latency;
	const char *note;
	const char *request_note; /* where messages are requests; NULL: the same */
} lines[] = {
	{ "persistent", "response", LATENCY_RESPONSE, "from the time a message was due",
	  "from the time a request was due: what a user waits" },
	{ "persistent", "service", LATENCY_SERVICE, "from the first byte sent; answered ones only",
	  "from the first byte sent: what wrk and ab print" },
	{ "load", "response", LATENCY_RESPONSE, "from the time a message was due",
	  "from the time a request was due: what a user waits" },
	{ "load", "service", LATENCY_SERVICE, "from the first byte sent; answered ones only",
	  "from the first byte sent: what wrk and ab print" },
	{ "load", "connect", LATENCY_CONNECT, "", NULL },
	{ "load", "tls", LATENCY_TLS, "", NULL },
	{ "load", "websocket", LATENCY_UPGRADE, "upgrade sent to 101 received", NULL },
	{ "probe", "probe", LATENCY_RESPONSE, "an echo beside the load, from the time it was due",
	  "a request beside the load, from the time it was due" },
	{ "new", "new", LATENCY_FIRST_REPLY, "connect to first reply", NULL },
	{ "path", "path", LATENCY_RESPONSE, "UDP probe, from the time it was due", NULL },
};

/* Of a load that nobody answers, connecting is no question of latency. */
static bool is_telling(const struct report *report, const struct report_stream *stream,
		       const struct latency_line *line)
{
	bool is_answered =
		stream->latency[LATENCY_SERVICE].is_measured && !report->has_nothing_answered;
	return strcmp(line->stream, "load") != 0 || is_answered;
}

static const struct report_latency *line_latency(const struct report *report,
						 const struct latency_line *line)
{
	const struct report_stream *stream = report_stream(report, line->stream);
	if (!stream || !stream->is_measured || !is_telling(report, stream, line))
		return NULL;
	const struct report_latency *latency = &stream->latency[line->latency];
	return latency->is_measured && latency->count > 0 ? latency : NULL;
}

static bool has_column(const struct report *report, const struct percentile *percentile)
{
	bool is_wanted = percentile->is_always;
	for (size_t i = 0; i < array_size(lines) && !is_wanted; i++) {
		const struct report_latency *latency = line_latency(report, &lines[i]);
		is_wanted = latency && latency->count >= percentile->samples_min;
	}
	return is_wanted;
}

/* From the smallest lower bound on, all that is known is that it took longer than the time that
 * answers are waited for. */
static void latency_cell(struct text_table *table, const struct report *report,
			 const struct report_latency *latency, uint64_t value_ns)
{
	char text[UNITS_TEXT_MAX];
	if (latency->censored > 0 && value_ns >= latency->censored_min_ns)
		text_table_cell(table, ">%s", units_format_ms(report->reply_timeout_ns, text));
	else
		text_table_cell(table, "%s", units_format_ms(value_ns, text));
}

/* "1.0 s after connect", if that is one length for all that ended so. */
static bool ended_after(const struct report *report, enum outcome outcome, char text[PHRASE_MAX])
{
	bool has_one = false;
	char other[PHRASE_MAX];
	for (uint32_t i = 0; i < report->connection_count; i++) {
		const struct report_connection *connection = &report->connections[i];
		bool is_meant = strcmp(connection->stream, "new") == 0 &&
				connection->outcome == outcome &&
				connection->connected_ns != INT64_MIN &&
				connection->ended_ns >= connection->connected_ns;
		if (!is_meant)
			continue;
		uint64_t length =
			(uint64_t)connection->ended_ns - (uint64_t)connection->connected_ns;
		if (has_one && strcmp(phrase_duration(length, other), text) != 0)
			return false;
		(void)phrase_duration(length, text);
		has_one = true;
	}
	return has_one;
}

/* "; 3 closed by peer 1.0 s after connect, unanswered" */
static void note_failures(const struct report *report, const struct report_stream *stream,
			  struct buffer *out)
{
	char count[UNITS_TEXT_MAX], length[PHRASE_MAX], words[PHRASE_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < stream->error_count; i++) {
		const struct report_error *error = &stream->errors[i];
		if (!clauses.has_one)
			buffer_append_text(out, "; ");
		buffer_append_format(clauses_next(&clauses), "%s %s",
				     units_format_grouped(error->count, count),
				     error_words(error, words));
		if (ended_after(report, error->outcome, length))
			buffer_append_format(out, " %s after connect", length);
	}
	if (clauses.has_one)
		buffer_append_text(out, ", unanswered");
}

static void note(const struct report *report, const struct latency_line *line,
		 const struct report_latency *latency, struct buffer *out)
{
	char count[UNITS_TEXT_MAX];
	const struct report_stream *stream = report_stream(report, line->stream);
	buffer_clear(out);
	if (stream && strcmp(message_noun(stream), "request") == 0 && line->request_note)
		buffer_append_text(out, line->request_note);
	else
		buffer_append_text(out, line->note);
	if (latency->censored == 0)
		return;
	if (line->latency == LATENCY_FIRST_REPLY)
		note_failures(report, report_stream(report, line->stream), out);
	else
		buffer_append_format(out, "; %s unanswered %s in it",
				     units_format_grouped(latency->censored, count),
				     latency->censored == 1 ? "is" : "are");
}

static void latency_row(struct text_table *table, const struct report *report,
			const struct latency_line *line, const struct report_latency *latency)
{
	cleanup(buffer_deinit) struct buffer text;
	char count[UNITS_TEXT_MAX];
	text_table_cell(table, "%s", line->name);
	text_table_cell(table, "%s", units_format_grouped(latency->count, count));
	for (size_t i = 0; i < array_size(percentiles); i++) {
		const struct percentile *percentile = &percentiles[i];
		if (!has_column(report, percentile))
			continue;
		if (latency->count < percentile->samples_min)
			text_table_cell(table, "-");
		else
			latency_cell(table, report, latency,
				     *(const uint64_t *)(const void *)((const char *)latency +
								       percentile->offset));
	}
	latency_cell(table, report, latency, latency->max_ns);
	buffer_init(&text, CLAUSES_MAX);
	note(report, line, latency, &text);
	text_table_cell(table, "%s", buffer_text(&text));
}

void text_latencies(const struct report *report, const struct text_style *style, struct buffer *out)
{
	cleanup(text_table_deinit) struct text_table table;
	bool has_row = false;
	text_table_init(&table, style);
	text_table_column(&table, "LATENCY (ms)", TEXT_LEFT, 0);
	text_table_column(&table, "N", TEXT_RIGHT, NUMBER_WIDTH);
	for (size_t i = 0; i < array_size(percentiles); i++) {
		if (has_column(report, &percentiles[i]))
			text_table_column(&table, percentiles[i].head, TEXT_RIGHT, NUMBER_WIDTH);
	}
	text_table_column(&table, "max", TEXT_RIGHT, NUMBER_WIDTH);
	text_table_column(&table, "", TEXT_LEFT, 0);
	for (size_t i = 0; i < array_size(lines); i++) {
		const struct report_latency *latency = line_latency(report, &lines[i]);
		if (latency)
			latency_row(&table, report, &lines[i], latency);
		has_row |= latency != NULL;
	}
	if (has_row)
		text_table_write(&table, out);
	text_counts(report, style, out);
}
