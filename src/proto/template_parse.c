#include "proto/template_parse.h"

#include <errno.h>
#include <stdarg.h>

#include "base/escape.h"

/* So much of the text stands in a sentence, around the mistake. */
#define SHOWN_BEFORE 40
#define SHOWN_MAX    72

static bool is_letter_start(const struct template_parser *parser, size_t at)
{
	return ((uint8_t)parser->text[at] & 0xc0) != 0x80;
}

static size_t letters_between(const struct template_parser *parser, size_t first, size_t end)
{
	size_t count = 0;

	for (size_t at = first; at < end; at++)
		count += is_letter_start(parser, at);
	return count;
}

/* The text around the mistake, on one line. */
static void show(const struct template_parser *parser, size_t at, char shown[SHOWN_MAX + 8])
{
	size_t first = at > SHOWN_BEFORE && parser->size > SHOWN_MAX ? at - SHOWN_BEFORE : 0;
	while (first > 0 && !is_letter_start(parser, first))
		first--;
	size_t end = parser->size - first > SHOWN_MAX ? first + SHOWN_MAX : parser->size;
	while (end < parser->size && !is_letter_start(parser, end))
		end--;
	char *out = shown;
	if (first > 0)
		out = mempcpy(out, "...", 3);
	for (size_t i = first; i < end && out < shown + SHOWN_MAX + 4; i++) {
		uint8_t byte = (uint8_t)parser->text[i];
		*out++ = byte < ' ' || byte == 0x7f ? ' ' : (char)byte;
	}
	if (end < parser->size)
		out = mempcpy(out, "...", 3);
	*out = '\0';
}

/* A text as typed is shown and has columns; a file has lines too. */
static void add_place(struct template_parser *parser, size_t at)
{
	if (!parser->path) {
		char shown[SHOWN_MAX + 8];
		show(parser, at, shown);
		error_prefix(parser->error, "\"%s\": column %zu", shown,
			     letters_between(parser, 0, at) + 1);
		return;
	}
	size_t line = 1;
	size_t start = 0;
	for (size_t i = 0; i < at; i++) {
		if (parser->text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	error_prefix(parser->error, "%s: line %zu, column %zu", parser->path, line,
		     letters_between(parser, start, at) + 1);
}

int template_fail(struct template_parser *parser, size_t at, const char *format, ...)
{
	char sentence[256];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	int rc = error_set(parser->error, EINVAL, "%s", sentence);
	add_place(parser, at);
	return rc;
}

bool template_is_at(const struct template_parser *parser, char letter)
{
	return parser->at < parser->size && parser->text[parser->at] == letter;
}

void template_skip_blanks(struct template_parser *parser)
{
	while (template_is_at(parser, ' ') || template_is_at(parser, '\t'))
		parser->at++;
}

int template_parse_quoted(struct template_parser *parser, const char **ret, size_t *ret_size)
{
	size_t begin = parser->at;
	size_t end = begin + 1;

	*ret = NULL;
	*ret_size = 0;
	while (end < parser->size && parser->text[end] != '"')
		end += parser->text[end] == '\\' ? 2 : 1;
	if (end >= parser->size)
		return template_fail(parser, begin, "no \" ends the text that begins here");
	char *bytes = arena_take(&parser->template->arena, end - begin);
	size_t size = 0;
	if (escape_decode_all(parser->text + begin + 1, end - begin - 1, bytes, &size) < 0)
		return template_fail(parser, begin + 1 + size,
				     "no such escape; \\\\ is a backslash");
	parser->at = end + 1;
	*ret = bytes;
	*ret_size = size;
	return 0;
}

/* Where the next thing begins that isn't plain. */
static size_t find_special(const struct template_parser *parser)
{
	const char *from = parser->text + parser->at;
	size_t left = parser->size - parser->at;
	const char *special = parser->options->has_escapes ? memchr(from, '\\', left)
							   : memmem(from, left, "\\{", 2);

	return special ? (size_t)(special - parser->text) : parser->size;
}

static void add_plain(struct template_parser *parser, const void *data, size_t size, bool is_owned)
{
	static const struct template_segment plain = { .framing = TEMPLATE_DATA, .is_final = true };

	if (size == 0)
		return;
	template_begin_segment(parser->template, &plain);
	if (is_owned)
		template_add_owned(parser->template, data, size);
	else
		template_add_bytes(parser->template, data, size);
}

static int parse_escape(struct template_parser *parser)
{
	size_t used = 0;
	int value =
		escape_decode(parser->text + parser->at + 1, parser->size - parser->at - 1, &used);

	if (value < 0)
		return template_fail(parser, parser->at, "no such escape; \\\\ is a backslash");
	uint8_t byte = (uint8_t)value;
	add_plain(parser, &byte, 1, false);
	parser->at += 1 + used;
	return 0;
}

static int parse_braces(struct template_parser *parser)
{
	size_t begin = parser->at;

	parser->at += 2;
	template_skip_blanks(parser);
	int rc = template_parse_expression(parser);
	if (rc < 0)
		return rc;
	if (parser->at == parser->size)
		return template_fail(parser, begin, "no } ends the expression that begins here");
	if (!template_is_at(parser, '}'))
		return template_fail(parser, parser->at,
				     "} is expected here, the end of the expression");
	parser->at++;
	return 0;
}

int template_parse(struct template_parser *parser)
{
	while (parser->at < parser->size) {
		size_t special = find_special(parser);
		add_plain(parser, parser->text + parser->at, special - parser->at,
			  parser->is_text_owned);
		parser->at = special;
		if (special == parser->size)
			break;
		bool is_expression = special + 1 < parser->size && parser->text[special + 1] == '{';
		int rc = is_expression ? parse_braces(parser) : parse_escape(parser);
		if (rc < 0)
			return rc;
	}
	return 0;
}
