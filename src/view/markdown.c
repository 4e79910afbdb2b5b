/* See markdown.h. */
#include "view/markdown.h"

#include <string.h>

#include "base/attributes.h"
#include "view/text_parts.h"
#include "view/text_table.h"

static const struct text_style style = { .is_utf8 = true, .is_markdown = true };

static void paragraph(struct buffer *out, const char *head, const char *text)
{
	buffer_append_text(out, head);
	text_append(out, &style, text);
	buffer_append_text(out, "\n\n");
}

static void settings(const struct report *report, struct buffer *out)
{
	cleanup(text_table_deinit) struct text_table table;
	text_table_init(&table, &style);
	text_table_column(&table, "SETTING", TEXT_LEFT, 0);
	text_table_column(&table, "VALUE", TEXT_LEFT, 1);
	for (uint32_t i = 0; i < report->setting_count; i++) {
		text_table_cell(&table, "%s", report->settings[i].name);
		text_table_cell(&table, "%s", report->settings[i].value);
	}
	if (report->setting_count > 0)
		text_table_write(&table, out);
}

/* An empty line behind it, which a table brings along. */
static void part(text_part *write, const struct report *report, struct buffer *out)
{
	write(report, &style, out);
	if (out->size < 2 || memcmp(out->data + out->size - 2, "\n\n", 2) != 0)
		buffer_append_text(out, "\n");
}

void markdown_write(const struct report *report, struct buffer *out)
{
	buffer_append_text(out, "### conntest ");
	text_append(out, &style, report->command);
	paragraph(out, " ", report->target);
	paragraph(out, "**Result:** ", report->result);
	paragraph(out, "**Trust:** ", report->trust);
	if (report->has_path)
		part(text_path, report, out);
	if (report->has_mesh)
		part(text_mesh, report, out);
	part(text_marks, report, out);
	part(text_expectations, report, out);
	part(text_backends, report, out);
	part(text_latencies, report, out);
	buffer_append_text(out,
			   "<details>\n<summary>How it was run, outages, settings</summary>\n\n");
	paragraph(out, "", report->headline);
	part(text_intervals, report, out);
	settings(report, out);
	buffer_append_text(out, "</details>\n");
}
