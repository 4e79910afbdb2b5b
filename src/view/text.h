/* The report for people: three lines, then tables, worst first. Pure. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "metric/report.h"

/* Of a report of ping, whose lines go out as they come. */
enum text_part {
	TEXT_WHOLE,
	TEXT_WITHOUT_LINES,
	TEXT_END, /* from Result on */
};

struct text_style {
	bool is_utf8;   /* else "±" is "+-" */
	bool has_color; /* the verdict words in colour; never the only carrier of a meaning */
	enum text_part part;
	bool is_markdown; /* tables as GitHub has them, markup in texts escaped (markdown.h) */
};

/* sentence_build() was called, or the report was read from a file. */
void text_write(const struct report *report, const struct text_style *style, struct buffer *out);
/* "Result:  " and what follows, its first word coloured by what it says. */
void text_append_line(struct buffer *out, const struct text_style *style, const char *head,
		      const char *text);
