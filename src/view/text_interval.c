/* Outages of new connections and of the path, worst first; interruptions where no table of
 * backends tells them. See text_parts.h. */
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define ROWS_MAX 10

/* One table: its head, and what a row is of: "flow" with its number, or alone. */
struct kind {
	const char *head;
	const char *noun;
	bool is_numbered;
};

static void interval_note(const struct report_interval *interval, struct buffer *out)
{
	char count[UNITS_TEXT_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, ", ");
	if (interval->backend)
		buffer_append_text(clauses_next(&clauses), interval->backend);
	if (interval->is_open)
		buffer_append_text(clauses_next(&clauses), "open at the end");
	if (interval->has_forward)
		buffer_append_format(clauses_next(&clauses), "%s lost on the way there",
				     units_format_grouped(interval->forward_lost, count));
}

static void interval_row(struct text_table *table, const struct kind *kind,
			 const struct report_interval *interval, uint64_t resolution_ns)
{
	cleanup(buffer_deinit) struct buffer note;
	char from[PHRASE_MAX], length[PHRASE_MAX], count[UNITS_TEXT_MAX];
	uint64_t length_ns = (uint64_t)interval->end_ns - (uint64_t)interval->start_ns;
	buffer_init(&note, CLAUSES_MAX);
	interval_note(interval, &note);
	if (kind->is_numbered)
		text_table_cell(table, "%s %u", kind->noun, interval->slot);
	else
		text_table_cell(table, "%s", kind->noun);
	text_table_cell(table, "%s", phrase_offset(interval->start_ns, from));
	text_table_cell(table, "%s", phrase_span(length_ns, resolution_ns, length));
	text_table_cell(table, "%s", units_format_grouped(interval->unanswered, count));
	text_table_cell(table, "%s", buffer_text(&note));
}

static void intervals_table(const struct kind *kind, const struct report_intervals *all,
			    const struct text_style *style, struct buffer *out)
{
	char more[UNITS_TEXT_MAX];
	if (!all->is_measured || all->list_count == 0)
		return;
	cleanup(text_table_deinit) struct text_table table;
	text_table_init(&table, style);
	text_table_column(&table, kind->head, TEXT_LEFT, 0);
	text_table_column(&table, "FROM", TEXT_RIGHT, 0);
	text_table_column(&table, "LENGTH", TEXT_LEFT, 0);
	text_table_column(&table, "UNANSWERED", TEXT_RIGHT, 0);
	text_table_column(&table, "", TEXT_LEFT, 0);
	for (uint32_t i = 0; i < all->list_count && i < ROWS_MAX; i++)
		interval_row(&table, kind, &all->list[i], all->resolution_ns);
	if (out->size > 0 && !style->is_markdown)
		buffer_append_text(out, "\n");
	text_table_write(&table, out);
	if (all->count > ROWS_MAX)
		buffer_append_format(out, "(%s more; -o json has them)\n",
				     units_format_grouped(all->count - ROWS_MAX, more));
}

void text_intervals(const struct report *report, const struct text_style *style, struct buffer *out)
{
	static const struct kind of_clients = { "INTERRUPTIONS", "client", true };
	static const struct kind of_flows = { "INTERRUPTIONS", "flow", true };
	static const struct kind of_new = { "OUTAGES", "new connections", false };
	static const struct kind of_path = { "PATH OUTAGES", "flow", true };
	const struct report_stream *slots = report_main_stream(report);
	const struct report_stream *attempts = report_stream(report, "new");
	const struct report_stream *path = report_stream(report, "path");
	if (report->has_nothing_answered)
		return;
	if (slots && strcmp(slots->name, "load") != 0 && !report_has_backend_names(slots))
		intervals_table(strcmp(slots->transport, "udp") == 0 ? &of_flows : &of_clients,
				&slots->interruptions, style, out);
	if (attempts)
		intervals_table(&of_new, &attempts->outages, style, out);
	if (path)
		intervals_table(&of_path, &path->outages, style, out);
}
