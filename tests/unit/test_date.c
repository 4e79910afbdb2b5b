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

static void reads_dates_of_others(void **state)
{
	static const struct {
		const char *text;
		int64_t unix_ns;
	} dates[] = {
		{ "1970-01-01T00:00:01Z", INT64_C(1000000000) },
		{ "2026-11-20T07:11:21.5Z", INT64_C(1795158681500000000) },
		{ "2026-11-20T07:11:21.303013889Z", INT64_C(1795158681303013889) },
		{ "2026-11-20T08:11:21.3030138899+01:00", INT64_C(1795158681303013889) },
		{ "2026-11-20T01:41:21-05:30", INT64_C(1795158681000000000) },
	};
	static const char *const wrong[] = { "",
					     "2026-11-20",
					     "2026-11-20T07:11:21",
					     "2026-11-20T07:11:21.5",
					     "2026-02-30T07:11:21Z",
					     "2026-11-20 07:11:21Z",
					     "2026-11-20T07:11:21+0100",
					     "2026-11-20T07:11:21+24:00",
					     "2026-11-20T07:11:21ZZ",
					     "1970-01-01T00:00:00+01:00" };
	int64_t unix_ns = 0;
	for (size_t i = 0; i < array_size(dates); i++) {
		assert_int_equal(date_parse(dates[i].text, &unix_ns), 0);
		assert_true(unix_ns == dates[i].unix_ns);
	}
	for (size_t i = 0; i < array_size(wrong); i++)
		assert_true(date_parse(wrong[i], &unix_ns) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes),
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(reads_dates_of_others),
		cmocka_unit_test(refuses_all_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
