/* What stands in raw and in frames: "text", <file>, {expression}. */
#include <string.h>

#include "proto/template_parse.h"

/* <name>, <"name"> and, where only a file can stand, plain words up to the } behind them. */
static int parse_path(struct template_parser *parser, char end, const char **ret)
{
	size_t begin = parser->at;
	size_t size = 0;

	template_skip_blanks(parser);
	if (template_is_at(parser, '"')) {
		int rc = template_parse_quoted(parser, ret, &size);
		if (rc < 0)
			return rc;
		*ret = arena_format(&parser->template->arena, "%.*s", (int)size, *ret);
		template_skip_blanks(parser);
	} else {
		const char *from = parser->text + parser->at;
		const char *stop = memchr(from, end, parser->size - parser->at);
		if (!stop)
			return template_fail(parser, begin, "no %c ends the file name", end);
		parser->at = (size_t)(stop - parser->text);
		while (stop > from && (stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		*ret = arena_format(&parser->template->arena, "%.*s", (int)(stop - from), from);
	}
	if ((*ret)[0] == '\0')
		return template_fail(parser, begin, "the name of a file belongs here");
	return template_is_at(parser, end)
		       ? 0
		       : template_fail(parser, parser->at, "no %c ends the file name", end);
}

int template_load_named(struct template_parser *parser, char end, const struct buffer **ret)
{
	size_t begin = parser->at;
	const char *path = NULL;
	struct error reason = { "" };

	*ret = NULL;
	int rc = parse_path(parser, end, &path);
	if (rc < 0)
		return rc;
	rc = template_load(parser->template, path, &reason, ret);
	if (rc < 0) {
		(void)template_fail(parser, begin, "%s", reason.text);
		return rc;
	}
	return 0;
}

int template_parse_file(struct template_parser *parser)
{
	const struct buffer *bytes = NULL;

	parser->at++;
	int rc = template_load_named(parser, '>', &bytes);
	if (rc < 0)
		return rc;
	parser->at++;
	template_add_owned(parser->template, bytes->data, bytes->size);
	return 0;
}

/* {EXPR} inside raw and frames. */
static int parse_nested(struct template_parser *parser)
{
	parser->at++;
	template_skip_blanks(parser);
	int rc = template_is_at(parser, '<') ? template_parse_file(parser)
					     : template_parse_value(parser);
	if (rc < 0)
		return rc;
	template_skip_blanks(parser);
	if (!template_is_at(parser, '}'))
		return template_fail(parser, parser->at, "} is expected here");
	parser->at++;
	return 0;
}

/* "text", <file> or {EXPR}. 1: there was one, 0: something else stands here. */
static int parse_item(struct template_parser *parser)
{
	const char *text = NULL;
	size_t size = 0;
	int rc;

	template_skip_blanks(parser);
	if (template_is_at(parser, '{')) {
		rc = parse_nested(parser);
	} else if (template_is_at(parser, '<')) {
		rc = template_parse_file(parser);
	} else if (template_is_at(parser, '"')) {
		rc = template_parse_quoted(parser, &text, &size);
		if (rc == 0)
			template_add_bytes(parser->template, text, size);
	} else {
		return 0;
	}
	return rc < 0 ? rc : 1;
}

int template_parse_items(struct template_parser *parser)
{
	int rc = 1;
	int count = -1;

	for (; rc > 0; count++)
		rc = parse_item(parser);
	return rc < 0 ? rc : count;
}
