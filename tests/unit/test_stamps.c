/* Stamps come out in order, and those of answers out of their order where they stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/stamps.h"

static void add(struct stamp_pool *pool, struct stamp_queue *queue)
{
	assert_int_equal(stamp_add(pool, queue, 10, 2), 0);
	assert_int_equal(stamp_add(pool, queue, 20, 1), 0);
	assert_int_equal(stamp_add(pool, queue, 30, 3), 0);
}

static void the_oldest_comes_first(void **state)
{
	static const uint64_t wanted[] = { 10, 10, 20, 30, 30, 30, 0 };
	struct stamp_pool pool;
	struct stamp_queue queue;

	stamp_pool_init(&pool);
	stamp_queue_init(&queue);
	add(&pool, &queue);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		assert_int_equal(stamp_take(&pool, &queue), wanted[i]);
	stamp_pool_deinit(&pool);
}

static void an_answer_out_of_turn_takes_its_own(void **state)
{
	static const struct {
		uint32_t ahead;
		uint64_t at_ns;
		uint64_t oldest_ns; /* then */
	} rows[] = {
		{ 2, 20, 10 }, { 4, 30, 10 }, { 0, 10, 10 },
		{ 0, 10, 30 }, { 1, 30, 30 }, { 0, 30, 0 },
	};
	struct stamp_pool pool;
	struct stamp_queue queue;

	stamp_pool_init(&pool);
	stamp_queue_init(&queue);
	for (int again = 0; again < 2; again++) {
		add(&pool, &queue);
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			assert_int_equal(stamp_take_behind(&pool, &queue, rows[i].ahead),
					 rows[i].at_ns);
			assert_int_equal(stamp_oldest(&pool, &queue), rows[i].oldest_ns);
		}
	}
	/* What goes last may come back last. */
	add(&pool, &queue);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stamp_take_behind(&pool, &queue, 5 - (uint32_t)i), 30);
	assert_int_equal(stamp_add(&pool, &queue, 40, 1), 0);
	assert_int_equal(stamp_take_behind(&pool, &queue, 3), 40);
	assert_int_equal(stamp_take_behind(&pool, &queue, 7), 20);
	stamp_clear(&pool, &queue);
	assert_int_equal(stamp_take_behind(&pool, &queue, 0), 0);
	stamp_pool_deinit(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_comes_first),
		cmocka_unit_test(an_answer_out_of_turn_takes_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
