/* What may stand between \{ and }: one table for the parser and for `conntest help templates`. */
#include <errno.h>
#include <inttypes.h>

#include "base/closest.h"
#include "base/hash.h"
#include "proto/template_parse.h"

#define WORD_MAX 64

struct expression {
	const char *name;
	const char *operands;
	const char *sentence;
	/* The cursor stands behind the name. */
	int (*parse)(struct template_parser *parser, const struct expression *expression);
	enum template_value value;
	uint8_t opcode;
};

static int parse_number(struct template_parser *parser, const struct expression *expression);
static int parse_regex(struct template_parser *parser, const struct expression *expression);
static int parse_global_regex(struct template_parser *parser, const struct expression *expression);
static int parse_lines(struct template_parser *parser, const struct expression *expression);
static int parse_raw(struct template_parser *parser, const struct expression *expression);
static int parse_frame(struct template_parser *parser, const struct expression *expression);

/* RFC 6455 11.8 */
enum {
	OPCODE_CONTINUATION = 0,
	OPCODE_TEXT,
	OPCODE_BINARY,
	OPCODE_CLOSE = 8,
	OPCODE_PING,
	OPCODE_PONG
};

static const struct expression expressions[] = {
	{ "connection.uid", " [% N]", "number of the connection, unique in the run", parse_number,
	  .value = VALUE_UID },
	{ "connection.ptr", " [% N]", "the same in the shape of an address: 0x and 12 digits",
	  parse_number, .value = VALUE_POINTER },
	{ "connection.re", " RE",
	  "a text that RE matches; the same RE gives the same text "
	  "throughout a connection",
	  parse_regex, .value = VALUE_CONNECTION_REGEX },
	{ "global.re", " RE", "the same, throughout the run", parse_global_regex,
	  .value = VALUE_CONSTANT },
	{ "re", " RE", "the same, drawn anew each time", parse_regex, .value = VALUE_REGEX },
	{ "message.seq", " [% N]", "number of the message in its connection, from 0", parse_number,
	  .value = VALUE_SEQUENCE },
	{ "message.marker", " [% N]",
	  "TCPKaliMsgTS-, when the message was written (Unix us, 16 "
	  "hexadecimal digits), a dot",
	  parse_number, .value = VALUE_MARKER },
	{ "time", " [% N]",
	  "when the message was written, in Unix seconds: 1763622681.000125; "
	  "with % whole ones",
	  parse_number, .value = VALUE_TIME },
	{ "lines", " FILE", "one line of FILE, the next one in the next message", parse_lines,
	  .value = VALUE_LINE },
	{ "raw", " DATA...", "bytes; on a WebSocket without a frame around them", parse_raw,
	  .value = VALUE_CONSTANT },
	{ "ws.text", " [DATA...] [FLAG...]", "a WebSocket frame of its own", parse_frame,
	  .opcode = OPCODE_TEXT },
	{ "ws.binary", "", "the same", parse_frame, .opcode = OPCODE_BINARY },
	{ "ws.continuation", "", "the same; also ws.cont", parse_frame,
	  .opcode = OPCODE_CONTINUATION },
	{ "ws.cont", "", NULL, parse_frame, .opcode = OPCODE_CONTINUATION },
	{ "ws.close", "", "the same; DATA begins with the code: \"\\x03\\xe8\" is 1000",
	  parse_frame, .opcode = OPCODE_CLOSE },
	{ "ws.ping", "", "the same", parse_frame, .opcode = OPCODE_PING },
	{ "ws.pong", "", "the same", parse_frame, .opcode = OPCODE_PONG },
};

#define HELP_COLUMN 24

static const char help_rest[] =
	"<FILE>                  the bytes of FILE, read when the run begins; also <\"FILE\">\n"
	"\n"
	"DATA is \"text\", <FILE> or {EXPRESSION} without its backslash. FLAG is rsv1, rsv2, rsv3, "
	"or\n"
	"... for a frame that another one continues. What stands outside frames and raw is a frame "
	"of\n"
	"its own on a WebSocket; elsewhere all of it is just bytes.\n"
	"\n"
	"RE has letters, classes [a-z] [^0-9] \\d \\w, groups (a|b), and counts: ? {N} {N,M}, + is 1 "
	"to\n"
	"16, * 0 to 16. All else stands for itself, a dot too. % N is the remainder.\n"
	"\n"
	"Inside \"text\" \\n, \\\", \\x00, \\377 and the other escapes of C are known; outside with -e.\n"
	"\n"
	"-m 'GET /\\{connection.uid % 10}'\n"
	"-m '\\{re [a-z]{4,8}@example\\.(com|org)}'\n"
	"-m '{\"seq\":\\{message.seq},\"at\":\\{time}}'\n"
	"-m '\\{ws.text \"one \" ...}\\{ws.cont {message.seq}}\\{ws.ping}'\n";

static bool is_word_letter(char letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
	       (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
}

/* Letters, and dots between them: the "..." of a frame is no part of its name. */
static size_t word_length(const struct template_parser *parser)
{
	size_t at = parser->at;

	while (at < parser->size &&
	       (is_word_letter(parser->text[at]) ||
		(parser->text[at] == '.' && at > parser->at && at + 1 < parser->size &&
		 is_word_letter(parser->text[at + 1]))))
		at++;
	return at - parser->at;
}

static int no_such_expression(struct template_parser *parser, const char *word)
{
	const char *names[array_size(expressions)];

	for (size_t i = 0; i < array_size(expressions); i++)
		names[i] = expressions[i].name;
	const char *closest = closest_word(word, names, array_size(names));
	if (!closest)
		return template_fail(parser, parser->at,
				     "no such expression (conntest help templates lists them)");
	return template_fail(parser, parser->at, "no such expression; did you mean %s?", closest);
}

/* Moves behind the name. NULL: there is none, and the sentence says so. */
static const struct expression *find_expression(struct template_parser *parser)
{
	char word[WORD_MAX];
	size_t length = word_length(parser);

	(void)snprintf(word, sizeof(word), "%.*s", (int)(length < WORD_MAX ? length : WORD_MAX - 1),
		       parser->text + parser->at);
	for (size_t i = 0; i < array_size(expressions); i++) {
		if (length == strlen(expressions[i].name) &&
		    strcmp(word, expressions[i].name) == 0) {
			parser->at += length;
			return &expressions[i];
		}
	}
	(void)no_such_expression(parser, word);
	return NULL;
}

/* From behind the %. */
static int parse_modulus(struct template_parser *parser, uint64_t *ret)
{
	template_skip_blanks(parser);
	size_t begin = parser->at;
	uint64_t value = 0;
	bool is_overflowing = false;

	while (parser->at < parser->size && parser->text[parser->at] >= '0' &&
	       parser->text[parser->at] <= '9') {
		uint64_t digit = (uint64_t)(parser->text[parser->at++] - '0');
		is_overflowing |= __builtin_mul_overflow(value, UINT64_C(10), &value);
		is_overflowing |= __builtin_add_overflow(value, digit, &value);
	}
	*ret = value;
	if (parser->at == begin || value == 0 || is_overflowing)
		return template_fail(parser, begin, "%% takes a whole number from 1");
	return 0;
}

#define MODULI_MAX 8

static int parse_number(struct template_parser *parser, const struct expression *expression)
{
	uint64_t moduli[MODULI_MAX];
	size_t count = 0;

	for (template_skip_blanks(parser); template_is_at(parser, '%');
	     template_skip_blanks(parser)) {
		if (count == MODULI_MAX)
			return template_fail(parser, parser->at, "one %% is enough");
		parser->at++;
		int rc = parse_modulus(parser, &moduli[count++]);
		if (rc < 0)
			return rc;
	}
	uint64_t *copy = arena_take_array(&parser->template->arena, count, sizeof(*copy));
	memcpy(copy, moduli, count * sizeof(*copy));
	template_add_operation(parser->template,
			       &(struct template_operation){ .value = expression->value,
							     .number = { copy, count } });
	return 0;
}

/* Reads RE up to its }. `ret_salt`: the same for the same text. */
static int read_regex(struct template_parser *parser, const struct template_regex **ret,
		      uint64_t *ret_salt)
{
	template_skip_blanks(parser);
	size_t begin = parser->at;
	size_t used = 0;
	const char *mistake = NULL;

	*ret = template_regex_parse(&parser->template->arena, parser->text + begin,
				    parser->size - begin, &used, &mistake);
	if (!*ret)
		return template_fail(parser, begin + used, "%s", mistake);
	*ret_salt = hash_bytes(HASH_BEGIN, parser->text + begin, used);
	parser->at = begin + used;
	struct template_bounds bounds;
	template_regex_bounds(*ret, &bounds);
	if (bounds.size_max > parser->template->limit ||
	    template_regex_steps(*ret) / 4 > parser->template->limit)
		return template_fail(parser, begin, "what this matches can become too long");
	return 0;
}

static int parse_regex(struct template_parser *parser, const struct expression *expression)
{
	struct template_operation operation = { .value = expression->value };

	int rc = read_regex(parser, &operation.regex.tree, &operation.regex.salt);
	if (rc < 0)
		return rc;
	/* Two of them in a message are not alike. */
	if (expression->value == VALUE_REGEX)
		operation.regex.salt = ++parser->ordinal;
	template_add_operation(parser->template, &operation);
	return 0;
}

static int parse_global_regex(struct template_parser *parser, const struct expression *expression)
{
	const struct template_regex *regex = NULL;
	struct template_bounds bounds;
	struct random random;
	uint64_t salt = 0;

	(void)expression;
	int rc = read_regex(parser, &regex, &salt);
	if (rc < 0)
		return rc;
	template_regex_bounds(regex, &bounds);
	uint8_t *text = arena_take(&parser->template->arena, bounds.size_max);
	template_seed_random(&random, parser->options->seed, UINT64_MAX, UINT64_MAX, salt);
	const uint8_t *end = template_regex_draw(regex, &random, text);
	template_add_bytes(parser->template, text, (size_t)(end - text));
	return 0;
}

static int parse_lines(struct template_parser *parser, const struct expression *expression)
{
	struct template_operation operation = { .value = expression->value };
	const struct buffer *bytes = NULL;

	template_skip_blanks(parser);
	bool is_bracketed = template_is_at(parser, '<');
	parser->at += is_bracketed;
	int rc = template_load_named(parser, is_bracketed ? '>' : '}', &bytes);
	if (rc < 0)
		return rc;
	parser->at += is_bracketed;
	template_lines_find(&parser->template->arena, (const uint8_t *)bytes->data, bytes->size,
			    &operation.lines);
	template_add_operation(parser->template, &operation);
	return 0;
}

/* \{raw} and frames stand for themselves; the others give bytes that may stand in them. */
static bool is_value(const struct expression *expression)
{
	return expression->parse != parse_raw && expression->parse != parse_frame;
}

static int parse_raw(struct template_parser *parser, const struct expression *expression)
{
	static const struct template_segment raw = { .framing = TEMPLATE_RAW, .is_final = true };

	(void)expression;
	template_begin_segment(parser->template, &raw);
	int count = template_parse_items(parser);
	if (count < 0)
		return count;
	return count > 0 ? 0
			 : template_fail(parser, parser->at,
					 "raw takes \"text\", <file> or {expression}");
}

/* One of rsv1, rsv2, rsv3 and "...". False: something else stands here. */
static bool parse_flag(struct template_parser *parser, struct template_segment *segment)
{
	static const struct {
		const char *name;
		uint8_t bit; /* 0: more is to come */
	} flags[] = { { "rsv1", 4 }, { "rsv2", 2 }, { "rsv3", 1 }, { "...", 0 } };

	template_skip_blanks(parser);
	for (size_t i = 0; i < array_size(flags); i++) {
		size_t length = strlen(flags[i].name);
		if (parser->size - parser->at < length ||
		    memcmp(parser->text + parser->at, flags[i].name, length) != 0)
			continue;
		parser->at += length;
		segment->reserved |= flags[i].bit;
		segment->is_final = segment->is_final && flags[i].bit != 0;
		return true;
	}
	return false;
}

static int parse_frame(struct template_parser *parser, const struct expression *expression)
{
	struct template_segment segment = {
		.framing = TEMPLATE_FRAME,
		.opcode = expression->opcode,
		.is_final = true,
	};

	template_begin_segment(parser->template, &segment);
	int rc = template_parse_items(parser);
	if (rc < 0)
		return rc;
	while (parse_flag(parser, &segment))
		continue;
	*template_open_segment(parser->template) = segment;
	if (parser->at == parser->size || template_is_at(parser, '}'))
		return 0;
	return template_fail(
		parser, parser->at,
		"a frame takes \"text\", <file>, {expression}, then rsv1, rsv2, rsv3, ...");
}

int template_parse_value(struct template_parser *parser)
{
	size_t begin = parser->at;
	const struct expression *expression = find_expression(parser);

	if (!expression)
		return -EINVAL;
	if (!is_value(expression))
		return template_fail(parser, begin, "%s can't stand inside another one",
				     expression->name);
	return expression->parse(parser, expression);
}

int template_parse_expression(struct template_parser *parser)
{
	static const struct template_segment plain = { .framing = TEMPLATE_DATA, .is_final = true };
	int rc;

	if (template_is_at(parser, '<')) {
		template_begin_segment(parser->template, &plain);
		rc = template_parse_file(parser);
	} else {
		const struct expression *expression = find_expression(parser);
		if (!expression)
			return -EINVAL;
		if (is_value(expression))
			template_begin_segment(parser->template, &plain);
		rc = expression->parse(parser, expression);
	}
	template_skip_blanks(parser);
	return rc;
}

void template_help(struct buffer *text)
{
	buffer_append_text(text, "Between \\{ and } a message has\n\n");
	for (size_t i = 0; i < array_size(expressions); i++) {
		char form[64];
		const struct expression *row = &expressions[i];
		if (!row->sentence)
			continue;
		(void)snprintf(form, sizeof(form), "%s%s", row->name, row->operands);
		bool is_long = strlen(form) > HELP_COLUMN - 2;
		buffer_append_format(text, "%-*s%s%*s%s\n", is_long ? 0 : HELP_COLUMN, form,
				     is_long ? "\n" : "", is_long ? HELP_COLUMN : 0, "",
				     row->sentence);
	}
	buffer_append_text(text, help_rest);
}
