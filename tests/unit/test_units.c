#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"

/* clang-format off */
struct number_case {
	const char *text;
	uint64_t value;
	const char *error; /* NULL: it parses */
};

static const struct number_case times[] = {
	{ "0", 0, NULL },
	{ "0s", 0, NULL },
	{ "1ns", 1, NULL },
	{ "1us", 1000, NULL },
	{ "200ms", 200000000, NULL },
	{ "1.5s", 1500000000, NULL },
	{ "0.000000001s", 1, NULL },
	{ "1.50s", 1500000000, NULL },
	{ "60S", UINT64_C(60000000000), NULL },
	{ "60M", UINT64_C(3600000000000), NULL },
	{ "2MS", 2000000, NULL },
	{ "1h", UINT64_C(3600000000000), NULL },
	{ "0.5d", UINT64_C(43200000000000), NULL },
	{ "18446744073709551615ns", UINT64_MAX, NULL },
	{ "18446744073.709551615s", UINT64_MAX, NULL },
	{ "18446744073709551616ns", 0, "\"18446744073709551616ns\" is too large" },
	{ "999999999999d", 0, "\"999999999999d\" is too large" },
	{ "60", 0, "\"60\" has no unit: 60s, 60m or 60ms?" },
	{ "1.5", 0, "\"1.5\" has no unit: 1.5s, 1.5m or 1.5ms?" },
	{ "0.5ns", 0, "\"0.5ns\" is not a whole number of ns" },
	{ "1x", 0, "\"1x\" is not a time (try 10s or 200ms)" },
	{ "", 0, "\"\" is not a time (try 10s or 200ms)" },
	{ "s", 0, "\"s\" is not a time (try 10s or 200ms)" },
	{ "-1s", 0, "\"-1s\" is not a time (try 10s or 200ms)" },
	{ "+1s", 0, "\"+1s\" is not a time (try 10s or 200ms)" },
	{ " 1s", 0, "\" 1s\" is not a time (try 10s or 200ms)" },
	{ "1 s", 0, "\"1 s\" is not a time (try 10s or 200ms)" },
	{ "1s ", 0, "\"1s \" is not a time (try 10s or 200ms)" },
	{ ".5s", 0, "\".5s\" is not a time (try 10s or 200ms)" },
	{ "1.s", 0, "\"1.s\" is not a time (try 10s or 200ms)" },
	{ "1.2.3s", 0, "\"1.2.3s\" is not a time (try 10s or 200ms)" },
	{ "1e3s", 0, "\"1e3s\" is not a time (try 10s or 200ms)" },
	{ "nan", 0, "\"nan\" is not a time (try 10s or 200ms)" },
	{ "inf", 0, "\"inf\" is not a time (try 10s or 200ms)" },
};

static const struct number_case counts[] = {
	{ "0", 0, NULL },
	{ "20", 20, NULL },
	{ "10k", 10000, NULL },
	{ "10K", 10000, NULL },
	{ "1.5M", 1500000, NULL },
	{ "2g", UINT64_C(2000000000), NULL },
	{ "18446744073709551615", UINT64_MAX, NULL },
	{ "18446744073709551616", 0, "\"18446744073709551616\" is too large" },
	{ "1.5", 0, "\"1.5\" is not a whole number" },
	{ "10x", 0, "\"10x\" is not a count (try 20 or 10k)" },
	{ "10kk", 0, "\"10kk\" is not a count (try 20 or 10k)" },
	{ "1.00000000000000000000000000000001", 0,
	  "\"1.00000000000000000000000000000001\" is not a count (try 20 or 10k)" },
};

static const struct number_case sizes[] = {
	{ "0", 0, NULL },
	{ "64", 64, NULL },
	{ "64B", 64, NULL },
	{ "64b", 64, NULL },
	{ "1kB", 1000, NULL },
	{ "1KiB", 1024, NULL },
	{ "1kib", 1024, NULL },
	{ "1.5KiB", 1536, NULL },
	{ "2MB", 2000000, NULL },
	{ "2MiB", 2097152, NULL },
	{ "1GB", 1000000000, NULL },
	{ "1GiB", 1073741824, NULL },
	{ "1k", 0, "\"1k\" is not a size (try 64KiB or 100kB)" },
	{ "0.3KiB", 0, "\"0.3KiB\" is not a whole number of bytes" },
};

struct real_case {
	const char *text;
	double value;
	bool is_per_connection;
	const char *error;
};

static const struct real_case rates[] = {
	{ "0", 0, false, NULL },
	{ "10", 10, false, NULL },
	{ "10k", 10000, false, NULL },
	{ "10k/s", 10000, false, NULL },
	{ "0.1/conn", 0.1, true, NULL },
	{ "5/s/conn", 5, true, NULL },
	{ "5/S/CONN", 5, true, NULL },
	{ "2.5M", 2500000, false, NULL },
	{ "10x", 0, false, "\"10x\" is not a rate (try 10k or 5M)" },
	{ "10k/m", 0, false, "\"10k/m\" is not a rate (try 10k or 5M)" },
	{ "10/conn/s", 0, false, "\"10/conn/s\" is not a rate (try 10k or 5M)" },
	{ "", 0, false, "\"\" is not a rate (try 10k or 5M)" },
	{ "k", 0, false, "\"k\" is not a rate (try 10k or 5M)" },
	{ "-1", 0, false, "\"-1\" is not a rate (try 10k or 5M)" },
};

static const struct real_case bandwidths[] = {
	{ "0", 0, false, NULL },
	{ "0/conn", 0, true, NULL },
	{ "500bps", 500, false, NULL },
	{ "500Mbps", 5e8, false, NULL },
	{ "500mbps", 5e8, false, NULL },
	{ "500MbPS", 5e8, false, NULL },
	{ "60MBps", 4.8e8, false, NULL },
	{ "60mBPS", 4.8e8, false, NULL },
	{ "1.5Gbps", 1.5e9, false, NULL },
	{ "1Bps", 8, false, NULL },
	{ "2Mbps/conn", 2e6, true, NULL },
	{ "500", 0, false, "\"500\" has no unit: 500Mbps (bits) or 500MBps (bytes)?" },
	{ "500M", 0, false, "\"500M\" has no unit: 500Mbps (bits) or 500MBps (bytes)?" },
	{ "5k/conn", 0, false, "\"5k/conn\" has no unit: 5kbps/conn (bits) or 5kBps/conn (bytes)?" },
	{ "500Mbit", 0, false, "\"500Mbit\" is not a bandwidth (try 500Mbps or 60MBps)" },
	{ "5Mbps/x", 0, false, "\"5Mbps/x\" is not a bandwidth (try 500Mbps or 60MBps)" },
	{ "Mbps", 0, false, "\"Mbps\" is not a bandwidth (try 500Mbps or 60MBps)" },
};
/* clang-format on */

typedef int (*number_parser)(const char *text, struct error *error, uint64_t *ret);

static void check_numbers(const struct number_case *cases, size_t count, number_parser parse)
{
	for (size_t i = 0; i < count; i++) {
		struct error error = { "" };
		uint64_t value = 0;
		int code = parse(cases[i].text, &error, &value);
		assert_string_equal(error.text, cases[i].error ? cases[i].error : "");
		assert_int_equal(code, cases[i].error ? -EINVAL : 0);
		if (code == 0)
			assert_true(value == cases[i].value);
	}
}

static void parses_times(void **state)
{
	check_numbers(times, array_size(times), units_parse_time);
}

static void parses_counts(void **state)
{
	check_numbers(counts, array_size(counts), units_parse_count);
}

static void parses_sizes(void **state)
{
	check_numbers(sizes, array_size(sizes), units_parse_size);
}

static void parses_rates(void **state)
{
	for (size_t i = 0; i < array_size(rates); i++) {
		struct error error = { "" };
		struct rate rate = { 0 };
		int code = units_parse_rate(rates[i].text, &error, &rate);
		assert_string_equal(error.text, rates[i].error ? rates[i].error : "");
		assert_int_equal(code, rates[i].error ? -EINVAL : 0);
		assert_true(rate.per_second == rates[i].value);
		assert_int_equal(rate.is_per_connection, rates[i].is_per_connection);
	}
}

static void parses_bandwidths(void **state)
{
	for (size_t i = 0; i < array_size(bandwidths); i++) {
		struct error error = { "" };
		struct bandwidth bandwidth = { 0 };
		int code = units_parse_bandwidth(bandwidths[i].text, &error, &bandwidth);
		assert_string_equal(error.text, bandwidths[i].error ? bandwidths[i].error : "");
		assert_int_equal(code, bandwidths[i].error ? -EINVAL : 0);
		assert_true(bandwidth.bits_per_second == bandwidths[i].value);
		assert_int_equal(bandwidth.is_per_connection, bandwidths[i].is_per_connection);
	}
}

/* clang-format off */
static const struct { uint64_t value; const char *text; } time_texts[] = {
	{ 0, "0" },
	{ 1, "1ns" },
	{ 1500, "1.5us" },
	{ 200000000, "200ms" },
	{ 1500000000, "1.5s" },
	{ 1000000001, "1000000001ns" },
	{ UINT64_C(60000000000), "1m" },
	{ UINT64_C(90000000000), "90s" },
	{ UINT64_C(150000000000), "150s" },
	{ UINT64_C(86400000000000), "1d" },
	{ UINT64_MAX, "18446744073709551615ns" },
};
static const struct { uint64_t value; const char *text; } size_texts[] = {
	{ 0, "0" },
	{ 64, "64B" },
	{ 1000, "1kB" },
	{ 1024, "1KiB" },
	{ 1400, "1400B" },
	{ 100000, "100kB" },
	{ 65536, "64KiB" },
	{ 1572864, "1.5MiB" },
	{ UINT64_MAX, "18446744073709551615B" },
};
static const struct { struct rate rate; const char *text; } rate_texts[] = {
	{ { 0, false }, "0" },
	{ { 10, true }, "10/conn" },
	{ { 20000, false }, "20k" },
	{ { 2500, false }, "2500" },
	{ { 0.1, true }, "0.1/conn" },
	{ { 1.0 / 3, false }, "0.3333333333333333" },
	{ { 1e-22, true }, "0.0000000000000000000001/conn" },
	{ { 1234567e12, false }, "1234567000G" },
};
static const struct { struct bandwidth bandwidth; const char *text; } bandwidth_texts[] = {
	{ { 0, false }, "0bps" },
	{ { 5e8, false }, "500Mbps" },
	{ { 2e6, true }, "2Mbps/conn" },
	{ { 1234567, false }, "1234567bps" },
};
static const struct { uint64_t ns; const char *text; } ms_texts[] = {
	{ 0, "0.00" },
	{ 4999, "0.00" },
	{ 5000, "0.01" },
	{ 330000, "0.33" },
	{ 2610000, "2.61" },
	{ 9994999, "9.99" },
	{ 9995000, "10.0" },
	{ 12400000, "12.4" },
	{ 17000000, "17.0" },
	{ 99950000, "100" },
	{ 118000000, "118" },
	{ 999500000, "1000" },
	{ 1027000000, "1030" },
	{ UINT64_MAX, "18400000000000" },
};
static const struct { double bps; const char *text; } people_texts[] = {
	{ 0, "0 bps" },
	{ 12.5, "12.5 bps" },
	{ 5e8, "500 Mbps" },
	{ 4.976e8, "497.6 Mbps" },
	{ 9.41e9, "9.41 Gbps" },
	{ 9.4123e11, "941.2 Gbps" },
	{ 1e30, "1000000000000000000000.0 Gbps" },
};
static const struct { uint64_t value; const char *text; } grouped_texts[] = {
	{ 0, "0" },
	{ 999, "999" },
	{ 1000, "1,000" },
	{ 20000, "20,000" },
	{ 1234567, "1,234,567" },
	{ UINT64_MAX, "18,446,744,073,709,551,615" },
};
/* clang-format on */

static void writes_what_reads_back(void **state)
{
	char text[UNITS_TEXT_MAX];
	uint64_t back = 1;
	for (size_t i = 0; i < array_size(time_texts); i++) {
		assert_string_equal(units_format_time(time_texts[i].value, text),
				    time_texts[i].text);
		assert_int_equal(units_parse_time(text, NULL, &back), 0);
		assert_true(back == time_texts[i].value);
	}
	for (size_t i = 0; i < array_size(size_texts); i++) {
		assert_string_equal(units_format_size(size_texts[i].value, text),
				    size_texts[i].text);
		assert_int_equal(units_parse_size(text, NULL, &back), 0);
		assert_true(back == size_texts[i].value);
	}
	for (size_t i = 0; i < array_size(rate_texts); i++)
		assert_string_equal(units_format_rate(&rate_texts[i].rate, text),
				    rate_texts[i].text);
	for (size_t i = 0; i < array_size(bandwidth_texts); i++)
		assert_string_equal(
			units_format_bandwidth_exact(&bandwidth_texts[i].bandwidth, text),
			bandwidth_texts[i].text);
}

static void writes_for_people(void **state)
{
	char text[UNITS_TEXT_MAX];
	for (size_t i = 0; i < array_size(ms_texts); i++)
		assert_string_equal(units_format_ms(ms_texts[i].ns, text), ms_texts[i].text);
	for (size_t i = 0; i < array_size(people_texts); i++)
		assert_string_equal(units_format_bandwidth(people_texts[i].bps, text),
				    people_texts[i].text);
	for (size_t i = 0; i < array_size(grouped_texts); i++)
		assert_string_equal(units_format_grouped(grouped_texts[i].value, text),
				    grouped_texts[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_times),      cmocka_unit_test(parses_counts),
		cmocka_unit_test(parses_sizes),      cmocka_unit_test(parses_rates),
		cmocka_unit_test(parses_bandwidths), cmocka_unit_test(writes_what_reads_back),
		cmocka_unit_test(writes_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
