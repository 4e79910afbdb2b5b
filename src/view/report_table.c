/* See report_table.h. */
#include "view/report_table.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "view/ctraffic_table.h"
#include "view/phrase.h"
#include "view/text_table.h"

static const char *grouped(uint64_t count, char text[UNITS_TEXT_MAX])
{
	return units_format_grouped(count, text);
}

/* ---- interruptions ---- */

static void interruption_row(struct text_table *table, const struct report_interval *interval,
			     uint64_t resolution_ns)
{
	char from[PHRASE_MAX], to[PHRASE_MAX], length[PHRASE_MAX], count[UNITS_TEXT_MAX];
	uint64_t length_ns = (uint64_t)(interval->end_ns - interval->start_ns);
	text_table_cell(table, "%u", interval->slot);
	text_table_cell(table, "%s", interval->backend ? interval->backend : "-");
	text_table_cell(table, "%s", phrase_offset(interval->start_ns, from));
	text_table_cell(table, "%s",
			interval->is_open ? "open" : phrase_offset(interval->end_ns, to));
	text_table_cell(table, "%s", phrase_span(length_ns, resolution_ns, length));
	text_table_cell(table, "%s", grouped(interval->unanswered, count));
}

static int interruptions(const struct report *report, struct text_table *table, struct error *error)
{
	const struct report_stream *stream = report_main_stream(report);
	const struct report_intervals *all = stream ? &stream->interruptions : NULL;
	if (!all || !all->is_measured)
		return error_set(error, ENODATA, "no interruptions: %s",
				 all && all->reason ? all->reason
						    : "it has no persistent connections");
	text_table_column(table, "CLIENT", TEXT_RIGHT, 0);
	text_table_column(table, "BACKEND", TEXT_LEFT, 0);
	text_table_column(table, "FROM", TEXT_RIGHT, 0);
	text_table_column(table, "TO", TEXT_RIGHT, 0);
	text_table_column(table, "LENGTH", TEXT_LEFT, 0);
	text_table_column(table, "UNANSWERED", TEXT_RIGHT, 0);
	for (uint32_t i = 0; i < all->list_count; i++)
		interruption_row(table, &all->list[i], all->resolution_ns);
	return 0;
}

/* ---- survival ---- */

static void survival_row(struct text_table *table, const struct report_stream *stream,
			 const char *what, uint64_t count)
{
	char text[UNITS_TEXT_MAX];
	text_table_cell(table, "%s", stream->name);
	text_table_cell(table, "%s", what);
	text_table_cell(table, "%s", grouped(count, text));
	if (stream->slots > 0)
		text_table_cell(table, "%.3g %%", 100 * (double)count / (double)stream->slots);
	else
		text_table_cell(table, "-");
}

static void survival_rows(struct text_table *table, const struct report_stream *stream)
{
	for (enum survival i = 0; i < SURVIVAL_COUNT; i++)
		survival_row(table, stream, survival_sentence(i), stream->survival[i]);
	survival_row(table, stream, "connected again", stream->reconnected);
	survival_row(table, stream, "changed the backend", stream->backend_changed);
}

static int survival(const struct report *report, struct text_table *table, struct error *error)
{
	bool has_one = false;
	text_table_column(table, "STREAM", TEXT_LEFT, 0);
	text_table_column(table, "BECAME", TEXT_LEFT, 0);
	text_table_column(table, "CLIENTS", TEXT_RIGHT, 0);
	text_table_column(table, "SHARE", TEXT_RIGHT, 0);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		if (report->streams[i].has_survival)
			survival_rows(table, &report->streams[i]);
		has_one |= report->streams[i].has_survival;
	}
	return has_one ? 0
		       : error_set(error, ENODATA, "no survival: it has no persistent connections");
}

/* ---- errors ---- */

static void error_row(struct text_table *table, const struct report_stream *stream,
		      const struct report_error *row)
{
	char count[UNITS_TEXT_MAX], first[PHRASE_MAX], last[PHRASE_MAX];
	text_table_cell(table, "%s", stream->name);
	text_table_cell(table, "%s", phase_name(row->phase));
	text_table_cell(table, "%s", outcome_sentence(row->outcome));
	text_table_cell(table, "%s", grouped(row->count, count));
	text_table_cell(table, "%s", phrase_offset(row->first_ns, first));
	text_table_cell(table, "%s", phrase_offset(row->last_ns, last));
}

static int errors(const struct report *report, struct text_table *table, struct error *error)
{
	(void)error;
	text_table_column(table, "STREAM", TEXT_LEFT, 0);
	text_table_column(table, "IN", TEXT_LEFT, 0);
	text_table_column(table, "ERROR", TEXT_LEFT, 0);
	text_table_column(table, "COUNT", TEXT_RIGHT, 0);
	text_table_column(table, "FIRST", TEXT_RIGHT, 0);
	text_table_column(table, "LAST", TEXT_RIGHT, 0);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		for (uint32_t k = 0; k < stream->error_count; k++)
			error_row(table, stream, &stream->errors[k]);
	}
	return 0;
}

/* ---- */

static int write_ours(const struct report *report,
		      int (*fill)(const struct report *report, struct text_table *table,
				  struct error *error),
		      const struct text_style *style, struct buffer *out, struct error *error)
{
	cleanup(text_table_deinit) struct text_table table;
	text_table_init(&table, style);
	int failure = fill(report, &table, error);
	if (failure == 0)
		text_table_write(&table, out);
	return failure;
}

int report_table_write(const struct report *report, const char *table,
		       const struct text_style *style, struct buffer *out, struct error *error)
{
	static const struct {
		const char *name;
		ctraffic_table *theirs;
		int (*ours)(const struct report *report, struct text_table *table,
			    struct error *error);
	} tables[] = {
		{ "throughput", ctraffic_table_throughput, NULL },
		{ "connections", ctraffic_table_connections, NULL },
		{ "hosts", ctraffic_table_hosts, NULL },
		{ "interruptions", NULL, interruptions },
		{ "survival", NULL, survival },
		{ "errors", NULL, errors },
	};
	for (size_t i = 0; i < array_size(tables); i++) {
		if (strcmp(table, tables[i].name) != 0)
			continue;
		return tables[i].theirs ? tables[i].theirs(report, out, error)
					: write_ours(report, tables[i].ours, style, out, error);
	}
	return error_set(error, EINVAL, "--table: no table \"%s\"", table);
}
