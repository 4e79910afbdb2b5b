#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/form.h"

static void values_are_found(void **state)
{
	static const struct {
		const char *text;
		const char *value; /* of "a"; NULL: it is refused */
	} cases[] = {
		{ "a=1", "1" },
		{ "b=2&a=1", "1" },
		{ "a=1&a=2", "1" },
		{ "aa=1&a=2", "2" },
		{ "b=a=3&a=4", "4" },
		{ "a", "" },
		{ "a=", "" },
		{ "a&b=1", "" },
		{ "&&a=x&&", "x" },
		{ "a=two+words%20%C3%A9%3d", "two words \xc3\xa9=" },
		{ "a=1234567", "1234567" },
		{ "a=%31%32%33%34%35%36%37%38%39%30%31%32%33%34%35", "123456789012345" },
		{ "", NULL },
		{ "A=1", NULL },
		{ "ab=1", NULL },
		{ "a=1234567890123456", NULL },
		{ "a=%", NULL },
		{ "a=%4", NULL },
		{ "a=%4&1=2", NULL },
		{ "a=%x1", NULL },
		{ "a=%00", NULL },
		{ "a=%0a", NULL },
		{ "a=\x7f", NULL },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		char value[16] = "?";
		bool is_found = form_find(cases[i].text, "a", value, sizeof(value));
		if (is_found != (cases[i].value != NULL))
			fail_msg("\"%s\" gives \"%s\"", cases[i].text, value);
		assert_string_equal(value, is_found ? cases[i].value : "");
	}
}

static void names_are_found(void **state)
{
	assert_true(form_has("a=%", "a"));
	assert_true(form_has("b&a", "a"));
	assert_false(form_has("ab=1&b=a", "a"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found),
		cmocka_unit_test(names_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
