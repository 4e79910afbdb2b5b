/* Every trial of a search for the highest rate. See text_parts.h. */
#include <stdio.h>
#include <string.h>

#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define FIGURES_MAX 4096

/* What was measured, and behind it why it did not hold where that is no part of it. */
static void add_figures(const struct report_trial *trial, struct buffer *out)
{
	bool is_failed = strcmp(trial->verdict, "failed") == 0;
	buffer_append_text(out, trial->figures);
	if (is_failed && trial->reason && !strstr(trial->figures, trial->reason))
		buffer_append_format(out, "; %s", trial->reason);
}

/* "this host" is nothing that the target did. */
static const char *verdict(const struct report_trial *trial, char text[PHRASE_MAX])
{
	if (strcmp(trial->verdict, "host") != 0)
		return trial->verdict;
	(void)snprintf(text, PHRASE_MAX, "this host: %s", trial->reason ? trial->reason : "-");
	return text;
}

void text_trial(const struct report_trial *trial, uint32_t number, struct buffer *out)
{
	char rate[PHRASE_MAX], length[PHRASE_MAX], words[PHRASE_MAX];
	buffer_append_format(out, "trial %u  %s/s  %s  %s  ", number,
			     phrase_rate(trial->rate_per_second, rate),
			     phrase_duration(trial->length_ns, length), verdict(trial, words));
	add_figures(trial, out);
}

void text_search(const struct report *report, const struct text_style *style, struct buffer *out)
{
	char rate[PHRASE_MAX], length[PHRASE_MAX], words[PHRASE_MAX];
	struct text_table table;
	cleanup(buffer_deinit) struct buffer line;
	buffer_init(&line, FIGURES_MAX);
	if (!report->has_search || report->search.trial_count == 0)
		return;
	text_table_init(&table, style);
	text_table_column(&table, "TRIAL", TEXT_RIGHT, 0);
	text_table_column(&table, "RATE", TEXT_RIGHT, 0);
	text_table_column(&table, "LENGTH", TEXT_RIGHT, 0);
	text_table_column(&table, "VERDICT", TEXT_LEFT, 0);
	text_table_column(&table, "FIGURES", TEXT_LEFT, 0);
	for (uint32_t i = 0; i < report->search.trial_count; i++) {
		const struct report_trial *trial = &report->search.trials[i];
		text_table_cell(&table, "%u", i + 1);
		text_table_cell(&table, "%s/s", phrase_rate(trial->rate_per_second, rate));
		text_table_cell(&table, "%s", phrase_duration(trial->length_ns, length));
		text_table_cell(&table, "%s", verdict(trial, words));
		buffer_clear(&line);
		add_figures(trial, &line);
		text_table_cell(&table, "%s", buffer_text(&line));
	}
	text_table_write(&table, out);
	text_table_deinit(&table);
}
