/* Reads the template language into a template. */
#pragma once

#include "proto/template_build.h"

struct template_parser {
	const char *text;
	size_t size;
	size_t at;
	const char *path;   /* where the text comes from; NULL: as typed */
	bool is_text_owned; /* by the template */
	uint64_t ordinal;   /* of the expression */
	const struct template_options *options;
	struct error *error;
	struct template *template;
};

/* All of the text. -EINVAL and the sentence, or -errno of a file that it names. */
nodiscard int template_parse(struct template_parser *parser);

/* For those that parse a part. The sentence with the place before it; -EINVAL. */
nodiscard int template_fail(struct template_parser *parser, size_t at, const char *format, ...)
	printf_like(3, 4);
bool template_is_at(const struct template_parser *parser, char letter);
void template_skip_blanks(struct template_parser *parser);
/* What stands between \{ and }, both read by the caller. */
nodiscard int template_parse_expression(struct template_parser *parser);
/* "..." with its escapes, of the template's memory. */
nodiscard int template_parse_quoted(struct template_parser *parser, const char **ret,
				    size_t *ret_size);
/* The same, without what can't stand inside another one. */
nodiscard int template_parse_value(struct template_parser *parser);
/* From the < of a file on. */
nodiscard int template_parse_file(struct template_parser *parser);
/* "text", <file>, {expression}, as many as there are: how many. */
nodiscard int template_parse_items(struct template_parser *parser);
/* Reads the file that is named here, up to `end`, where the cursor stops. */
nodiscard int template_load_named(struct template_parser *parser, char end,
				  const struct buffer **ret);
