/* Classes of packets by number and by name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/dscp.h"

static void test_known(void **state)
{
	static const struct {
		const char *text;
		uint8_t value;
	} cases[] = {
		{ "0", 0 },     { "46", 46 },   { "63", 63 },   { "EF", 46 },   { "ef", 46 },
		{ "BE", 0 },    { "LE", 1 },    { "VA", 44 },   { "CS0", 0 },   { "CS1", 8 },
		{ "cs7", 56 },  { "AF11", 10 }, { "AF12", 12 }, { "AF13", 14 }, { "AF21", 18 },
		{ "AF31", 26 }, { "af41", 34 }, { "AF43", 38 }, { "007", 7 },
	};
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		uint8_t value = 255;
		assert_int_equal(dscp_parse(cases[i].text, NULL, &value), 0);
		assert_int_equal(value, cases[i].value);
	}
}

static void test_unknown(void **state)
{
	static const char *const cases[] = {
		"",     "64",    "-1",   "99999999999999999999",
		"46 ",  "0x2e",  "E",    "EFX",
		"CS8",  "CS",    "CS11", "AF",
		"AF1",  "AF01",  "AF14", "AF10",
		"AF51", "AF111", "EF46", "A",
		"C",    "CS/",
	};
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct error error = { "" };
		uint8_t value = 0;
		assert_int_equal(dscp_parse(cases[i], &error, &value), -EINVAL);
		assert_non_null(strstr(error.text, cases[i]));
		assert_non_null(strstr(error.text, "AF11"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
