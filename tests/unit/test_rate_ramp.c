/* What --rate-ramp takes, and what it says of each mistake. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rate_ramp.h"

#define S NS_PER_S

struct good_case {
	const char *text;
	uint32_t count;
	struct rate_ramp_part parts[4];
	bool is_per_connection;
	double highest;
};

/* clang-format off */
static const struct good_case good[] = {
	{ "0..5k/30s", 1, { { 0, 5000, 30 * S } }, false, 5000 },
	{ "5k..0/30s", 1, { { 5000, 0, 30 * S } }, false, 5000 },
	{ "1k/10s,2k/10s,5k", 3, { { 1000, 1000, 10 * S }, { 2000, 2000, 10 * S }, { 5000, 5000, 0 } }, false, 5000 },
	{ "1k/10s", 1, { { 1000, 1000, 10 * S } }, false, 1000 },
	{ "1k", 1, { { 1000, 1000, 0 } }, false, 1000 },
	{ "1k/s", 1, { { 1000, 1000, 0 } }, false, 1000 },
	{ "1k/s/1m", 1, { { 1000, 1000, 60 * S } }, false, 1000 },
	{ "0.5..1.5/500ms", 1, { { 0.5, 1.5, S / 2 } }, false, 1.5 },
	{ "1..2/1.5s", 1, { { 1, 2, 3 * S / 2 } }, false, 2 },
	{ "10/1s,0/1s,10/1s,0", 4, { { 10, 10, S }, { 0, 0, S }, { 10, 10, S }, { 0, 0, 0 } }, false, 10 },
	{ "0..10/conn/30s", 1, { { 0, 10, 30 * S } }, true, 10 },
	{ "1..10/conn/30s", 1, { { 1, 10, 30 * S } }, true, 10 },
	{ "1/conn..10/s/conn/30s", 1, { { 1, 10, 30 * S } }, true, 10 },
	{ "10/conn..0/1s", 1, { { 10, 0, S } }, true, 10 },
	{ "0/1s,10/conn/1s,0/1s,20/conn", 4, { { 0, 0, S }, { 10, 10, S }, { 0, 0, S }, { 20, 20, 0 } }, true, 20 },
	{ "0..1G/365d", 1, { { 0, 1e9, 365 * 86400 * S } }, false, 1e9 },
};

struct bad_case {
	const char *text;
	const char *error;
};

#define TRY "(try 0..5k/30s or 1k/10s,2k/10s,5k)"

static const struct bad_case bad[] = {
	{ "", "a rate is missing " TRY },
	{ ",", "a rate is missing " TRY },
	{ "1k/10s,", "a rate is missing " TRY },
	{ "1k/10s,,5k", "a rate is missing " TRY },
	{ "0", "\"0\" never sends anything " TRY },
	{ "0..0/5s,0", "\"0..0/5s,0\" never sends anything " TRY },
	{ "0..5k", "\"0..5k\" does not say how long: 0..5k/10s?" },
	{ "1k,2k/10s", "\"1k\" does not say how long: 1k/10s?" },
	{ "1k/s,2k/10s", "\"1k/s\" does not say how long: 1k/s/10s?" },
	{ "0..5k/30", "\"30\" has no unit: 30s, 30m or 30ms?" },
	{ "0..5k/0", "\"0..5k/0\" lasts no time" },
	{ "0..5k/0s", "\"0..5k/0s\" lasts no time" },
	{ "0..5k/", "\"\" is not a time (try 10s or 200ms)" },
	{ "0..5k/x", "\"x\" is not a time (try 10s or 200ms)" },
	{ "0..5k/366d", "\"0..5k/366d\" lasts more than a year" },
	{ "1/300d,2/300d,3", "\"1/300d,2/300d,3\" lasts more than a year" },
	{ "..5k/30s", "\"\" is not a rate (try 10k or 5M)" },
	{ "0../30s", "\"\" is not a rate (try 10k or 5M)" },
	{ "x..5k/30s", "\"x\" is not a rate (try 10k or 5M)" },
	{ "0..5k..1k/30s", "\"5k..1k\" is not a rate (try 10k or 5M)" },
	{ "0-5k/30s", "\"0-5k\" is not a rate (try 10k or 5M)" },
	{ "-1..5/30s", "\"-1\" is not a rate (try 10k or 5M)" },
	{ "1k/10s;2k", "\"10s;2k\" is not a time (try 10s or 200ms)" },
	{ "0..2G/30s", "\"2G\" is too fast (at most 1G)" },
	{ "0.0000001..1/30s", "\"0.0000001\" is too slow (at least one in 11 days)" },
	{ "1/conn..10/30s", "\"1/conn\" and \"10\" differ: give all /conn or none" },
	{ "10/conn/1s,20", "\"20\" and the rates before it differ: give all /conn or none" },
	{ "10/1s,20/conn", "\"20/conn\" and the rates before it differ: give all /conn or none" },
	{ "1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,"
	  "1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1", "more than 31 parts" },
	{ "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
	  "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
	  "\"11111111111111111111...\" is not a rate and a time " TRY },
};
/* clang-format on */

static void what_is_right_parses(void **state)
{
	for (size_t i = 0; i < array_size(good); i++) {
		struct error error = { 0 };
		struct rate_ramp ramp;

		if (rate_ramp_parse(good[i].text, &error, &ramp) != 0)
			fail_msg("%s: %s", good[i].text, error.text);
		assert_int_equal(ramp.count, good[i].count);
		assert_int_equal(ramp.is_per_connection, good[i].is_per_connection);
		assert_true(rate_ramp_highest(&ramp) == good[i].highest);
		for (uint32_t p = 0; p < ramp.count; p++) {
			assert_true(ramp.parts[p].from == good[i].parts[p].from);
			assert_true(ramp.parts[p].to == good[i].parts[p].to);
			assert_int_equal(ramp.parts[p].length_ns, good[i].parts[p].length_ns);
		}
	}
}

static void what_is_wrong_is_told(void **state)
{
	for (size_t i = 0; i < array_size(bad); i++) {
		struct error error = { 0 };
		struct rate_ramp ramp;

		if (rate_ramp_parse(bad[i].text, &error, &ramp) != -EINVAL)
			fail_msg("%s: parses", bad[i].text);
		assert_string_equal(error.text, bad[i].error);
	}
}

static void rates_of_each_connection_become_those_of_the_run(void **state)
{
	struct error error = { 0 };
	struct rate_ramp ramp;

	assert_int_equal(rate_ramp_parse("1..10/conn/30s", &error, &ramp), 0);
	assert_int_equal(rate_ramp_multiply(&ramp, 200, &error), 0);
	assert_false(ramp.is_per_connection);
	assert_true(ramp.parts[0].from == 200);
	assert_true(ramp.parts[0].to == 2000);
	assert_int_equal(rate_ramp_multiply(&ramp, 200, &error), 0);
	assert_true(ramp.parts[0].to == 2000);

	assert_int_equal(rate_ramp_parse("1..10M/conn/30s", &error, &ramp), 0);
	assert_int_equal(rate_ramp_multiply(&ramp, 200, &error), -EINVAL);
	assert_string_equal(error.text, "too fast over all connections (at most 1G)");
}

static void it_is_known_at_any_moment(void **state)
{
	static const struct {
		const char *text;
		uint64_t after_ns;
		double rate;
	} cases[] = {
		{ "0..5k/30s", 0, 0 },
		{ "0..5k/30s", UINT64_C(15000000000), 2500 },
		{ "0..5k/30s", UINT64_C(31000000000), 5000 },
		{ "1k/10s,2k/10s,5k", UINT64_C(9999999999), 1000 },
		{ "1k/10s,2k/10s,5k", UINT64_C(10000000000), 2000 },
		{ "1k/10s,2k/10s,5k", UINT64_MAX, 5000 },
		{ "4k..2k/1s", UINT64_C(250000000), 3500 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct rate_ramp ramp;
		struct error error = { "" };
		assert_int_equal(rate_ramp_parse(cases[i].text, &error, &ramp), 0);
		assert_true(rate_ramp_at(&ramp, cases[i].after_ns) == cases[i].rate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_known_at_any_moment),
		cmocka_unit_test(what_is_right_parses),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(rates_of_each_connection_become_those_of_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
