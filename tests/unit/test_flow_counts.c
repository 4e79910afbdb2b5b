#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "engine/flow_counts.h"

static struct endpoint remote(uint8_t last, uint16_t port)
{
	return (struct endpoint){
		.address = { 192, 0, 2, last },
		.port = port,
		.family = AF_INET,
	};
}

static void each_flow_has_its_own_count(void **state)
{
	struct flow_counts *counts = NULL;
	struct endpoint a = remote(1, 5000);
	struct endpoint other_port = remote(1, 5001);
	struct endpoint other_host = remote(2, 5000);
	assert_int_equal(flow_counts_new(1, FLOW_COUNTS_MAX, &counts), 0);
	assert_int_equal(flow_counts_add(counts, &a, 7, 1), 1);
	assert_int_equal(flow_counts_add(counts, &a, 7, 2), 2);
	assert_int_equal(flow_counts_add(counts, &a, 8, 3), 1);
	assert_int_equal(flow_counts_add(counts, &other_port, 7, 4), 1);
	assert_int_equal(flow_counts_add(counts, &other_host, 7, 5), 1);
	assert_int_equal(flow_counts_add(counts, &a, 7, 6), 3);
	flow_counts_free(counts);
	flow_counts_free(NULL);
}

/* Four times as many flows as there is room for; one of them is heard again and again. */
static void the_oldest_is_forgotten_and_no_other(void **state)
{
	struct flow_counts *counts = NULL;
	struct endpoint from = remote(1, 5000);
	uint64_t now_ns = 1;
	assert_int_equal(flow_counts_new(2, FLOW_COUNTS_MAX, &counts), 0);
	for (uint32_t flow = 0; flow < 4 * FLOW_COUNTS_MAX; flow++) {
		assert_int_equal(flow_counts_add(counts, &from, flow + 1, now_ns++), 1);
		assert_int_equal(flow_counts_add(counts, &from, 0, now_ns++), flow + 1);
	}
	assert_int_equal(flow_counts_add(counts, &from, 4 * FLOW_COUNTS_MAX, now_ns++), 2);
	assert_int_equal(flow_counts_add(counts, &from, 1, now_ns++), 1);
	flow_counts_free(counts);
}

static void a_small_table_is_as_small_as_asked_for(void **state)
{
	struct flow_counts *counts = NULL;
	struct endpoint from = remote(1, 5000);
	uint32_t place = 0;

	assert_int_equal(flow_counts_new(4, 20, &counts), 0);
	for (uint32_t flow = 0; flow < 1000; flow++) {
		assert_int_equal(flow_counts_add_at(counts, &from, flow, flow + 1, &place), 1);
		assert_true(place < 24);
	}
	assert_int_equal(flow_counts_add(counts, &from, 999, 2000), 2);
	flow_counts_free(counts);
}

static void an_eighth_of_the_room_forgets_next_to_nothing(void **state)
{
	struct flow_counts *counts = NULL;
	struct endpoint from = remote(1, 5000);
	unsigned forgotten = 0;
	assert_int_equal(flow_counts_new(3, FLOW_COUNTS_MAX, &counts), 0);
	for (uint64_t round = 1; round <= 2; round++) {
		for (uint32_t flow = 0; flow < FLOW_COUNTS_MAX / 8; flow++)
			forgotten += flow_counts_add(counts, &from, flow, round) != round;
	}
	assert_in_range(forgotten, 0, 4);
	flow_counts_free(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flow_has_its_own_count),
		cmocka_unit_test(the_oldest_is_forgotten_and_no_other),
		cmocka_unit_test(a_small_table_is_as_small_as_asked_for),
		cmocka_unit_test(an_eighth_of_the_room_forgets_next_to_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
