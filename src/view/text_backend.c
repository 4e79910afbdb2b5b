/* What became of the clients: a row a backend that they began with. See text_parts.h. */
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define ROWS_MAX 12

/* A column adds up classes of survival. */
static const struct survival_column {
	const char *head;
	unsigned classes;
	bool is_always; /* there even where all rows have 0; for datagrams the first alone */
} columns[] = {
	{ "UNTOUCHED", 1u << SURVIVAL_UNTOUCHED, true },
	{ "STALLED", 1u << SURVIVAL_RECOVERED | 1u << SURVIVAL_STALLED, true },
	{ "CLOSED", 1u << SURVIVAL_CLOSED, true },
	{ "RESET", 1u << SURVIVAL_RESET, true },
	{ "TIMED OUT", 1u << SURVIVAL_TIMED_OUT, false },
	{ "CORRUPTED", 1u << SURVIVAL_CORRUPTED, false },
	{ "NEVER UP", 1u << SURVIVAL_NEVER_CONNECTED, false },
	{ "UNKNOWN", 1u << SURVIVAL_UNKNOWN, false },
};

static uint64_t slots_in(const uint64_t survival[SURVIVAL_COUNT], unsigned classes)
{
	uint64_t count = 0;
	for (unsigned i = 0; i < SURVIVAL_COUNT; i++)
		count += classes & (1u << i) ? survival[i] : 0;
	return count;
}

static bool has_column(const struct report_stream *stream, const struct survival_column *column)
{
	bool is_always =
		column->is_always && (column == columns || strcmp(stream->transport, "udp") != 0);
	return stream->has_survival &&
	       (is_always || slots_in(stream->survival, column->classes) > 0);
}

static void count_cell(struct text_table *table, uint64_t count)
{
	char text[UNITS_TEXT_MAX];
	text_table_cell(table, "%s", units_format_grouped(count, text));
}

static void backend_row(struct text_table *table, const struct report_stream *stream,
			const struct report_backend *backend)
{
	char longest[PHRASE_MAX];
	if (report_has_backend_names(stream))
		text_table_cell(table, "%s", backend->name ? backend->name : "-");
	count_cell(table, backend->slots);
	for (size_t i = 0; i < array_size(columns); i++) {
		if (has_column(stream, &columns[i]))
			count_cell(table, slots_in(backend->survival, columns[i].classes));
	}
	count_cell(table, backend->lost);
	if (backend->longest_ns > 0)
		text_table_cell(table, "%s%s",
				phrase_span(backend->longest_ns,
					    stream->interruptions.resolution_ns, longest),
				backend->is_longest_open ? ", open" : "");
	else
		text_table_cell(table, "-");
	if (report_has_backend_names(stream))
		count_cell(table, backend->slots_at_end);
}

static void backend_columns(struct text_table *table, const struct report_stream *stream)
{
	bool is_datagram = strcmp(stream->transport, "udp") == 0;
	if (report_has_backend_names(stream))
		text_table_column(table, "BACKEND", TEXT_LEFT, 0);
	text_table_column(table, is_datagram ? "FLOWS" : "CLIENTS", TEXT_RIGHT, 0);
	for (size_t i = 0; i < array_size(columns); i++) {
		if (has_column(stream, &columns[i]))
			text_table_column(table, columns[i].head, TEXT_RIGHT, 0);
	}
	text_table_column(table, "LOST", TEXT_RIGHT, 0);
	text_table_column(table, "LONGEST", TEXT_LEFT, 0);
	if (report_has_backend_names(stream))
		text_table_column(table, is_datagram ? "FLOWS AT END" : "CLIENTS AT END",
				  TEXT_RIGHT, 0);
}

/* "(38 more, all untouched)" */
static void backends_left_out(const struct report_stream *stream, struct buffer *out)
{
	uint64_t slots = 0;
	uint64_t untouched = 0;
	for (uint32_t i = ROWS_MAX; i < stream->backend_count; i++) {
		slots += stream->backends[i].slots;
		untouched += stream->backends[i].survival[SURVIVAL_UNTOUCHED];
	}
	bool is_all_well = stream->has_survival && slots == untouched;
	buffer_append_format(out, "(%u more%s; -o json has them)\n",
			     (unsigned)(stream->backend_count - ROWS_MAX),
			     is_all_well ? ", all untouched" : "");
}

void text_backends(const struct report *report, const struct text_style *style, struct buffer *out)
{
	const struct report_stream *stream = report_main_stream(report);
	bool is_load = stream && strcmp(stream->name, "load") == 0;
	if (!stream || !stream->is_measured || stream->backend_count == 0 ||
	    report->has_nothing_answered || (is_load && !report_has_backend_names(stream)))
		return;
	cleanup(text_table_deinit) struct text_table table;
	text_table_init(&table, style);
	backend_columns(&table, stream);
	for (uint32_t i = 0; i < stream->backend_count && i < ROWS_MAX; i++)
		backend_row(&table, stream, &stream->backends[i]);
	text_table_write(&table, out);
	if (stream->backend_count > ROWS_MAX)
		backends_left_out(stream, out);
}
