#include "proto/reply_regex.h"

#include <locale.h>

/* Looked at first; a stream may hold many short answers. */
#define FIRST_LOOK_BYTES 256

int reply_regex_compile(const char *text, regex_t *ret)
{
	locale_t bytes = newlocale(LC_ALL_MASK, "C", (locale_t)0);

	if (bytes == (locale_t)0)
		return REG_ESPACE;
	locale_t before = uselocale(bytes);
	int code = regcomp(ret, text, REG_EXTENDED | REG_NEWLINE | REG_NOSUB);
	(void)uselocale(before);
	freelocale(bytes);
	ret->not_eol = 1;
	return code;
}

/* re_search() and not regexec(): the bytes need no zero behind them. */
bool reply_regex_is_found(regex_t *regex, const char *data, size_t size)
{
	return re_search(regex, data, (regoff_t)size, 0, (regoff_t)size, NULL) >= 0;
}

/* What is found in a beginning is found in all longer ones. */
static size_t narrow(regex_t *regex, const char *data, size_t without, size_t with)
{
	while (with - without > 1) {
		size_t middle = without + (with - without) / 2;
		if (reply_regex_is_found(regex, data, middle))
			with = middle;
		else
			without = middle;
	}
	return with;
}

size_t reply_regex_end(regex_t *regex, const char *data, size_t size, size_t known)
{
	size_t look = known + FIRST_LOOK_BYTES;

	for (size_t without = known; without < size; look *= 4) {
		size_t with = look < size ? look : size;
		if (reply_regex_is_found(regex, data, with))
			return narrow(regex, data, without, with);
		without = with;
	}
	return 0;
}
