#include "base/json_pull.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define NUMBER_MAX 64

void json_pull_init(struct json_pull *pull, const char *text, size_t size)
{
	*pull = (struct json_pull){ .at = text, .end = text + size };
}

/* ---- characters */

static bool fail(struct json_pull *pull)
{
	pull->is_wrong = true;
	pull->at = pull->end;
	return false;
}

/* The next character that is no blank; NUL: there is none. */
static char peek(struct json_pull *pull)
{
	while (pull->at < pull->end && *pull->at != '\0' && strchr(" \t\r\n", *pull->at) != NULL)
		pull->at++;
	return pull->at < pull->end ? *pull->at : '\0';
}

static bool take(struct json_pull *pull, char character)
{
	if (peek(pull) != character)
		return false;
	pull->at++;
	return true;
}

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

/* ---- texts */

/* Four hexadecimal digits; -1. */
static int take_digits(struct json_pull *pull)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	int number = 0;

	if (pull->end - pull->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const char *found = *pull->at != '\0' ? strchr(digits, *pull->at) : NULL;
		if (found == NULL)
			return -1;
		number = 16 * number + (int)(found - digits) % 16;
		pull->at++;
	}
	return number;
}

/* Behind "\u"; the second half of a pair, too. 0: it stands for no character that a text can
 * hold. */
static uint32_t take_unicode(struct json_pull *pull)
{
	int high = take_digits(pull);

	if (high < 0) {
		(void)fail(pull);
		return 0;
	}
	if (high < 0xd800 || high > 0xdfff)
		return (uint32_t)high;
	if (high > 0xdbff || pull->end - pull->at < 6 || pull->at[0] != '\\' || pull->at[1] != 'u')
		return 0;
	struct json_pull second = *pull;
	second.at += 2;
	int low = take_digits(&second);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	pull->at = second.at;
	return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

struct text {
	char *data;
	size_t size;
	size_t used;
	bool is_full;
};

static void put(struct text *text, const char *bytes, size_t count)
{
	if (text->is_full || text->used + count >= text->size) {
		text->is_full = true;
		return;
	}
	memcpy(text->data + text->used, bytes, count);
	text->used += count;
}

static void put_unicode(struct text *text, uint32_t code)
{
	char bytes[4];
	size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	if (code == 0) {
		put(text, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
		return;
	}
	for (size_t i = count; i-- > 1; code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(marks[count] | code);
	put(text, bytes, count);
}

/* Behind the backslash. */
static bool take_escape(struct json_pull *pull, struct text *text)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char plain[] = "\"\\/\b\f\n\r\t";
	const char *found = NULL;

	if (pull->at == pull->end)
		return fail(pull);
	char letter = *pull->at++;
	if (letter == 'u') {
		put_unicode(text, take_unicode(pull));
		return !pull->is_wrong;
	}
	if (letter != '\0')
		found = strchr(letters, letter);
	if (found == NULL)
		return fail(pull);
	put(text, &plain[found - letters], 1);
	return true;
}

/* A character as it stands, which utf8_length() needs a copy of: the text has no end of its own. */
static void take_plain(struct json_pull *pull, struct text *text)
{
	char copy[5] = { 0 };
	size_t left = (size_t)(pull->end - pull->at);

	memcpy(copy, pull->at, left < 4 ? left : 4);
	size_t length = utf8_length(copy);
	if (length == 0)
		put(text, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
	else
		put(text, copy, length);
	pull->at += length > 0 ? length : 1;
}

static bool take_text(struct json_pull *pull, char *ret, size_t size)
{
	struct text text = { .data = ret, .size = size };

	pull->at++;
	while (pull->at < pull->end && *pull->at != '"') {
		if ((unsigned char)*pull->at < 0x20)
			return fail(pull);
		if (*pull->at != '\\') {
			take_plain(pull, &text);
			continue;
		}
		pull->at++;
		if (!take_escape(pull, &text))
			return false;
	}
	if (pull->at == pull->end)
		return fail(pull);
	pull->at++;
	if (size > 0)
		ret[text.used] = '\0';
	return true;
}

bool json_pull_text(struct json_pull *pull, char *ret, size_t size)
{
	return peek(pull) == '"' && take_text(pull, ret, size);
}

/* ---- numbers and words */

static size_t count_digits(const char *at, const char *end)
{
	const char *begin = at;

	while (at < end && is_digit(*at))
		at++;
	return (size_t)(at - begin);
}

/* How many characters the number has; 0: it is none. */
static size_t number_size(const char *begin, const char *end)
{
	const char *at = begin + (begin < end && *begin == '-');
	size_t digits = count_digits(at, end);

	if (digits == 0 || (digits > 1 && *at == '0'))
		return 0;
	at += digits;
	if (at < end && *at == '.') {
		digits = count_digits(at + 1, end);
		if (digits == 0)
			return 0;
		at += 1 + digits;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		digits = count_digits(at, end);
		if (digits == 0)
			return 0;
		at += digits;
	}
	return (size_t)(at - begin);
}

bool json_pull_number(struct json_pull *pull, double *ret)
{
	char text[NUMBER_MAX];
	char first = peek(pull);

	if (first != '-' && !is_digit(first))
		return false;
	size_t size = number_size(pull->at, pull->end);
	if (size == 0)
		return fail(pull);
	size_t kept = size < sizeof(text) ? size : sizeof(text) - 1;
	memcpy(text, pull->at, kept);
	text[kept] = '\0';
	*ret = strtod(text, NULL);
	pull->at += size;
	return true;
}

static bool take_word(struct json_pull *pull)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t left = (size_t)(pull->end - pull->at);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t size = strlen(words[i]);
		if (left < size || memcmp(pull->at, words[i], size) != 0)
			continue;
		pull->at += size;
		return true;
	}
	return fail(pull);
}

/* ---- containers */

static bool enter(struct json_pull *pull, char bracket)
{
	if (!take(pull, bracket))
		return false;
	if (pull->depth == JSON_PULL_DEPTH_MAX)
		return fail(pull);
	pull->depth++;
	pull->is_first = true;
	return true;
}

bool json_pull_object(struct json_pull *pull)
{
	return enter(pull, '{');
}

bool json_pull_array(struct json_pull *pull)
{
	return enter(pull, '[');
}

/* Is there one more in the container; false: it was left. */
static bool next(struct json_pull *pull, char bracket)
{
	bool is_first = pull->is_first;

	pull->is_first = false;
	if (take(pull, bracket)) {
		pull->depth--;
		return false;
	}
	return is_first || take(pull, ',') || fail(pull);
}

bool json_pull_item(struct json_pull *pull)
{
	return !pull->is_wrong && next(pull, ']');
}

bool json_pull_key(struct json_pull *pull, char *ret, size_t size)
{
	if (pull->is_wrong || !next(pull, '}'))
		return false;
	if (peek(pull) != '"')
		return fail(pull);
	return take_text(pull, ret, size) && (take(pull, ':') || fail(pull));
}

/* One that holds no others; or the container was entered. */
static void skip_one(struct json_pull *pull)
{
	char nothing[1];
	double number;

	switch (peek(pull)) {
	case '{':
		(void)json_pull_object(pull);
		break;
	case '[':
		(void)json_pull_array(pull);
		break;
	case '"':
		(void)take_text(pull, nothing, sizeof(nothing));
		break;
	default:
		if (!json_pull_number(pull, &number) && !pull->is_wrong)
			(void)take_word(pull);
	}
}

void json_pull_skip(struct json_pull *pull)
{
	unsigned outside = pull->depth;
	uint64_t objects = 0; /* a bit a depth */
	char nothing[1];

	do {
		unsigned before = pull->depth;
		char kind = peek(pull);
		skip_one(pull);
		if (pull->depth > before)
			objects = (objects & ~(UINT64_C(1) << pull->depth)) |
				  (uint64_t)(kind == '{') << pull->depth;
		/* To the next value, out of as many containers as end here. */
		while (pull->depth > outside && !pull->is_wrong) {
			bool is_object = objects >> pull->depth & 1;
			if (is_object ? json_pull_key(pull, nothing, sizeof(nothing))
				      : json_pull_item(pull))
				break;
		}
	} while (pull->depth > outside && !pull->is_wrong);
}

bool json_pull_is_done(struct json_pull *pull)
{
	return !pull->is_wrong && pull->depth == 0 && peek(pull) == '\0' && pull->at == pull->end;
}
