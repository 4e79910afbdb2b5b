#include "base/form.h"

#include <stdint.h>
#include <string.h>

static int digit_of(char character)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = character != '\0' ? strchr(digits, character) : NULL;

	return found != NULL ? (int)(found - digits) % 16 : -1;
}

/* The character that `*at` begins with, behind which it moves; -1: none. */
static int take_character(const char **at)
{
	const char *text = *at;

	if (*text != '%') {
		*at = text + 1;
		return *text == '+' ? ' ' : (uint8_t)*text;
	}
	int high = digit_of(text[1]);
	int low = high < 0 ? -1 : digit_of(text[2]);
	if (low < 0)
		return -1;
	*at = text + 3;
	return 16 * high + low;
}

static bool decode(const char *at, const char *end, char *ret, size_t size)
{
	size_t used = 0;

	while (at < end) {
		int character = take_character(&at);
		if (character < 0x20 || character == 0x7f || at > end || used + 1 >= size)
			return false;
		ret[used++] = (char)character;
	}
	ret[used] = '\0';
	return true;
}

/* Its value, which ends at `*ret_end`; NULL: there is no such field. */
static const char *find(const char *text, const char *name, const char **ret_end)
{
	size_t length = strlen(name);

	while (*text != '\0') {
		const char *end = text + strcspn(text, "&");
		if (strncmp(text, name, length) == 0 &&
		    (text[length] == '=' || text + length == end)) {
			*ret_end = end;
			return text + length + (text[length] == '=');
		}
		text = *end == '&' ? end + 1 : end;
	}
	return NULL;
}

bool form_find(const char *text, const char *name, char *ret, size_t size)
{
	const char *end = NULL;
	const char *value = find(text, name, &end);

	if (value != NULL && decode(value, end, ret, size))
		return true;
	if (size > 0)
		ret[0] = '\0';
	return false;
}

bool form_has(const char *text, const char *name)
{
	const char *end = NULL;

	return find(text, name, &end) != NULL;
}
