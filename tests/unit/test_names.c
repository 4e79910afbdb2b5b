#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/names.h"

static void each_name_has_one_index(void **state)
{
	struct names names;
	names_init(&names);
	assert_int_equal(names_index(&names, "web-1", BACKEND_UNKNOWN), 0);
	assert_int_equal(names_index(&names, "web-2", 0), 1);
	assert_int_equal(names_index(&names, "web-1", 1), 0);
	assert_int_equal(names_index(&names, "web-1", 0), 0);
	assert_int_equal(names_index(&names, "web", 0), 2); /* a prefix is another name */
	assert_int_equal(names.count, 3);
	assert_string_equal(names_text(&names, 1), "web-2");
	assert_null(names_text(&names, 3));
	assert_null(names_text(&names, BACKEND_UNKNOWN));
	names_deinit(&names);
	names_deinit(&names);
	assert_null(names_text(&names, 0));
}

static void no_name_is_unknown(void **state)
{
	struct names names;
	names_init(&names);
	assert_int_equal(names_index(&names, "", 0), BACKEND_UNKNOWN);
	assert_int_equal(names.count, 0);
	names_deinit(&names);
}

static void long_names_are_known_by_their_first_bytes(void **state)
{
	struct names names;
	char name[NAME_BYTES + 2] = { 0 };
	names_init(&names);
	memset(name, 'x', NAME_BYTES);
	assert_int_equal(names_index(&names, name, BACKEND_UNKNOWN), 0);
	name[NAME_BYTES - 1] = 'y'; /* byte 64 */
	assert_int_equal(names_index(&names, name, BACKEND_UNKNOWN), 0);
	name[NAME_BYTES - 2] = 'y';
	assert_int_equal(names_index(&names, name, BACKEND_UNKNOWN), 1);
	assert_int_equal(strlen(names_text(&names, 0)), NAME_BYTES - 1);
	names_deinit(&names);
}

static void what_is_too_many_is_unknown(void **state)
{
	struct names names;
	char name[NAME_BYTES];
	names_init(&names);
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "pod-%u", i);
		assert_int_equal(names_index(&names, name, BACKEND_UNKNOWN), i);
	}
	assert_int_equal(names_index(&names, "one more", 0), BACKEND_UNKNOWN);
	assert_int_equal(names_index(&names, "pod-17", 0), 17);
	assert_string_equal(names_text(&names, NAMES_MAX - 1), "pod-4095");
	names_deinit(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_one_index),
		cmocka_unit_test(no_name_is_unknown),
		cmocka_unit_test(long_names_are_known_by_their_first_bytes),
		cmocka_unit_test(what_is_too_many_is_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
