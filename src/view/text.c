/* See text.h. */
#include "view/text.h"

#include <string.h>

#include "base/attributes.h"
#include "view/ping_text.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define PART_MAX (1 << 20)

void text_append_line(struct buffer *out, const struct text_style *style, const char *head,
		      const char *text)
{
	static const struct {
		const char *word;
		const char *color;
	} colors[] = {
		{ "PASS", "\033[32m" }, { "FAIL", "\033[31m" }, { "good", "\033[32m" },
		{ "weak", "\033[33m" }, { "bad", "\033[31m" },  { "nothing answered", "\033[31m" },
	};
	buffer_append_text(out, head);
	for (size_t i = 0; i < array_size(colors) && style->has_color; i++) {
		size_t size = strlen(colors[i].word);
		if (strncmp(text, colors[i].word, size) != 0)
			continue;
		buffer_append_format(out, "%s%s\033[0m", colors[i].color, colors[i].word);
		text += size;
		break;
	}
	text_append(out, style, text);
	buffer_append_text(out, "\n");
}

void text_write(const struct report *report, const struct text_style *style, struct buffer *out)
{
	static text_part *const parts[] = {
		text_search,    text_path, text_mesh,      text_expectations, text_backends,
		text_intervals, text_tcp,  text_datagrams, text_latencies,
	};
	cleanup(buffer_deinit) struct buffer part = { 0 };
	if (report_is_ping(report)) {
		ping_text_write(report, style, out);
		return;
	}
	buffer_init(&part, PART_MAX);
	text_append(out, style, report->headline);
	text_append_line(out, style, "\nResult:  ", report->result);
	text_append_line(out, style, "Trust:   ", report->trust);
	text_tls(report, style, out);
	text_marks(report, style, out);
	for (size_t i = 0; i < array_size(parts); i++) {
		buffer_clear(&part);
		parts[i](report, style, &part);
		if (part.size == 0)
			continue;
		buffer_append_text(out, "\n");
		buffer_append(out, part.data, part.size);
	}
}
