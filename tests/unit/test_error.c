#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void sets_and_returns_the_negative_code(void **state)
{
	struct error error = { "" };
	assert_int_equal(error_set(&error, EINVAL, "%d is not %s", 5, "even"), -EINVAL);
	assert_string_equal(error.text, "5 is not even");
}

static void works_without_a_place_for_the_sentence(void **state)
{
	assert_int_equal(error_set(NULL, ENOENT, "x"), -ENOENT);
	error_prefix(NULL, "y");
}

static void prefixes(void **state)
{
	struct error error = { "it broke" };
	error_prefix(&error, "--%s", "rate");
	error_prefix(&error, "conntest");
	assert_string_equal(error.text, "conntest: --rate: it broke");
}

static void cuts_off_at_the_end(void **state)
{
	struct error error = { "" };
	char long_text[2 * sizeof(error.text)];
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';

	assert_int_equal(error_set(&error, EINVAL, "%s", long_text), -EINVAL);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	error_prefix(&error, "front");
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_memory_equal(error.text, "front: xxx", 10);
	error_prefix(&error, "%s", long_text);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_and_returns_the_negative_code),
		cmocka_unit_test(works_without_a_place_for_the_sentence),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(cuts_off_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
