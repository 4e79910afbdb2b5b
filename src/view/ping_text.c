#include "view/ping_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/ping_lines.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define PART_MAX     (1 << 20)
#define NUMBER_WIDTH 6
#define LINES_MAX    100 /* beyond, only the failed ones of a report that is read again */
#define ROWS_MAX     60

/* A percentile is printed only with ten samples above it. */
static const struct percentile {
	const char *head;
	size_t offset;
	uint64_t samples_min;
} percentiles[] = {
	{ "p50", offsetof(struct report_latency, p50_ns), 20 },
	{ "p90", offsetof(struct report_latency, p90_ns), 100 },
	{ "p99", offsetof(struct report_latency, p99_ns), 1000 },
	{ "p99.9", offsetof(struct report_latency, p99_9_ns), 10000 },
};

static void ms_cell(struct text_table *table, uint64_t ns)
{
	char text[PING_MS_MAX];
	text_table_cell(table, "%s", ping_ms(ns, text));
}

/* Of those that are printed. */
struct columns {
	bool is_shown[array_size(percentiles)];
};

static void need_columns(struct columns *columns, const struct report_latency *latency)
{
	for (size_t i = 0; i < array_size(percentiles); i++)
		columns->is_shown[i] |= latency->count >= percentiles[i].samples_min;
}

static void add_columns(struct text_table *table, const struct columns *columns)
{
	text_table_column(table, "min", TEXT_RIGHT, NUMBER_WIDTH);
	text_table_column(table, "mean", TEXT_RIGHT, NUMBER_WIDTH);
	for (size_t i = 0; i < array_size(percentiles); i++)
		if (columns->is_shown[i])
			text_table_column(table, percentiles[i].head, TEXT_RIGHT, NUMBER_WIDTH);
	text_table_column(table, "max", TEXT_RIGHT, NUMBER_WIDTH);
}

static void add_cell(struct text_table *table, const struct report_latency *latency, size_t offset,
		     uint64_t samples_min)
{
	const char *place = (const char *)latency + offset;
	if (latency->count < samples_min)
		text_table_cell(table, "-");
	else
		ms_cell(table, *(const uint64_t *)(const void *)place);
}

static void add_cells(struct text_table *table, const struct columns *columns,
		      const struct report_latency *latency)
{
	add_cell(table, latency, offsetof(struct report_latency, min_ns), 1);
	add_cell(table, latency, offsetof(struct report_latency, mean_ns), 1);
	for (size_t i = 0; i < array_size(percentiles); i++)
		if (columns->is_shown[i])
			add_cell(table, latency, percentiles[i].offset, percentiles[i].samples_min);
	add_cell(table, latency, offsetof(struct report_latency, max_ns), 1);
}

/* ---- one target ---- */

static void write_latencies(const struct report_stream *stream, const struct text_style *style,
			    struct buffer *out)
{
	static const enum latency rows[] = {
		LATENCY_TOTAL, LATENCY_RESOLVE, LATENCY_CONNECT,  LATENCY_TLS,
		LATENCY_SEND,  LATENCY_WAIT,    LATENCY_TRANSFER, LATENCY_JITTER,
	};
	cleanup(text_table_deinit) struct text_table table;
	struct columns columns = { 0 };
	char count[UNITS_TEXT_MAX];
	for (size_t i = 0; i < array_size(rows); i++)
		need_columns(&columns, &stream->latency[rows[i]]);
	text_table_init(&table, style);
	text_table_column(&table, "LATENCY (ms)", TEXT_LEFT, 0);
	text_table_column(&table, "N", TEXT_RIGHT, NUMBER_WIDTH);
	add_columns(&table, &columns);
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct report_latency *latency = &stream->latency[rows[i]];
		if (latency->count == 0)
			continue;
		text_table_cell(&table, "%s", latency_name(rows[i]));
		text_table_cell(&table, "%s", units_format_grouped(latency->count, count));
		add_cells(&table, &columns, latency);
	}
	text_table_write(&table, out);
}

static void write_counts(const struct report_stream *stream, struct buffer *out)
{
	const struct counters *totals = &stream->totals;
	char due[UNITS_TEXT_MAX], sent[UNITS_TEXT_MAX], received[UNITS_TEXT_MAX];
	char skipped[UNITS_TEXT_MAX], failed[UNITS_TEXT_MAX], lost[UNITS_TEXT_MAX];
	char in_flight[UNITS_TEXT_MAX];
	buffer_append_format(
		out,
		"PROBES  %s due = %s begun + %s skipped;  %s begun = %s answered + %s failed (%s of "
		"them lost) + %s in flight\n",
		units_format_grouped(totals->scheduled, due),
		units_format_grouped(totals->sent, sent),
		units_format_grouped(totals->missed_generator, skipped), sent,
		units_format_grouped(totals->received, received),
		units_format_grouped(totals->connect_failures, failed),
		units_format_grouped(totals->lost, lost),
		units_format_grouped(totals->in_flight, in_flight));
}

static void write_one(const struct report_stream *stream, const struct text_style *style,
		      struct buffer *out)
{
	if (stream->latency[LATENCY_TOTAL].count < percentiles[0].samples_min)
		return;
	buffer_append_text(out, "\n");
	write_latencies(stream, style, out);
	write_counts(stream, out);
}

/* ---- several ---- */

static void add_target(const struct report_stream *stream, const struct columns *columns,
		       struct text_table *table)
{
	char answered[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];
	char words[PHRASE_MAX];
	cleanup(buffer_deinit) struct buffer why;
	const struct report_ping *ping = &stream->ping;
	buffer_init(&why, 4096);
	for (uint32_t i = ping->probe_count; i > 0 && why.size == 0; i--)
		if (ping->probes[i - 1].has_failed)
			ping_failure_text(&ping->probes[i - 1], &why);
	if (why.size == 0 && stream->error_count > 0)
		buffer_append_text(&why, error_words(&stream->errors[0], words));
	text_table_cell(table, "%s", stream->target);
	text_table_cell(table, "%s/%s", units_format_grouped(stream->totals.received, answered),
			units_format_grouped(stream->totals.sent - stream->totals.in_flight, all));
	add_cells(table, columns, &stream->latency[LATENCY_TOTAL]);
	text_table_cell(table, "%s%s", buffer_text(&why), ping->is_stopped ? "; stopped" : "");
}

static void write_many(const struct report *report, const struct text_style *style,
		       struct buffer *out)
{
	cleanup(text_table_deinit) struct text_table table;
	struct arena arena cleanup(arena_deinit);
	uint32_t rows = report->stream_count < ROWS_MAX ? report->stream_count : ROWS_MAX;
	struct columns columns = { 0 };
	arena_init(&arena);
	for (uint32_t i = 0; i < report->stream_count; i++)
		need_columns(&columns, &report->streams[i].latency[LATENCY_TOTAL]);
	uint32_t *order = ping_order(report, &arena);
	text_table_init(&table, style);
	text_table_column(&table, "TARGET (total, ms)", TEXT_LEFT, 0);
	text_table_column(&table, "ANSWERED", TEXT_RIGHT, 0);
	add_columns(&table, &columns);
	text_table_column(&table, "WHY NOT, LAST", TEXT_LEFT, 0);
	for (uint32_t i = 0; i < rows; i++)
		add_target(&report->streams[order[i]], &columns, &table);
	buffer_append_text(out, "\n");
	text_table_write(&table, out);
	if (rows < report->stream_count)
		buffer_append_format(out, "(%" PRIu32 " more; -o csv-figures has them)\n",
				     report->stream_count - rows);
}

/* ---- all ---- */

static uint64_t count_lines(const struct report *report)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		count += report->streams[i].ping.probe_count;
	return count;
}

static void write_lines(const struct report *report, const struct text_style *style,
			struct buffer *out)
{
	bool has_all = count_lines(report) <= LINES_MAX;
	struct ping_layout layout;
	ping_layout_of(report, &layout);
	ping_lines_head(&layout, out);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		for (uint32_t k = 0; k < stream->ping.probe_count; k++)
			if (has_all || stream->ping.probes[k].has_failed)
				ping_line(&layout, style, stream->target, &stream->ping.probes[k],
					  out);
	}
	if (!has_all)
		buffer_append_text(out,
				   "(those that were answered are not shown: -o json or csv)\n");
}

static void write_end(const struct report *report, const struct text_style *style,
		      struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer part;
	buffer_init(&part, PART_MAX);
	text_append_line(out, style, "Result:  ", report->result);
	text_append_line(out, style, "Trust:   ", report->trust);
	text_expectations(report, style, &part);
	if (part.size > 0) {
		buffer_append_text(out, "\n");
		buffer_append(out, part.data, part.size);
	}
	if (ping_is_waiting(report) || report->not_measured)
		return;
	if (report->stream_count == 1)
		write_one(&report->streams[0], style, out);
	else
		write_many(report, style, out);
}

static bool has_lines(const struct report *report, const struct text_style *style)
{
	bool is_short = report->stream_count == 1 || count_lines(report) <= LINES_MAX;
	/* What reports were merged into has no probes. */
	bool has_any = count_lines(report) > 0;
	return style->part == TEXT_WHOLE && is_short && has_any && !ping_is_waiting(report) &&
	       !report->not_measured && !style->is_markdown;
}

void ping_text_write(const struct report *report, const struct text_style *style,
		     struct buffer *out)
{
	if (style->part != TEXT_END) {
		text_append(out, style, report->headline);
		buffer_append_text(out, "\n");
	}
	if (has_lines(report, style))
		write_lines(report, style, out);
	write_end(report, style, out);
}
