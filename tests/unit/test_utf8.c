#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/utf8.h"

/* RFC 3629 section 4: the first and last of each row, and what lies just beside. */
static const struct {
	const char *text;
	bool is_good;
	bool is_whole;
} texts[] = {
	{ "", true, true },
	{ "plain text that is longer than a word", true, true },
	{ "\xc2\x80 \xdf\xbf", true, true },
	{ "\xe0\xa0\x80 \xe0\xbf\xbf \xe1\x80\x80 \xec\xbf\xbf", true, true },
	{ "\xed\x80\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf", true, true },
	{ "\xf0\x90\x80\x80 \xf1\x80\x80\x80 \xf3\xbf\xbf\xbf \xf4\x8f\xbf\xbf", true, true },
	{ "seven..\xc3\xa4 eight...\xc3\xa4", true, true },
	{ "cut \xc3", true, false },
	{ "cut \xe2\x82", true, false },
	{ "cut \xf0\x9f\x98", true, false },
	{ "\x80", false, false },
	{ "text \xbf", false, false },
	{ "\xc0\x80", false, false },
	{ "\xc1\xbf", false, false },
	{ "\xe0\x9f\xbf", false, false },
	{ "\xed\xa0\x80", false, false },
	{ "\xf0\x8f\xbf\xbf", false, false },
	{ "\xf4\x90\x80\x80", false, false },
	{ "\xf5\x80\x80\x80", false, false },
	{ "\xff", false, false },
	{ "\xc3 ", false, false },
	{ "\xe2\x82 ", false, false },
	{ "0123456\xc3-", false, false },
};

static void text_may_come_in_any_pieces(void **state)
{
	for (size_t i = 0; i < array_size(texts); i++) {
		size_t size = strlen(texts[i].text);
		for (size_t step = 1; step <= size + 1; step++) {
			struct utf8_stream stream = { 0 };
			bool is_good = true;
			for (size_t at = 0; at < size && is_good; at += step)
				is_good = utf8_take(&stream, texts[i].text + at,
						    step < size - at ? step : size - at);
			assert_int_equal(is_good, texts[i].is_good);
			if (is_good)
				assert_int_equal(utf8_is_whole(&stream), texts[i].is_whole);
		}
	}
}

/* The other look at the same standard agrees. */
static void whole_texts_have_lengths_all_along(void **state)
{
	for (size_t i = 0; i < array_size(texts); i++) {
		const char *at = texts[i].text;
		size_t length = 1;
		while (*at != '\0' && (length = utf8_length(at)) > 0)
			at += length;
		assert_int_equal(*at == '\0', texts[i].is_good && texts[i].is_whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_may_come_in_any_pieces),
		cmocka_unit_test(whole_texts_have_lengths_all_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
