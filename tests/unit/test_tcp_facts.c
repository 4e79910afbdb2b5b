/* What is known of TCP connections adds up in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/tcp_facts.h"

static struct tcp_facts facts(const char *congestion, uint64_t described, uint64_t mss)
{
	struct tcp_facts made = {
		.connections = described + 1,
		.described = described,
		.mss_min_bytes = mss,
		.mss_max_bytes = mss,
		.send_buffer_max_bytes = mss * 10,
	};
	memcpy(made.congestion, congestion, strlen(congestion) + 1);
	return made;
}

static void test_extremes_and_sums(void **state)
{
	struct tcp_facts sum = { .connections = 0 };
	const struct tcp_facts parts[] = {
		facts("cubic", 2, 1448),
		facts("", 0, 0), /* a kernel that tells nothing lowers nothing */
		facts("cubic", 3, 1000),
		facts("cubic", 1, 8948),
	};
	(void)state;
	for (size_t i = 0; i < array_size(parts); i++)
		tcp_facts_merge(&sum, &parts[i]);
	assert_string_equal(sum.congestion, "cubic");
	assert_int_equal(sum.connections, 10);
	assert_int_equal(sum.described, 6);
	assert_int_equal(sum.congestion_others, 0);
	assert_int_equal(sum.mss_min_bytes, 1000);
	assert_int_equal(sum.mss_max_bytes, 8948);
	assert_int_equal(sum.send_buffer_max_bytes, 89480);
}

static void test_the_name_of_most_stands(void **state)
{
	const struct tcp_facts few = facts("bbr", 2, 1448);
	const struct tcp_facts many = facts("cubic", 5, 1448);
	const struct tcp_facts *const orders[][2] = { { &few, &many }, { &many, &few } };
	(void)state;
	for (size_t i = 0; i < array_size(orders); i++) {
		struct tcp_facts sum = { .connections = 0 };
		tcp_facts_merge(&sum, orders[i][0]);
		tcp_facts_merge(&sum, orders[i][1]);
		assert_string_equal(sum.congestion, "cubic");
		assert_int_equal(sum.described, 7);
		assert_int_equal(sum.congestion_others, 2);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extremes_and_sums),
		cmocka_unit_test(test_the_name_of_most_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
