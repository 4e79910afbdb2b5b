/* The report for people: three lines, then tables, worst first. Pure. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "metric/report.h"

struct text_style {
	bool is_utf8;     /* else "±" is "+-" */
	bool has_color;   /* the verdict words in colour; never the only carrier of a meaning */
	bool is_begun;    /* of ping: the headline and the lines have gone out as they came */
	bool is_markdown; /* tables as GitHub has them, markup in texts escaped (markdown.h) */
};

/* sentence_build() was called, or the report was read from a file. */
void text_write(const struct report *report, const struct text_style *style, struct buffer *out);
/* "Result:  " and what follows, its first word coloured by what it says. */
void text_append_line(struct buffer *out, const struct text_style *style, const char *head,
		      const char *text);
