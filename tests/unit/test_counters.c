/* The table covers the struct, merging goes by it, and broken identities are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/counters.h"

static void the_table_covers_the_struct(void **state)
{
	assert_int_equal(counter_table_size * sizeof(uint64_t), sizeof(struct counters));
	for (size_t i = 0; i < counter_table_size; i++) {
		assert_int_equal(counter_table[i].offset, i * sizeof(uint64_t));
		assert_true(strlen(counter_table[i].help) > 0);
	}
	assert_string_equal(counter_table[0].name, "scheduled");
}

static void values_are_read_by_row(void **state)
{
	struct counters counters = { .scheduled = 3, .stamp_looped = 5 };

	assert_int_equal(counter_value(&counters, &counter_table[0]), 3);
	assert_int_equal(counter_value(&counters, &counter_table[counter_table_size - 1]), 5);
}

static void merging_sums_or_takes_the_largest(void **state)
{
	struct counters a = { .sent = 3, .connections = 1, .debt_max_ns = 70 };
	struct counters b = { .sent = 4, .connections = 2, .debt_max_ns = 50, .late = 9 };
	struct counters ab = a;
	struct counters ba = b;

	counters_merge(&ab, &b);
	assert_int_equal(ab.sent, 7);
	assert_int_equal(ab.connections, 3);
	assert_int_equal(ab.late, 9);
	assert_int_equal(ab.debt_max_ns, 70);
	counters_merge(&ba, &a);
	assert_memory_equal(&ab, &ba, sizeof(ab));
}

static void only_times_are_maxima(void **state)
{
	for (size_t i = 0; i < counter_table_size; i++) {
		const char *name = counter_table[i].name;
		bool is_maximum = strcmp(name, "debt_max_ns") == 0 || strcmp(name, "told_ns") == 0;

		assert_int_equal(counter_table[i].merge, is_maximum ? COUNTER_MAX : COUNTER_SUM);
	}
}

static const struct {
	struct counters counters;
	const char *fault; /* a word of the sentence; NULL: holds */
} cases[] = {
	/* clang-format off */
	{ { 0 }, NULL },
	{ { .scheduled = 10, .sent = 4, .missed_no_connection = 1, .missed_peer = 2,
	    .missed_generator = 2, .debt = 1, .received = 1, .lost = 2, .in_flight = 1 }, NULL },
	{ { .scheduled = 1 }, "scheduled" },
	{ { .debt = 1 }, "scheduled" },
	{ { .missed_no_connection = 1 }, "scheduled" },
	{ { .missed_peer = 1 }, "scheduled" },
	{ { .missed_generator = 1 }, "scheduled" },
	{ { .scheduled = 1, .sent = 1 }, "in flight" },
	{ { .received = 1 }, "in flight" },
	{ { .lost = 1 }, "in flight" },
	{ { .in_flight = 1 }, "in flight" },
	/* clang-format on */
};

static void broken_identities_are_found(void **state)
{
	for (size_t i = 0; i < array_size(cases); i++) {
		const char *fault = counters_check(&cases[i].counters);

		if (cases[i].fault == NULL) {
			assert_null(fault);
		} else {
			assert_non_null(fault);
			assert_non_null(strstr(fault, cases[i].fault));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_covers_the_struct),
		cmocka_unit_test(values_are_read_by_row),
		cmocka_unit_test(merging_sums_or_takes_the_largest),
		cmocka_unit_test(only_times_are_maxima),
		cmocka_unit_test(broken_identities_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
