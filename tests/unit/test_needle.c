#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/needle.h"

/* All ends of `text` in `data`, as a needle finds them in pieces of `step` bytes; a text begins
 * behind the one before. */
static size_t find_all(const char *text, const char *data, size_t step, size_t ends[16])
{
	struct needle needle;
	uint32_t matched = 0;
	size_t count = 0;
	size_t size = strlen(data);
	assert_int_equal(needle_init(&needle, text, strlen(text)), 0);
	for (size_t at = 0; at < size;) {
		size_t left = step - at % step; /* of this piece */
		left = left < size - at ? left : size - at;
		size_t end = needle_find(&needle, &matched, (const uint8_t *)data + at, left);
		assert_in_range(end, 0, left);
		if (end > 0)
			ends[count++] = at + end;
		at += end > 0 ? end : left;
	}
	needle_deinit(&needle);
	return count;
}

static void texts_are_found_across_borders(void **state)
{
	static const struct {
		const char *text;
		const char *data;
		size_t count;
		size_t ends[4];
	} rows[] = {
		{ "a", "banana", 3, { 2, 4, 6 } },
		{ "ana", "banananana", 2, { 4, 8 } },
		{ "\r\n", "one\r\r\ntwo\r\n\r\n", 3, { 6, 11, 13 } },
		{ "aab", "aaaaab", 1, { 6 } },
		{ "abcabd", "abcabcabcabdabcabd", 2, { 12, 18 } },
		{ "abab", "abaabababab", 2, { 7, 11 } },
		{ "longer than the data", "longer than", 0, { 0 } },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		for (size_t step = 1; step <= 20; step++) {
			size_t ends[16] = { 0 };
			assert_int_equal(find_all(rows[i].text, rows[i].data, step, ends),
					 rows[i].count);
			for (size_t k = 0; k < rows[i].count; k++)
				assert_int_equal(ends[k], rows[i].ends[k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts_are_found_across_borders) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
