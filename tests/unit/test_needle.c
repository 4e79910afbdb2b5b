#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/needle.h"

static const struct {
	const char *text;
	const char *bytes;
} rows[] = {
	{ "a", "a" },
	{ "ready", "not ready yet" },
	{ "aab", "aaaaab" },
	{ "abab", "abaabababab" },
	{ "\r\n\r\n", "a\r\nb\r\r\n\r\n\r\nc" },
	{ "abcabd", "abcabcabd" },
	{ "missing", "missinmissinG" },
	{ "longer than the bytes", "longer" },
};

/* As many times, and at the same places, as strstr() finds it. */
static void found_wherever_the_bytes_are_cut(void **state)
{
	for (size_t i = 0; i < array_size(rows); i++) {
		struct needle needle;
		size_t size = strlen(rows[i].bytes);
		assert_int_equal(needle_init(&needle, rows[i].text), 0);
		for (size_t cut = 0; cut <= size; cut++) {
			const char *found = strstr(rows[i].bytes, rows[i].text);
			size_t at = found != NULL
					    ? (size_t)(found - rows[i].bytes) + strlen(rows[i].text)
					    : 0;
			uint32_t matched = 0;
			size_t before = needle_find(&needle, &matched, rows[i].bytes, cut);
			if (before > 0) {
				assert_int_equal(before, at);
				continue;
			}
			size_t after =
				needle_find(&needle, &matched, rows[i].bytes + cut, size - cut);
			assert_int_equal(after > 0 ? cut + after : 0, at);
		}
		needle_deinit(&needle);
	}
}

static void found_again_where_it_overlaps(void **state)
{
	struct needle needle;
	uint32_t matched = 0;
	assert_int_equal(needle_init(&needle, "aba"), 0);
	assert_int_equal(needle_find(&needle, &matched, "ababa", 5), 3);
	assert_int_equal(needle_find(&needle, &matched, "ba", 2), 2);
	assert_int_equal(needle_find(&needle, &matched, "c", 1), 0);
	assert_int_equal(matched, 0);
	needle_deinit(&needle);
	needle_deinit(&needle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_wherever_the_bytes_are_cut),
		cmocka_unit_test(found_again_where_it_overlaps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
