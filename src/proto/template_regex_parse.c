/* Reads the regular expressions that draw. */
#include <stdbool.h>
#include <string.h>

#include "base/escape.h"
#include "proto/template_regex_node.h"

#define DEPTH_MAX  64
#define REPEAT_MAX 65536
#define OPEN_MAX   16 /* of + and * */

struct regex_parser {
	struct arena *arena;
	const char *text;
	size_t size;
	size_t at;
	unsigned depth;
	const char *mistake;
};

static struct template_regex *parse_choice(struct regex_parser *parser);

static void *fail(struct regex_parser *parser, size_t at, const char *mistake)
{
	parser->at = at;
	parser->mistake = mistake;
	return NULL;
}

static bool is_at(const struct regex_parser *parser, const char *letters)
{
	return parser->at < parser->size && parser->text[parser->at] != '\0' &&
	       strchr(letters, parser->text[parser->at]);
}

static struct template_regex *new_node(struct regex_parser *parser, enum node_kind kind)
{
	struct template_regex *node = arena_take(parser->arena, sizeof(*node));

	node->kind = kind;
	node->steps = 1;
	return node;
}

static size_t add(size_t a, size_t b)
{
	size_t sum = 0;
	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static size_t multiply(size_t a, size_t b)
{
	size_t product = 0;
	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

/* The bytes of a letter are one thing: "é?" has both or neither. */
static size_t letter_size(const struct regex_parser *parser)
{
	size_t size = 1;

	while (size < 4 && parser->at + size < parser->size &&
	       ((uint8_t)parser->text[parser->at + size] & 0xc0) == 0x80)
		size++;
	return (uint8_t)parser->text[parser->at] < 0x80 ? 1 : size;
}

static struct template_regex *new_character(struct regex_parser *parser, const void *bytes,
					    size_t size)
{
	struct template_regex *node = new_node(parser, NODE_CHARACTER);
	uint8_t *copy = arena_take(parser->arena, size);

	memcpy(copy, bytes, size);
	node->members = copy;
	node->count = (uint32_t)size;
	node->bounds = (struct template_bounds){ size, size, (double)size };
	return node;
}

/* A set of bytes while a class is read. */
struct byte_set {
	bool has[256];
};

static void set_add_range(struct byte_set *set, unsigned first, unsigned last)
{
	for (unsigned byte = first; byte <= last; byte++)
		set->has[byte] = true;
}

/* \d, \w and \s; false: none of these. */
static bool set_add_named(struct byte_set *set, char name)
{
	if (name == 's') {
		set_add_range(set, ' ', ' ');
		set_add_range(set, '\t', '\t');
		return true;
	}
	if (name != 'd' && name != 'w')
		return false;
	set_add_range(set, '0', '9');
	if (name == 'w') {
		set_add_range(set, 'a', 'z');
		set_add_range(set, 'A', 'Z');
		set_add_range(set, '_', '_');
	}
	return true;
}

static struct template_regex *new_class(struct regex_parser *parser, const struct byte_set *set)
{
	struct template_regex *node = new_node(parser, NODE_CLASS);
	uint8_t *members = arena_take(parser->arena, 256);

	for (unsigned byte = 0; byte < 256; byte++) {
		if (set->has[byte])
			members[node->count++] = (uint8_t)byte;
	}
	node->members = members;
	node->bounds = (struct template_bounds){ 1, 1, 1 };
	return node;
}

/* The byte behind a backslash: punctuation stands for itself. -1: a mistake. */
static int parse_escape(struct regex_parser *parser)
{
	size_t begin = parser->at++;
	char letter = parser->at < parser->size ? parser->text[parser->at] : '\0';

	if (letter != '\0' && strchr(".[](){}|?+*^$-/<>%\"'\\", letter)) {
		parser->at++;
		return (uint8_t)letter;
	}
	size_t used = 0;
	int byte = escape_decode(parser->text + parser->at, parser->size - parser->at, &used);
	parser->at += used;
	if (byte < 0)
		(void)fail(parser, begin, "no such escape; \\\\ is a backslash");
	return byte;
}

/* One end of a range in a class. -1: a mistake. */
static int parse_class_byte(struct regex_parser *parser)
{
	uint8_t byte = (uint8_t)parser->text[parser->at];

	if (byte == '\\')
		return parse_escape(parser);
	if (byte >= 0x80) {
		(void)fail(parser, parser->at,
			   "only ASCII letters can stand in a class; write (é|ü)");
		return -1;
	}
	if (byte == '[' && parser->at + 1 < parser->size && parser->text[parser->at + 1] == ':') {
		(void)fail(parser, parser->at, "named classes are not known here; write a-z");
		return -1;
	}
	parser->at++;
	return byte;
}

/* One byte, a range or \d. False: a mistake. */
static bool parse_class_item(struct regex_parser *parser, struct byte_set *set)
{
	size_t begin = parser->at;

	if (is_at(parser, "\\") && begin + 1 < parser->size &&
	    set_add_named(set, parser->text[begin + 1])) {
		parser->at += 2;
		return true;
	}
	int first = parse_class_byte(parser);
	int last = first;
	if (first >= 0 && is_at(parser, "-") && parser->at + 1 < parser->size &&
	    parser->text[parser->at + 1] != ']') {
		parser->at++;
		last = parse_class_byte(parser);
	}
	if (first < 0 || last < 0)
		return false;
	if (last < first)
		return fail(parser, begin, "this range ends before it begins");
	set_add_range(set, (unsigned)first, (unsigned)last);
	return true;
}

static struct template_regex *parse_class(struct regex_parser *parser)
{
	size_t begin = parser->at++;
	struct byte_set set = { 0 };
	bool is_negated = is_at(parser, "^");

	parser->at += is_negated;
	size_t first = parser->at;
	while (parser->at < parser->size && !is_at(parser, "]")) {
		if (!parse_class_item(parser, &set))
			return NULL;
	}
	if (parser->at == parser->size)
		return fail(parser, begin, "no ] ends this class");
	if (parser->at++ == first)
		return fail(parser, begin, "an empty class");
	/* What isn't listed is taken from what can be printed. */
	for (unsigned byte = 0; is_negated && byte < 256; byte++)
		set.has[byte] = byte >= ' ' && byte <= '~' && !set.has[byte];
	struct template_regex *node = new_class(parser, &set);
	return node->count > 0 ? node : fail(parser, begin, "nothing is left in this class");
}

static struct template_regex *parse_group(struct regex_parser *parser)
{
	size_t begin = parser->at++;

	if (parser->depth == DEPTH_MAX)
		return fail(parser, begin, "groups are nested too deeply");
	parser->depth++;
	struct template_regex *node = parse_choice(parser);
	parser->depth--;
	if (!node)
		return NULL;
	if (!is_at(parser, ")"))
		return fail(parser, begin, "no ) ends this group");
	parser->at++;
	return node;
}

static struct template_regex *parse_backslash(struct regex_parser *parser)
{
	struct byte_set set = { 0 };

	if (parser->at + 1 < parser->size && set_add_named(&set, parser->text[parser->at + 1])) {
		parser->at += 2;
		return new_class(parser, &set);
	}
	int byte = parse_escape(parser);
	uint8_t character = (uint8_t)byte;
	return byte < 0 ? NULL : new_character(parser, &character, 1);
}

static struct template_regex *parse_piece(struct regex_parser *parser)
{
	if (is_at(parser, "("))
		return parse_group(parser);
	if (is_at(parser, "["))
		return parse_class(parser);
	if (is_at(parser, "\\"))
		return parse_backslash(parser);
	if (is_at(parser, "?+*{"))
		return fail(parser, parser->at, "there is nothing before this to repeat");
	size_t size = letter_size(parser);
	parser->at += size;
	return new_character(parser, parser->text + parser->at - size, size);
}

/* -1: no number, or one that is too large. */
static int64_t parse_number(struct regex_parser *parser)
{
	int64_t value = 0;
	size_t begin = parser->at;

	while (parser->at < parser->size && parser->text[parser->at] >= '0' &&
	       parser->text[parser->at] <= '9' && value <= REPEAT_MAX)
		value = value * 10 + (parser->text[parser->at++] - '0');
	return parser->at == begin || value > REPEAT_MAX ? -1 : value;
}

static bool parse_braces(struct regex_parser *parser, struct template_regex *repeat)
{
	size_t begin = parser->at++;
	int64_t least = parse_number(parser);
	int64_t most = least;

	if (least >= 0 && is_at(parser, ",")) {
		parser->at++;
		most = parse_number(parser);
	}
	if (least < 0 || most < 0 || !is_at(parser, "}"))
		return fail(parser, begin, "a count is {n} or {n,m}, of 65536 at most");
	if (most < least)
		return fail(parser, begin, "this count ends before it begins");
	parser->at++;
	repeat->repeat_min = (uint32_t)least;
	repeat->repeat_max = (uint32_t)most;
	return true;
}

static bool parse_count(struct regex_parser *parser, struct template_regex *repeat)
{
	if (is_at(parser, "{"))
		return parse_braces(parser, repeat);
	repeat->repeat_min = is_at(parser, "+");
	repeat->repeat_max = is_at(parser, "?") ? 1 : OPEN_MAX;
	parser->at++;
	return true;
}

static struct template_regex *parse_repeated(struct regex_parser *parser)
{
	struct template_regex *piece = parse_piece(parser);

	if (!piece || !is_at(parser, "?+*{"))
		return piece;
	struct template_regex *repeat = new_node(parser, NODE_REPEAT);
	if (!parse_count(parser, repeat))
		return NULL;
	const struct template_bounds *once = &piece->bounds;
	double mean = ((double)repeat->repeat_min + (double)repeat->repeat_max) / 2;
	repeat->first = piece;
	repeat->bounds = (struct template_bounds){
		.size_min = multiply(once->size_min, repeat->repeat_min),
		.size_max = multiply(once->size_max, repeat->repeat_max),
		.size_mean = once->size_mean * mean,
	};
	repeat->steps = add(1, multiply(piece->steps, repeat->repeat_max));
	return repeat;
}

static struct template_regex *parse_sequence(struct regex_parser *parser)
{
	struct template_regex *sequence = new_node(parser, NODE_SEQUENCE);
	struct template_regex **end = &sequence->first;
	struct template_bounds *bounds = &sequence->bounds;

	while (parser->at < parser->size && !is_at(parser, "|)}")) {
		struct template_regex *node = parse_repeated(parser);
		if (!node)
			return NULL;
		*end = node;
		end = &node->next;
		bounds->size_min = add(bounds->size_min, node->bounds.size_min);
		bounds->size_max = add(bounds->size_max, node->bounds.size_max);
		bounds->size_mean += node->bounds.size_mean;
		sequence->steps = add(sequence->steps, node->steps);
	}
	return sequence;
}

static void weigh_choice(struct template_regex *choice)
{
	struct template_bounds bounds = { .size_min = SIZE_MAX };

	for (const struct template_regex *node = choice->first; node; node = node->next) {
		const struct template_bounds *one = &node->bounds;
		bounds.size_min = one->size_min < bounds.size_min ? one->size_min : bounds.size_min;
		bounds.size_max = one->size_max > bounds.size_max ? one->size_max : bounds.size_max;
		bounds.size_mean += one->size_mean / choice->count;
		/* It walks along its alternatives to the one it takes. */
		choice->steps = add(choice->steps, add(1, node->steps));
	}
	choice->bounds = bounds;
}

static struct template_regex *parse_choice(struct regex_parser *parser)
{
	struct template_regex *choice = new_node(parser, NODE_CHOICE);
	struct template_regex **end = &choice->first;

	for (;;) {
		struct template_regex *sequence = parse_sequence(parser);
		if (!sequence)
			return NULL;
		*end = sequence;
		end = &sequence->next;
		choice->count++;
		if (!is_at(parser, "|"))
			break;
		parser->at++;
	}
	if (choice->count == 1)
		return choice->first;
	weigh_choice(choice);
	return choice;
}

const struct template_regex *template_regex_parse(struct arena *arena, const char *text,
						  size_t size, size_t *ret_at,
						  const char **ret_mistake)
{
	struct regex_parser parser = { .arena = arena, .text = text, .size = size };
	struct template_regex *regex = parse_choice(&parser);

	if (regex && is_at(&parser, ")"))
		regex = fail(&parser, parser.at, "this ) belongs to no (");
	else if (regex && parser.at == 0)
		regex = fail(&parser, 0, "a regular expression belongs here");
	*ret_at = parser.at;
	*ret_mistake = parser.mistake;
	return regex;
}
