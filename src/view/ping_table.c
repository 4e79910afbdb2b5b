#include "view/ping_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "view/ping_lines.h"
#include "view/text_table.h"

/* Of a terminal that does not say its size. */
#define COLUMNS_USUAL 80
#define ROWS_USUAL    24
#define FIGURES_WIDTH 46 /* all but the target and the clause */
#define NOW_WIDTH     18
#define TARGET_LEAST  16

struct row {
	const struct probe_series *series;
	const char *target;
	double failed; /* share */
	uint64_t total_ns;
};

static int worst_first(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;
	if (a->failed != b->failed)
		return a->failed > b->failed ? -1 : 1;
	if (a->total_ns != b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	return strcmp(a->target, b->target);
}

static struct row *sorted_rows(const struct report *report, struct probe_series *const *series,
			       struct arena *arena)
{
	struct row *rows = arena_take_array(arena, report->stream_count, sizeof(*rows));
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct counters *counters = probe_series_counters(series[i]);
		double sent = (double)counters->sent;
		rows[i] = (struct row){
			.series = series[i],
			.target = report->streams[i].target,
			.failed = sent > 0 ? (double)counters->connect_failures / sent : 0,
			.total_ns = hist_percentile(probe_series_total(series[i]), 50),
		};
	}
	qsort(rows, report->stream_count, sizeof(*rows), worst_first);
	return rows;
}

static void append_clause(const struct probe_series *series, struct buffer *line)
{
	const struct probe_result *newest = probe_series_newest(series);
	struct report_probe probe;
	char status[PING_STATUS_MAX];
	if (!newest)
		return;
	report_probe_of(newest, 0, &probe);
	if (probe.has_failed)
		ping_failure_text(&probe, line);
	else
		buffer_append_text(line, ping_status_text(&probe, status));
}

/* Without its scheme, and what then is too long without its middle: targets differ in their hosts
 * or at their ends. */
static void append_target(const char *target, unsigned width, struct buffer *line)
{
	const char *scheme_end = strstr(target, "://");
	if (strlen(target) > width && scheme_end)
		target = scheme_end + strlen("://");
	size_t length = strlen(target);
	if (length <= width) {
		buffer_append_format(line, "%-*s", (int)width, target);
		return;
	}
	unsigned tail = (width - 2) / 2;
	buffer_append(line, target, width - 2 - tail);
	buffer_append_text(line, "..");
	buffer_append(line, target + length - tail, tail);
}

static void append_row(const struct row *row, unsigned target_width, struct buffer *line)
{
	const struct counters *counters = probe_series_counters(row->series);
	const struct hist *total = probe_series_total(row->series);
	const struct probe_result *newest = probe_series_newest(row->series);
	char last[PING_MS_MAX] = "-", median[PING_MS_MAX] = "-", most[PING_MS_MAX] = "-";
	if (newest && newest->outcome == OUTCOME_DONE)
		(void)ping_ms(probe_total(newest), last);
	if (total->count > 0) {
		(void)ping_ms(row->total_ns, median);
		(void)ping_ms(total->maximum, most);
	}
	append_target(row->target, target_width, line);
	buffer_append_format(line, " %6" PRIu64 " %6" PRIu64 " %9s %9s %9s  ", counters->sent,
			     counters->connect_failures, last, median, most);
	append_clause(row->series, line);
}

/* Cut to what the terminal has, so that no line takes two. */
static void put_line(struct ping_table *table, const struct buffer *line, unsigned columns,
		     struct buffer *out)
{
	static const struct text_style plain;
	cleanup(buffer_deinit) struct buffer cut;
	buffer_init(&cut, 4096);
	buffer_append(&cut, buffer_text(line), line->size < columns - 1 ? line->size : columns - 1);
	text_append(out, &plain, buffer_text(&cut));
	buffer_append_text(out, "\033[K\r\n");
	table->shown++;
}

static unsigned target_width_of(const struct report *report, unsigned columns)
{
	size_t longest = TARGET_LEAST;
	size_t room = columns > FIGURES_WIDTH + NOW_WIDTH + TARGET_LEAST
			      ? columns - FIGURES_WIDTH - NOW_WIDTH
			      : TARGET_LEAST;
	for (uint32_t i = 0; i < report->stream_count; i++)
		if (strlen(report->streams[i].target) > longest)
			longest = strlen(report->streams[i].target);
	return (unsigned)(longest < room ? longest : room);
}

void ping_table_show(struct ping_table *table, const struct report *report,
		     struct probe_series *const *series, struct ping_table_size size,
		     struct buffer *out)
{
	struct arena arena cleanup(arena_deinit);
	cleanup(buffer_deinit) struct buffer line;
	unsigned columns = size.columns ? size.columns : COLUMNS_USUAL;
	unsigned room = (size.rows ? size.rows : ROWS_USUAL) - 1;
	unsigned width = target_width_of(report, columns);
	arena_init(&arena);
	buffer_init(&line, 8192);
	const struct row *rows = sorted_rows(report, series, &arena);
	if (table->shown > 0)
		buffer_append_format(out, "\033[%uA\r", table->shown);
	table->shown = 0;
	buffer_append_format(&line, "%-*s %6s %6s %9s %9s %9s  NOW", (int)width, "TARGET", "PROBES",
			     "FAILED", "LAST ms", "p50", "max");
	put_line(table, &line, columns, out);
	bool is_cut = report->stream_count + 1 > room;
	uint32_t shown = is_cut ? room > 2 ? room - 2 : 0 : report->stream_count;
	for (uint32_t i = 0; i < shown; i++) {
		buffer_clear(&line);
		append_row(&rows[i], width, &line);
		put_line(table, &line, columns, out);
	}
	buffer_clear(&line);
	buffer_append_format(&line, "(%" PRIu32 " more)", report->stream_count - shown);
	if (is_cut)
		put_line(table, &line, columns, out);
	buffer_append_text(out, "\033[J");
}

void ping_table_clear(struct ping_table *table, struct buffer *out)
{
	if (table->shown > 0)
		buffer_append_format(out, "\033[%uA\r\033[J", table->shown);
	table->shown = 0;
}
