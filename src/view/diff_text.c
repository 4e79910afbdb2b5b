/* See diff_text.h. */
#include "view/diff_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/text_table.h"

#define SETTINGS_TOLD 4
#define WORSE_TOLD    4
#define NUMBER_MAX    96
#define DIGITS_MAX    40

/* ---- numbers ---- */

static const char *const bandwidths[] = { "bps", "kbps", "Mbps", "Gbps" };

/* In which unit both values of a row are told, and what that is in the figure's own. */
struct scale {
	const char *unit;
	double size;
};

static struct scale scale_of(const struct diff_row *row)
{
	struct scale scale = { bandwidths[0], 1 };
	if (row->figure->unit == FIGURE_TIME)
		return (struct scale){ "ms", 1e6 };
	if (row->figure->unit != FIGURE_BANDWIDTH)
		return (struct scale){ NULL, 1 };
	for (size_t i = 1; i < array_size(bandwidths) && row->a >= 1000 * scale.size; i++)
		scale = (struct scale){ bandwidths[i], 1000 * scale.size };
	return scale;
}

/* As many digits as asked for: 0.412, 2.14, 118, 1030. */
static void format_digits(double number, int digits, char text[DIGITS_MAX])
{
	int whole = number >= 1 ? (int)floor(log10(number)) + 1 : 1;
	(void)snprintf(text, DIGITS_MAX, "%.*f", digits > whole ? digits - whole : 0, number);
	/* Leading zeros are no digits. */
	if (number > 0 && number < 1)
		(void)snprintf(text, DIGITS_MAX, "%.*f", digits, number);
}

static const char *format_value(const struct diff_row *row, double value, bool is_bound,
				char text[NUMBER_MAX])
{
	struct scale scale = scale_of(row);
	char digits[DIGITS_MAX];
	if (row->figure->unit == FIGURE_COUNT)
		return units_format_grouped((uint64_t)(value + 0.5), text);
	format_digits(value / scale.size, row->figure->unit == FIGURE_BANDWIDTH ? 4 : 3, digits);
	(void)snprintf(text, NUMBER_MAX, "%s%s", is_bound ? ">" : "", digits);
	return text;
}

/* "31", "0.3", "0" */
static const char *format_percent(double share, char text[NUMBER_MAX])
{
	double percent = 100 * fabs(share);
	(void)snprintf(text, NUMBER_MAX, "%.*f", percent >= 0.95 || percent < 0.05 ? 0 : 1,
		       percent);
	return text;
}

static const char *sign_of(double number, const char *text)
{
	if (strcmp(text, "0") == 0)
		return "";
	return number < 0 ? "-" : "+";
}

/* "+31 %", "x12"; from nothing "+7". */
static const char *format_change(const struct diff_row *row, double change, char text[NUMBER_MAX])
{
	char number[NUMBER_MAX];
	if (row->base > 0 && change >= 10 * row->base) {
		(void)snprintf(text, NUMBER_MAX, "x%.0f", 1 + change / row->base);
		return text;
	}
	if (row->base > 0) {
		(void)format_percent(change / row->base, number);
		(void)snprintf(text, NUMBER_MAX, "%s%.40s %%", sign_of(change, number), number);
		return text;
	}
	(void)format_value(row, fabs(change), false, number);
	(void)snprintf(text, NUMBER_MAX, "%s%.40s", sign_of(change, number), number);
	return text;
}

static const char *format_row_change(const struct diff_row *row, char text[NUMBER_MAX])
{
	double change = row->is_a_bound && row->is_b_bound ? 0 : row->b - row->base;
	return format_change(row, change, text);
}

/* "±6 %", "+28 to +34 %" */
static const char *format_spread(const struct diff_row *row, char text[NUMBER_MAX])
{
	char low[NUMBER_MAX], high[NUMBER_MAX];
	if (row->has_interval) {
		(void)format_change(row, row->low, low);
		(void)snprintf(text, NUMBER_MAX, "%.24s to %.24s", low,
			       format_change(row, row->high, high));
		return text;
	}
	if (!row->is_spread_of_run && row->spread > 0) {
		(void)snprintf(text, NUMBER_MAX, "±%.0f by chance", row->spread);
		return text;
	}
	if (!row->is_spread_of_run || isnan(row->spread) || row->base <= 0)
		return "-";
	(void)snprintf(text, NUMBER_MAX, "±%.24s %%", format_percent(row->spread / row->base, low));
	return text;
}

/* "response p99", "new failed" */
static const char *format_name(const struct diff_row *row, char text[NUMBER_MAX])
{
	(void)snprintf(text, NUMBER_MAX, "%.24s%s%.32s", row->stream ? row->stream : "",
		       row->stream ? " " : "", row->figure->name);
	for (char *dot = text; (dot = strchr(dot, '.'));)
		*dot = ' ';
	return text;
}

/* ---- the first line ---- */

/* "main.json", of several "a1.json +2". */
static void format_side(const char *names, bool has_folders, char text[NUMBER_MAX])
{
	size_t first = strcspn(names, ",");
	const char *slash = has_folders ? NULL : memrchr(names, '/', first);
	const char *begin = slash ? slash + 1 : names;
	size_t more = 0;
	for (const char *comma = names; (comma = strchr(comma, ',')); comma++)
		more++;
	int length = (int)(names + first - begin);
	if (more > 0)
		(void)snprintf(text, NUMBER_MAX, "%.*s +%zu", length, begin, more);
	else
		(void)snprintf(text, NUMBER_MAX, "%.*s", length, begin);
}

/* Folders only where the names alone are the same. */
static void format_sides(const struct diff_names *names, char a[NUMBER_MAX], char b[NUMBER_MAX])
{
	format_side(names->a, false, a);
	format_side(names->b, false, b);
	if (strcmp(a, b) != 0)
		return;
	format_side(names->a, true, a);
	format_side(names->b, true, b);
}

static void same_or_not(const char *what, const char *a, const char *b, struct buffer *out)
{
	bool is_known = a || b;
	a = a ? a : "unknown";
	b = b ? b : "unknown";
	if (!is_known)
		buffer_append_format(out, "%s unknown", what);
	else if (strcmp(a, b) == 0)
		buffer_append_format(out, "same %s", what);
	else
		buffer_append_format(out, "%ss differ (%s -> %s)", what, a, b);
}

/* "same settings", "settings differ: rate 10/conn -> 20/conn" */
static void write_settings(const struct diff *diff, struct buffer *out)
{
	struct clauses clauses;
	if (diff->setting_count == 0) {
		buffer_append_text(out, "same settings");
		return;
	}
	buffer_append_text(out, "settings differ: ");
	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < diff->setting_count && i < SETTINGS_TOLD; i++) {
		const struct setting_difference *setting = &diff->settings[i];
		buffer_append_format(clauses_next(&clauses), "%s %s -> %s", setting->name,
				     *setting->a ? setting->a : "unset",
				     *setting->b ? setting->b : "unset");
	}
	if (diff->setting_count > SETTINGS_TOLD)
		buffer_append_format(clauses_next(&clauses), "%u more",
				     diff->setting_count - SETTINGS_TOLD);
}

static void write_headline(const struct diff *diff, const struct report *a, const struct report *b,
			   const struct diff_names *names, struct buffer *out)
{
	char side_a[NUMBER_MAX], side_b[NUMBER_MAX], length_a[PHRASE_MAX], length_b[PHRASE_MAX];
	format_sides(names, side_a, side_b);
	buffer_append_format(out, "diff %s -> %s  %s %s", side_a, side_b, a->command, a->target);
	if (strcmp(a->target, b->target) != 0)
		buffer_append_format(out, " -> %s", b->target);
	buffer_append_text(out, ", ");
	write_settings(diff, out);
	buffer_append_text(out, ", ");
	same_or_not("host", a->host_name, b->host_name, out);
	if (strcmp(a->tool_name, b->tool_name) != 0)
		buffer_append_format(out, ", measured by %s -> %s", a->tool_name, b->tool_name);
	(void)phrase_duration(a->duration_ns, length_a);
	(void)phrase_duration(b->duration_ns, length_b);
	if (strcmp(length_a, length_b) == 0)
		buffer_append_format(out, ", %s each", length_a);
	else
		buffer_append_format(out, ", %s -> %s", length_a, length_b);
}

/* ---- result and trust ---- */

/* "response p99 2.14 -> 2.80 ms, +31 %" */
static void write_row_sentence(const struct diff_row *row, struct buffer *out)
{
	char name[NUMBER_MAX], a[NUMBER_MAX], b[NUMBER_MAX], change[NUMBER_MAX];
	const char *unit = scale_of(row).unit;
	buffer_append_format(out, "%s %s -> %s%s%s, %s", format_name(row, name),
			     format_value(row, row->a, row->is_a_bound, a),
			     format_value(row, row->b, row->is_b_bound, b), unit ? " " : "",
			     unit ? unit : "", format_row_change(row, change));
}

static void write_result(const struct diff *diff, const struct diff_names *names,
			 struct buffer *out)
{
	char allowed[NUMBER_MAX];
	struct clauses clauses;
	(void)format_percent(names->max_regress, allowed);
	if (!diff->has_failed) {
		buffer_append_format(out, "PASS: nothing is worse by more than %s %%; ", allowed);
		write_row_sentence(&diff->rows[0], out);
		return;
	}
	buffer_append_text(out, "FAIL: ");
	clauses_init(&clauses, out, "; ");
	size_t worse = 0;
	for (; worse < diff->row_count && diff->rows[worse].is_worse; worse++) {
		if (worse < WORSE_TOLD)
			write_row_sentence(&diff->rows[worse], clauses_next(&clauses));
	}
	if (worse > WORSE_TOLD)
		buffer_append_format(clauses_next(&clauses), "%zu more", worse - WORSE_TOLD);
	buffer_append_format(out, " (allowed %s%s %%)", sign_of(1, allowed), allowed);
}

/* "one run each", "2 runs and one" */
static void write_runs(size_t a, size_t b, struct buffer *out)
{
	if (a == b && a == 1)
		buffer_append_text(out, "one run each");
	else if (a == b)
		buffer_append_format(out, "%zu runs each", a);
	else
		buffer_append_format(out, "%zu and %zu runs", a, b);
}

/* "within a run p99 varies ±6 % a second" */
static void write_within(const struct diff *diff, struct clauses *clauses)
{
	char spread[NUMBER_MAX];
	for (size_t i = 0; i < diff->row_count; i++) {
		const struct diff_row *row = &diff->rows[i];
		if (strcmp(row->figure->name, "response.p99") != 0 || row->has_interval)
			continue;
		if (strcmp(format_spread(row, spread), "-") != 0)
			buffer_append_format(clauses_next(clauses),
					     "within a run p99 varies %s a second", spread);
		return;
	}
}

static const struct report *weakest(const struct diff_side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		const char *verdict = side->runs[i]->generator.verdict;
		if (!verdict || strcmp(verdict, "good") != 0)
			return side->runs[i];
	}
	return NULL;
}

static void write_trust(const struct diff *diff, const struct diff_side *a,
			const struct diff_side *b, struct buffer *out)
{
	bool is_enough = a->count >= DIFF_RUNS_ENOUGH && b->count >= DIFF_RUNS_ENOUGH;
	const struct report *weak = weakest(a) ? weakest(a) : weakest(b);
	bool is_good = is_enough && diff->setting_count == 0 && !weak;
	struct clauses clauses;
	buffer_append_text(out, is_good ? "good: " : "weak: ");
	clauses_init(&clauses, out, "; ");
	write_runs(a->count, b->count, clauses_next(&clauses));
	if (is_enough)
		buffer_append_text(out, ", medians; the change is in its interval 95 times in 100");
	else
		buffer_append_text(out, ", so how much two runs of one build differ is unknown");
	if (diff->setting_count > 0)
		buffer_append_text(clauses_next(&clauses), "the settings differ");
	write_within(diff, &clauses);
	if (weak && weak->generator.verdict)
		buffer_append_format(clauses_next(&clauses), "a run is %s itself: %s",
				     weak->generator.verdict,
				     weak->generator.evidence ? weak->generator.evidence : "");
}

/* ---- the table ---- */

static void write_row(struct text_table *table, const struct diff_row *row)
{
	char text[NUMBER_MAX];
	const char *unit = scale_of(row).unit;
	(void)format_name(row, text);
	text_table_cell(table, "%s%s%s%s", text, unit ? " (" : "", unit ? unit : "",
			unit ? ")" : "");
	text_table_cell(table, "%s", format_value(row, row->a, row->is_a_bound, text));
	text_table_cell(table, "%s", format_value(row, row->b, row->is_b_bound, text));
	text_table_cell(table, "%s", format_row_change(row, text));
	text_table_cell(table, "%s", format_spread(row, text));
	text_table_cell(table, "%s", row->is_worse ? "FAIL" : "held");
}

static void write_table(const struct diff *diff, const struct diff_names *names,
			const struct text_style *style, struct buffer *out)
{
	char a[NUMBER_MAX], b[NUMBER_MAX];
	cleanup(text_table_deinit) struct text_table table;
	bool has_interval = diff->rows[0].has_interval;
	format_sides(names, a, b);
	text_table_init(&table, style);
	text_table_column(&table, "FIGURE", TEXT_LEFT, 0);
	text_table_column(&table, a, TEXT_RIGHT, 0);
	text_table_column(&table, b, TEXT_RIGHT, 0);
	text_table_column(&table, "CHANGE", TEXT_RIGHT, 0);
	text_table_column(&table, has_interval ? "95 % INTERVAL" : "WITHIN A RUN", TEXT_RIGHT, 0);
	text_table_column(&table, "", TEXT_LEFT, 0);
	for (size_t i = 0; i < diff->row_count; i++)
		write_row(&table, &diff->rows[i]);
	text_table_write(&table, out);
}

void diff_text_write(const struct diff *diff, const struct diff_side *a, const struct diff_side *b,
		     const struct diff_names *names, const struct text_style *style,
		     struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer line;
	buffer_init(&line, CLAUSES_MAX);
	write_headline(diff, a->runs[0], b->runs[0], names, &line);
	text_append(out, style, buffer_text(&line));
	buffer_clear(&line);
	write_result(diff, names, &line);
	text_append_line(out, style, "\nResult:  ", buffer_text(&line));
	buffer_clear(&line);
	write_trust(diff, a, b, &line);
	text_append_line(out, style, "Trust:   ", buffer_text(&line));
	write_table(diff, names, style, out);
}
