/* The tables of the page. A cell that is sorted by its number has it in data-v. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "base/xml.h"
#include "view/phrase.h"
#include "view/ping_text.h"
#include "view/plot/html_parts.h"

/* Rows of a table; how many more there are is said below it. */
#define ROWS_MAX 2000

/* ---- cells ---- */

static void text_cell(struct buffer *out, const char *text)
{
	buffer_append_text(out, "<td class=\"t\">");
	xml_append(out, text ? text : "-");
	buffer_append_text(out, "</td>");
}

static void number_cell(struct buffer *out, int64_t value, const char *text)
{
	buffer_append_format(out, "<td data-v=\"%" PRId64 "\">", value);
	xml_append(out, text);
	buffer_append_text(out, "</td>");
}

static void count_cell(struct buffer *out, uint64_t count)
{
	char text[UNITS_TEXT_MAX];
	number_cell(out, (int64_t)count, units_format_grouped(count, text));
}

static void moment_cell(struct buffer *out, int64_t at_ns)
{
	char text[PHRASE_MAX];
	number_cell(out, at_ns, at_ns == INT64_MIN ? "-" : phrase_offset(at_ns, text));
}

static void span_cell(struct buffer *out, uint64_t ns, uint64_t resolution_ns)
{
	char text[PHRASE_MAX];
	number_cell(out, (int64_t)ns, ns ? phrase_span(ns, resolution_ns, text) : "-");
}

static void ms_cell(struct buffer *out, uint64_t ns)
{
	char text[UNITS_TEXT_MAX];
	number_cell(out, (int64_t)ns, ns ? units_format_ms(ns, text) : "-");
}

/* ---- tables ---- */

/* Heads that begin with a blank are of text columns. */
static void open_table(struct buffer *out, const char *title, const char *const *heads,
		       size_t count)
{
	buffer_append_format(
		out, "<h2>%s</h2>\n<div class=\"scroll\"><table class=\"long\"><thead><tr>", title);
	for (size_t i = 0; i < count; i++) {
		bool is_text = heads[i][0] == ' ';
		buffer_append_format(out, "<th%s>%s</th>", is_text ? " class=\"t\"" : "",
				     heads[i] + is_text);
	}
	buffer_append_text(out, "</tr></thead><tbody>\n");
}

static void close_table(struct buffer *out, uint64_t left_out)
{
	char count[UNITS_TEXT_MAX];
	buffer_append_text(out, "</tbody></table></div>\n");
	if (left_out)
		buffer_append_format(out, "<p class=\"note\">%s more</p>\n",
				     units_format_grouped(left_out, count));
}

static uint32_t rows_of(uint32_t count)
{
	return count < ROWS_MAX ? count : ROWS_MAX;
}

static void backend_row(struct buffer *out, const struct report_stream *stream,
			const struct report_backend *backend)
{
	buffer_append_text(out, "<tr>");
	text_cell(out, backend->name);
	count_cell(out, backend->slots);
	for (int i = 0; i < SURVIVAL_COUNT; i++) {
		if (stream->survival[i])
			count_cell(out, backend->survival[i]);
	}
	count_cell(out, backend->lost);
	span_cell(out, backend->longest_ns, stream->interruptions.resolution_ns);
	count_cell(out, backend->slots_at_end);
	buffer_append_text(out, "</tr>\n");
}

static void write_backends(const struct report_stream *stream, struct buffer *out)
{
	const char *heads[SURVIVAL_COUNT + 5] = { " backend", "clients" };
	size_t count = 2;
	if (stream->backend_count == 0)
		return;
	for (int i = 0; i < SURVIVAL_COUNT; i++) {
		if (stream->survival[i])
			heads[count++] = survival_name(i);
	}
	heads[count++] = "lost";
	heads[count++] = "longest";
	heads[count++] = "at the end";
	open_table(out, "Backends", heads, count);
	for (uint32_t i = 0; i < rows_of(stream->backend_count); i++)
		backend_row(out, stream, &stream->backends[i]);
	close_table(out, stream->backend_count - rows_of(stream->backend_count));
}

static void interval_row(struct buffer *out, const struct report_interval *interval,
			 uint64_t resolution_ns)
{
	uint64_t length_ns = (uint64_t)interval->end_ns - (uint64_t)interval->start_ns;
	buffer_append_text(out, "<tr>");
	count_cell(out, interval->slot);
	text_cell(out, interval->backend);
	moment_cell(out, interval->start_ns);
	span_cell(out, length_ns, resolution_ns);
	count_cell(out, interval->unanswered);
	text_cell(out, interval->is_open ? "open at the end" : "");
	buffer_append_text(out, "</tr>\n");
}

static void write_intervals(const struct report_intervals *intervals, const char *title,
			    const char *noun, struct buffer *out)
{
	const char *const heads[] = { noun, " backend", "from", "length", "unanswered", " " };
	if (intervals->list_count == 0)
		return;
	open_table(out, title, heads, array_size(heads));
	for (uint32_t i = 0; i < rows_of(intervals->list_count); i++)
		interval_row(out, &intervals->list[i], intervals->resolution_ns);
	close_table(out, intervals->list_count - rows_of(intervals->list_count) +
				 intervals->list_omitted);
}

static void write_intervals_of(const struct report_stream *stream, struct buffer *out)
{
	bool is_datagram = strcmp(stream->transport, "udp") == 0;
	write_intervals(&stream->interruptions, "Interruptions", is_datagram ? "flow" : "client",
			out);
	if (strcmp(stream->kind, "attempts") == 0)
		write_intervals(&stream->outages, "Outages of new connections", "attempt", out);
	else
		write_intervals(&stream->outages, "Outages of the path", "flow", out);
	write_intervals(&stream->stalls, "Stalls", "client", out);
}

/* A percentile is told with ten samples above it. */
#define SAMPLES_OF_P50 20
#define SAMPLES_OF_P99 1000

/* Of ping, in its order of the worst first. */
static void write_targets(const struct report *report, struct buffer *out)
{
	static const char *const heads[] = { " target",  "probes",  "failed",  "total min, ms",
					     "mean, ms", "p50, ms", "p99, ms", "max, ms" };
	struct arena arena cleanup(arena_deinit);
	arena_init(&arena);
	const uint32_t *order = ping_order(report, &arena);
	open_table(out, "Targets", heads, array_size(heads));
	for (uint32_t i = 0; i < rows_of(report->stream_count); i++) {
		const struct report_stream *stream = &report->streams[order[i]];
		const struct report_latency *total = &stream->latency[LATENCY_TOTAL];
		buffer_append_text(out, "<tr>");
		text_cell(out, stream->target);
		count_cell(out, stream->totals.sent);
		count_cell(out, stream->totals.connect_failures);
		ms_cell(out, total->min_ns);
		ms_cell(out, total->mean_ns);
		ms_cell(out, total->count >= SAMPLES_OF_P50 ? total->p50_ns : 0);
		ms_cell(out, total->count >= SAMPLES_OF_P99 ? total->p99_ns : 0);
		ms_cell(out, total->max_ns);
		buffer_append_text(out, "</tr>\n");
	}
	close_table(out, report->stream_count - rows_of(report->stream_count));
}

static void write_errors(const struct report *report, struct buffer *out)
{
	static const char *const heads[] = {
		" stream", " step", " what", "count", "first", "last"
	};
	bool is_open = false;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		for (uint32_t k = 0; k < rows_of(stream->error_count); k++) {
			const struct report_error *error = &stream->errors[k];
			if (!is_open)
				open_table(out, "Errors", heads, array_size(heads));
			is_open = true;
			buffer_append_text(out, "<tr>");
			text_cell(out, stream->has_ping ? stream->target : stream->name);
			text_cell(out, phase_name(error->phase));
			text_cell(out, outcome_sentence(error->outcome));
			count_cell(out, error->count);
			moment_cell(out, error->first_ns);
			moment_cell(out, error->last_ns);
			buffer_append_text(out, "</tr>\n");
		}
	}
	if (is_open)
		close_table(out, 0);
}

static void connection_row(struct buffer *out, const struct report_connection *connection)
{
	char local[ENDPOINT_TEXT_MAX];
	buffer_append_text(out, "<tr>");
	count_cell(out, connection->id);
	text_cell(out, connection->stream);
	count_cell(out, connection->slot);
	text_cell(out, connection->backend);
	text_cell(out,
		  connection->local.family ? endpoint_format(&connection->local, local) : NULL);
	moment_cell(out, connection->started_ns);
	moment_cell(out, connection->ended_ns);
	text_cell(out, outcome_sentence(connection->outcome));
	count_cell(out, connection->sent);
	count_cell(out, connection->received);
	count_cell(out, connection->lost);
	count_cell(out, connection->retransmits);
	ms_cell(out, connection->rtt_ns);
	buffer_append_text(out, "</tr>\n");
}

static void write_connections(const struct report *report, struct buffer *out)
{
	static const char *const heads[] = { "id",       " stream",  "client", " backend",
					     " local",   "started",  "ended",  " outcome",
					     "sent",     "received", "lost",   "sent again",
					     "RTT in ms" };
	if (report->connection_count == 0)
		return;
	open_table(out, "Connections", heads, array_size(heads));
	for (uint32_t i = 0; i < rows_of(report->connection_count); i++)
		connection_row(out, &report->connections[i]);
	close_table(out, report->connection_count - rows_of(report->connection_count) +
				 report->connections_omitted);
}

void html_write_tables(const struct report *report, struct buffer *out)
{
	for (uint32_t i = 0; i < report->stream_count; i++)
		write_backends(&report->streams[i], out);
	if (report_is_ping(report))
		write_targets(report, out);
	write_errors(report, out);
	for (uint32_t i = 0; i < report->stream_count; i++)
		write_intervals_of(&report->streams[i], out);
	write_connections(report, out);
}
