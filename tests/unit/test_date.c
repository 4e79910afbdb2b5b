#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/date.h"

static void writes(void **state)
{
	char text[DATE_TEXT_MAX];
	assert_string_equal(date_format_ms(INT64_C(1795158681000000000), text),
			    "2026-11-20T07:11:21.000Z");
	assert_string_equal(date_format_ms(INT64_C(1795158681999999999), text),
			    "2026-11-20T07:11:21.999Z");
	assert_string_equal(date_format_ns(INT64_C(1795158681000000007), text),
			    "2026-11-20T07:11:21.000000007Z");
	assert_string_equal(date_format_ms(-1, text), "1969-12-31T23:59:59.999Z");
}

static void reads_what_it_wrote(void **state)
{
	static const char *const texts[] = { "1970-01-01T00:00:00.000Z", "2028-02-29T23:59:59.123Z",
					     "2199-12-31T00:00:00.001Z" };
	for (size_t i = 0; i < array_size(texts); i++) {
		char again[DATE_TEXT_MAX];
		int64_t unix_ns = -1;
		assert_int_equal(date_parse_ms(texts[i], &unix_ns), 0);
		assert_string_equal(date_format_ms(unix_ns, again), texts[i]);
	}
}

static void refuses_all_else(void **state)
{
	static const char *const texts[] = {
		"",
		"2026-11-20",
		"2026-11-20T07:11:21Z",
		"2026-11-20T07:11:21.0000Z",
		"2026-11-20 07:11:21.000Z",
		"2026-11-20T07:11:21.000+",
		"2027-02-29T00:00:00.000Z",
		"2026-13-01T00:00:00.000Z",
		"2026-11-20T24:00:00.000Z",
		"2026-11-20T07:60:00.000Z",
		"2026-11-20T07:11:2x.000Z",
		"1969-12-31T23:59:59.999Z",
		"2200-01-01T00:00:00.000Z",
	};
	for (size_t i = 0; i < array_size(texts); i++) {
		int64_t unix_ns = 7;
		assert_true(date_parse_ms(texts[i], &unix_ns) < 0);
		assert_int_equal(unix_ns, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes),
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(refuses_all_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
