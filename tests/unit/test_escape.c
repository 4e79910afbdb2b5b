#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/escape.h"

static void escapes_are_those_of_c(void **state)
{
	static const struct {
		const char *text; /* behind the backslash */
		int byte;
		size_t used;
	} rows[] = {
		{ "n", '\n', 1 },      { "r", '\r', 1 },    { "t", '\t', 1 },
		{ "a", '\a', 1 },      { "b", '\b', 1 },    { "f", '\f', 1 },
		{ "v", '\v', 1 },      { "e", 0x1b, 1 },    { "\\", '\\', 1 },
		{ "\"", '"', 1 },      { "'", '\'', 1 },    { "?", '?', 1 },
		{ "0", 0, 1 },         { "08", 0, 1 },      { "1018", 'A', 3 },
		{ "377", 0xff, 3 },    { "x41", 'A', 3 },   { "xfF", 0xff, 3 },
		{ "x4g", 4, 2 },       { "x", -EINVAL, 1 }, { "xg", -EINVAL, 1 },
		{ "8", -EINVAL, 0 },   { "q", -EINVAL, 0 }, { "", -EINVAL, 0 },
		{ "400", -EINVAL, 3 },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		size_t used = 99;
		assert_int_equal(escape_decode(rows[i].text, strlen(rows[i].text), &used),
				 rows[i].byte);
		assert_int_equal(used, rows[i].used);
	}
}

static void texts_are_decoded_up_to_a_mistake(void **state)
{
	char bytes[16];
	size_t size = 0;
	assert_int_equal(escape_decode_all("a\\r\\n\\0b", 8, bytes, &size), 0);
	assert_int_equal(size, 5);
	assert_memory_equal(bytes, "a\r\n\0b", 5);
	assert_int_equal(escape_decode_all("ab\\q", 4, bytes, &size), -EINVAL);
	assert_int_equal(size, 2);
	assert_int_equal(escape_decode_all("abc\\", 4, bytes, &size), -EINVAL);
	assert_int_equal(size, 3);
	assert_int_equal(escape_decode_all("", 0, bytes, &size), 0);
	assert_int_equal(size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_are_those_of_c),
		cmocka_unit_test(texts_are_decoded_up_to_a_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
