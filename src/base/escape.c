#include "base/escape.h"

#include <errno.h>
#include <string.h>

static const char letters[] = "abefnrtv\\\"'?";
static const char bytes[] = "\a\b\x1b\f\n\r\t\v\\\"'?";

static int digit_value(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	if (letter >= 'A' && letter <= 'F')
		return letter - 'A' + 10;
	return 16;
}

/* Up to `most` digits; -EINVAL: none, or more than a byte. */
static int decode_digits(const char *text, size_t size, int base, size_t most, size_t *ret_used)
{
	int value = 0;
	size_t used = 0;

	while (used < size && used < most && digit_value(text[used]) < base)
		value = value * base + digit_value(text[used++]);
	*ret_used = used;
	return used == 0 || value > 0xff ? -EINVAL : value;
}

int escape_decode(const char *text, size_t size, size_t *ret_used)
{
	*ret_used = 0;
	if (size == 0)
		return -EINVAL;
	const char *letter = memchr(letters, text[0], sizeof(letters) - 1);
	if (letter) {
		*ret_used = 1;
		return (unsigned char)bytes[letter - letters];
	}
	if (text[0] != 'x')
		return decode_digits(text, size, 8, 3, ret_used);
	int value = decode_digits(text + 1, size - 1, 16, 2, ret_used);
	++*ret_used;
	return value;
}

int escape_decode_all(const char *text, size_t size, char *ret, size_t *ret_size)
{
	size_t length = 0;

	for (size_t at = 0; at < size; at++) {
		if (text[at] != '\\') {
			ret[length++] = text[at];
			continue;
		}
		size_t used = 0;
		int byte = escape_decode(text + at + 1, size - at - 1, &used);
		if (byte < 0) {
			*ret_size = at;
			return byte;
		}
		ret[length++] = (char)byte;
		at += used;
	}
	*ret_size = length;
	return 0;
}
