#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/finder.h"

static const struct {
	const char *text;
	const char *in;
	size_t end; /* of the first find; 0: there is none */
} finds[] = {
	{ "a", "a", 1 },
	{ "a", "bca", 3 },
	{ "a", "", 0 },
	{ "ab", "aab", 3 },
	{ "aab", "aaab", 4 },
	{ "abab", "abaabab", 7 },
	{ "abcabd", "abcabcabd", 9 },
	{ "aaaa", "aaabaaab", 0 },
	{ "aaaa", "aaabaaaa", 8 },
	{ "done", "not don, done, done", 13 },
	{ "done", "don", 0 },
	{ "longer than all", "longer than", 0 },
};

static void texts_are_found_in_any_pieces(void **state)
{
	for (size_t i = 0; i < array_size(finds); i++) {
		struct finder finder;
		size_t size = strlen(finds[i].in);
		assert_int_equal(finder_init(&finder, finds[i].text), 0);
		for (size_t step = 1; step <= size + 1; step++) {
			uint32_t place = 0;
			size_t end = 0;
			for (size_t at = 0; at < size && end == 0; at += step) {
				size_t most = step < size - at ? step : size - at;
				size_t found = finder_find(&finder, &place, finds[i].in + at, most);
				end = found > 0 ? at + found : 0;
			}
			assert_int_equal(end, finds[i].end);
		}
		finder_deinit(&finder);
	}
}

/* Every text of up to 6 letters out of two, in every text of up to 9: as strstr() has it. */
static void small_texts_are_all_found(void **state)
{
	for (unsigned needle = 2; needle < 128; needle++) {
		char text[8] = "";
		for (unsigned bit = 0; needle >> (bit + 1); bit++)
			text[bit] = needle & 1u << bit ? 'a' : 'b';
		struct finder finder;
		assert_int_equal(finder_init(&finder, text), 0);
		for (unsigned hay = 1; hay < 1024; hay++) {
			char in[11] = "";
			uint32_t place = 0;
			for (unsigned bit = 0; hay >> (bit + 1); bit++)
				in[bit] = hay & 1u << bit ? 'a' : 'b';
			const char *at = strstr(in, text);
			size_t end = at ? (size_t)(at - in) + strlen(text) : 0;
			assert_int_equal(finder_find(&finder, &place, in, strlen(in)), end);
		}
		finder_deinit(&finder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_found_in_any_pieces),
		cmocka_unit_test(small_texts_are_all_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
