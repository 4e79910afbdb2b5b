/* What was expected and what is: a row an expectation, the failed ones first. See text_parts.h. */
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/expect.h"
#include "view/clauses.h"
#include "view/command_text.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

/* An expectation of a report with what its text names. */
struct row {
	const struct report *report;
	const struct report_expectation *expectation;
	const struct figure_row *figure;
	const struct report_stream *stream; /* NULL: of the run, or of no one stream */
};

/* Finds figure and stream again, as the report may come from a file. */
static struct row row_of(const struct report *report, const struct report_expectation *expectation)
{
	struct row row = { .report = report, .expectation = expectation };
	struct expect_list list = { 0 };
	if (expect_parse(expectation->text, NULL, &list) < 0 || list.count != 1)
		return row;
	const struct expect *expect = &list.items[0];
	row.figure = expect->figure;
	for (uint32_t i = 0; i < report->stream_count && !row.stream; i++) {
		const struct report_stream *stream = &report->streams[i];
		bool is_named = !*expect->stream || strcmp(expect->stream, stream->name) == 0;
		if (is_named && figure_is_of(row.figure, report, stream))
			row.stream = stream;
	}
	return row;
}

/* Of a latency, when so many were not answered that it is longer than answers are waited for. */
static bool is_lower_bound(const struct row *row)
{
	struct figure_value value = { 0 };
	if (row->stream)
		figure_value(row->report, row->stream, row->figure, &value);
	return value.is_lower_bound;
}

static const char *value_text(const struct row *row, char text[PHRASE_MAX])
{
	double value = row->expectation->value;
	uint64_t whole = value >= 0 && value < 0x1p63 ? (uint64_t)value : 0;
	char number[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX];
	bool is_bound = false;
	bool has_whole = row->expectation->whole > 0 && (whole > 0 || !row->expectation->is_held);
	switch (row->figure ? row->figure->unit : FIGURE_NUMBER) {
	case FIGURE_COUNT:
		(void)snprintf(text, PHRASE_MAX, "%s%s%s", units_format_grouped(whole, number),
			       has_whole ? " of " : "",
			       has_whole
				       ? units_format_grouped((uint64_t)row->expectation->whole, of)
				       : "");
		return text;
	case FIGURE_TIME:
		if (whole == 0)
			return "0";
		is_bound = is_lower_bound(row);
		whole = is_bound ? row->report->reply_timeout_ns : whole;
		(void)snprintf(text, PHRASE_MAX, "%s%s ms", is_bound ? ">" : "",
			       units_format_ms(whole, number));
		return text;
	case FIGURE_BANDWIDTH:
		return units_format_bandwidth(value, text);
	case FIGURE_SIZE:
		if (!(row->figure->scopes & FIGURE_PATH))
			return phrase_volume(whole, text);
		(void)snprintf(text, PHRASE_MAX, "%s B", units_format_grouped(whole, number));
		return text;
	default:
		return phrase_number(value, 3, text);
	}
}

/* When it was counted first and last, to the sample. */
struct moments {
	bool is_known;
	int64_t first_ns;
	int64_t last_ns;
};

static void moments_add(struct moments *moments, int64_t first_ns, int64_t last_ns)
{
	if (!moments->is_known || first_ns < moments->first_ns)
		moments->first_ns = first_ns;
	if (!moments->is_known || last_ns > moments->last_ns)
		moments->last_ns = last_ns;
	moments->is_known = true;
}

/* A datagram is counted as lost when the reply timeout is over: it was sent so long before. */
static int64_t counted_late_ns(const struct row *row)
{
	bool is_lost_datagram = strcmp(row->stream->transport, "udp") == 0 &&
				strcmp(row->figure->name, "lost") == 0;
	return is_lost_datagram ? (int64_t)row->report->reply_timeout_ns : 0;
}

/* Figures that samples count too. */
static bool moments_of_samples(const struct row *row, struct moments *ret)
{
	static const struct {
		const char *figure;
		size_t offset;
	} sampled[] = {
		{ "lost", offsetof(struct report_sample, lost) },
		{ "missed", offsetof(struct report_sample, missed) },
		{ "failed", offsetof(struct report_sample, failed) },
	};
	for (size_t i = 0; i < array_size(sampled); i++) {
		if (strcmp(sampled[i].figure, row->figure->name) != 0)
			continue;
		for (uint32_t k = 0; k < row->stream->sample_count; k++) {
			const struct report_sample *sample = &row->stream->samples[k];
			const char *place = (const char *)sample + sampled[i].offset;
			int64_t at_ns = sample->at_ns - counted_late_ns(row);
			if (*(const uint64_t *)(const void *)place > 0)
				moments_add(ret, at_ns, at_ns);
		}
		return true;
	}
	return false;
}

/* Classes of survival are the outcomes of connections; "rejected" is one of answers. */
static void moments_of_errors(const struct row *row, struct moments *ret)
{
	const char *dot = strchr(row->figure->name, '.');
	const char *word = dot ? dot + 1 : row->figure->name;
	for (uint32_t i = 0; i < row->stream->error_count; i++) {
		const struct report_error *error = &row->stream->errors[i];
		if (strcmp(outcome_name(error->outcome), word) == 0)
			moments_add(ret, error->first_ns, error->last_ns);
	}
}

/* Where a command was wrapped, moments count from its start. */
static int64_t command_start(const struct report *report)
{
	const struct report_mark *mark = report_mark_of(report, "command");
	return mark ? mark->at_ns : 0;
}

/* "+8.7 s, +9.6 s"; "": not known. */
static const char *moments_text(const struct row *row, char text[PHRASE_MAX])
{
	struct moments moments = { 0 };
	bool is_failed_count = !row->expectation->is_held && row->expectation->value > 0 &&
			       row->figure && row->stream && row->figure->unit == FIGURE_COUNT;
	if (is_failed_count && !moments_of_samples(row, &moments))
		moments_of_errors(row, &moments);
	int64_t from_ns = command_start(row->report);
	text[0] = '\0';
	if (moments.is_known)
		(void)snprintf(text, PHRASE_MAX, "%+.1f s, %+.1f s",
			       (double)(moments.first_ns - from_ns) / 1e9,
			       (double)(moments.last_ns - from_ns) / 1e9);
	return text;
}

/* The one backend that all of the lost ones were on; NULL if there is no one. */
static const char *backend_of_lost(const struct report_stream *stream)
{
	const char *name = NULL;
	for (uint32_t i = 0; i < stream->backend_count; i++) {
		if (stream->backends[i].lost == 0)
			continue;
		if (name || !stream->backends[i].name)
			return NULL;
		name = stream->backends[i].name;
	}
	return name;
}

/* A status that is not the command's own has a reason. */
static void command_note(const struct row *row, struct buffer *text)
{
	const struct report_mark *mark = report_mark_of(row->report, "command");
	bool is_failed =
		!row->expectation->is_held && row->figure && (row->figure->scopes & FIGURE_COMMAND);
	if (is_failed && mark && (mark->command.reason || mark->command.signal))
		command_text(&mark->command, text);
}

/* Where the lost ones were, or why the failed ones failed. */
static void note_append(const struct row *row, struct buffer *out)
{
	bool has_note = !row->expectation->is_held && row->figure && row->stream;
	const char *backend = NULL;
	if (has_note && strcmp(row->figure->name, "lost") == 0)
		backend = backend_of_lost(row->stream);
	if (backend)
		buffer_append_format(out, "all on %s", backend);
	if (has_note && strcmp(row->figure->name, "failed") == 0)
		(void)errors_text(row->stream, out);
	if (has_note && strcmp(row->figure->name, "rejected") == 0)
		errors_text_of(row->stream, OUTCOME_REJECTED, out);
	command_note(row, out);
}

void text_expectation_sentence(const struct report *report,
			       const struct report_expectation *expectation, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer note;
	char value[PHRASE_MAX], moments[PHRASE_MAX];
	struct row row = row_of(report, expectation);
	buffer_init(&note, CLAUSES_MAX);
	buffer_append_format(out, "%s: %s, ", expectation->text,
			     expectation->is_held ? "held" : "FAILED");
	if (expectation->is_measured)
		buffer_append_format(out, "is %s", value_text(&row, value));
	else
		buffer_append_format(out, "not measured: %s",
				     expectation->reason ? expectation->reason : "reason unknown");
	if (*moments_text(&row, moments))
		buffer_append_format(out, "; first, last %s", moments);
	note_append(&row, &note);
	if (note.size > 0)
		buffer_append_format(out, "; %s", buffer_text(&note));
}

static void expectation_row(struct text_table *table, const struct report *report,
			    const struct report_expectation *expectation)
{
	cleanup(buffer_deinit) struct buffer note;
	char value[PHRASE_MAX], moments[PHRASE_MAX];
	struct row row = row_of(report, expectation);
	buffer_init(&note, CLAUSES_MAX);
	text_table_cell(table, "%s", expectation->text);
	text_table_cell(table, "%s", expectation->is_held ? "held" : "FAILED");
	if (expectation->is_measured)
		text_table_cell(table, "%s", value_text(&row, value));
	else
		text_table_cell(table, "not measured: %s",
				expectation->reason ? expectation->reason : "reason unknown");
	text_table_cell(table, "%s", moments_text(&row, moments));
	note_append(&row, &note);
	text_table_cell(table, "%s", buffer_text(&note));
}

static void expectation_rows(struct text_table *table, const struct report *report, bool is_held)
{
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		if (report->expectations[i].is_held == is_held)
			expectation_row(table, report, &report->expectations[i]);
	}
}

const char *text_expectation_value(const struct report *report,
				   const struct report_expectation *expectation,
				   char text[PHRASE_MAX])
{
	struct row row = row_of(report, expectation);
	return value_text(&row, text);
}

static const char *moments_head(const struct report *report)
{
	if (expect_all_held(report))
		return "";
	return report_mark_of(report, "command") ? "FIRST, LAST (after command start)"
						 : "FIRST, LAST";
}

void text_expectations(const struct report *report, const struct text_style *style,
		       struct buffer *out)
{
	if (report->expectation_count == 0)
		return;
	cleanup(text_table_deinit) struct text_table table;
	text_table_init(&table, style);
	text_table_column(&table, "EXPECTED", TEXT_LEFT, 0);
	text_table_column(&table, "", TEXT_LEFT, 0);
	text_table_column(&table, "IS", TEXT_LEFT, 0);
	text_table_column(&table, moments_head(report), TEXT_LEFT, 0);
	text_table_column(&table, "", TEXT_LEFT, 0);
	expectation_rows(&table, report, false);
	expectation_rows(&table, report, true);
	text_table_write(&table, out);
}
