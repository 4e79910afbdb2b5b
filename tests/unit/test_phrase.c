#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/phrase.h"

static void spans_have_the_digits_of_their_resolution(void **state)
{
	static const struct {
		uint64_t ns;
		uint64_t resolution_ns;
		const char *text;
	} cases[] = {
		{ 698000000, 100000000, "0.7 s ±0.1" },
		{ 310000000, 10000000, "0.31 s ±0.01" },
		{ 300000000, 20000000, "0.30 s ±0.02" },
		{ 1900000000, 250000000, "1.9 s ±0.3" },
		{ 12400000000, 2000000000, "12 s ±2" },
		{ 12400000000, 1000000, "12.400 s ±0.001" },
		{ 4700000, 22400, "4.70 ms ±0.03" },
		{ 4700000, 1000, "4.700 ms ±0.001" },
		{ 200000000, 0, "0.2 s" },
		{ UINT64_MAX, 0, "18,446,744,073.7 s" },
		{ 41000000000000, 20000000000000, "41,000 s ±20,000" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		char text[PHRASE_MAX];
		assert_string_equal(phrase_span(cases[i].ns, cases[i].resolution_ns, text),
				    cases[i].text);
	}
}

static void durations_and_offsets(void **state)
{
	char text[PHRASE_MAX];
	assert_string_equal(phrase_duration(0, text), "0.0 s");
	assert_string_equal(phrase_duration(9950000000, text), "10.0 s");
	assert_string_equal(phrase_duration(1182300000000, text), "1,182.3 s");
	assert_string_equal(phrase_offset(3930000000, text), "+3.930 s");
	assert_string_equal(phrase_offset(1181114000000, text), "+1181.114 s");
	assert_string_equal(phrase_offset(-200000000, text), "-0.200 s");
	assert_string_equal(phrase_offset(0, text), "+0.000 s");
}

static void rates_sizes_and_counts(void **state)
{
	char text[PHRASE_MAX];
	assert_string_equal(phrase_rate(2000, text), "2,000");
	assert_string_equal(phrase_rate(0.1, text), "0.1");
	assert_string_equal(phrase_rate(2.5, text), "2.5");
	assert_string_equal(phrase_rate(3.0000000001, text), "3");
	assert_string_equal(phrase_rate(333333.3, text), "333,333");
	assert_string_equal(phrase_rate(1234.5, text), "1,234");
	assert_string_equal(phrase_rate(12.345, text), "12.3");
	assert_string_equal(phrase_rate(0.00005, text), "0.00005");
	assert_string_equal(phrase_rate(0, text), "0");
	assert_string_equal(phrase_size(1024, text), "1 KiB");
	assert_string_equal(phrase_size(100, text), "100 B");
	assert_string_equal(phrase_size(0, text), "0 B");
	assert_string_equal(phrase_volume(999, text), "999 B");
	assert_string_equal(phrase_volume(421787648, text), "421.8 MB");
	assert_string_equal(phrase_volume(UINT64_MAX, text), "18446.7 PB");
	assert_string_equal(phrase_count(1, "client", text), "1 client");
	assert_string_equal(phrase_count(0, "client", text), "0 clients");
	assert_string_equal(phrase_count(2000, "client", text), "2,000 clients");
	assert_string_equal(phrase_none(0, text), "none");
	assert_string_equal(phrase_none(13, text), "13");
}

static void intervals_and_shares(void **state)
{
	char text[PHRASE_MAX];
	assert_string_equal(phrase_interval(100 * NS_PER_MS, text), "100 ms");
	assert_string_equal(phrase_interval(163840 * NS_PER_US, text), "164 ms");
	assert_string_equal(phrase_interval(1500 * NS_PER_US, text), "1.5 ms");
	assert_string_equal(phrase_interval(250, text), "250 ns");
	assert_string_equal(phrase_interval(999600, text), "1 ms");
	assert_string_equal(phrase_interval(20000 * NS_PER_S, text), "20,000 s");
	assert_string_equal(phrase_share(39, 4000, text), "0.97");
	assert_string_equal(phrase_share(1, 3000000, text), "0.000033");
	assert_string_equal(phrase_share(1, 3, text), "33");
	assert_string_equal(phrase_share(4000, 4000, text), "100");
	assert_string_equal(phrase_share(3999, 4000, text), "over 99");
	assert_string_equal(phrase_share(0, 0, text), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_have_the_digits_of_their_resolution),
		cmocka_unit_test(durations_and_offsets),
		cmocka_unit_test(rates_sizes_and_counts),
		cmocka_unit_test(intervals_and_shares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
