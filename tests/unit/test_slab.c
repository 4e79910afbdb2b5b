#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/slab.h"

#define OBJECTS 100

struct thing {
	uint64_t number;
	char rest[33];
};

static void take_all(struct slab *slab, struct thing *things[OBJECTS])
{
	for (size_t i = 0; i < OBJECTS; i++) {
		things[i] = slab_take(slab);
		assert_non_null(things[i]);
		assert_int_equal((uintptr_t)things[i] % _Alignof(max_align_t), 0);
		assert_int_equal(things[i]->number, 0);
		assert_int_equal(things[i]->rest[32], 0);
		memset(things[i], 0xff, sizeof(*things[i]));
		things[i]->number = i + 1;
	}
}

static void objects_are_zeroed_and_apart(void **state)
{
	struct slab slab;
	struct thing *things[OBJECTS];
	slab_init(&slab, sizeof(struct thing), 7);
	take_all(&slab, things);
	for (size_t i = 0; i < OBJECTS; i++)
		assert_int_equal(things[i]->number, i + 1);
	assert_int_equal(slab.taken, OBJECTS);
	slab_deinit(&slab);
	slab_deinit(&slab);
}

static void allocates_nothing_below_the_high_water_mark(void **state)
{
	struct slab slab;
	struct thing *things[OBJECTS];
	slab_init(&slab, sizeof(struct thing), 16);
	take_all(&slab, things);
	const struct slab_chunk *newest = slab.chunks;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < OBJECTS; i++)
			slab_put(&slab, things[(i * 37) % OBJECTS]);
		assert_int_equal(slab.taken, 0);
		take_all(&slab, things);
		assert_ptr_equal(slab.chunks, newest);
	}
	slab_put(&slab, NULL);
	assert_int_equal(slab.taken, OBJECTS);
	slab_deinit(&slab);
}

static void says_when_there_is_no_memory(void **state)
{
	struct slab slab;
	slab_init(&slab, SIZE_MAX / 4, 8);
	assert_null(slab_take(&slab));
	assert_int_equal(slab.taken, 0);
	slab_deinit(&slab);
}

static void holds_objects_smaller_than_a_pointer(void **state)
{
	struct slab slab;
	slab_init(&slab, 1, 4);
	char *a = slab_take(&slab);
	char *b = slab_take(&slab);
	slab_put(&slab, a);
	*b = 'b';
	assert_ptr_equal(slab_take(&slab), a);
	assert_int_equal(*b, 'b');
	slab_deinit(&slab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_zeroed_and_apart),
		cmocka_unit_test(allocates_nothing_below_the_high_water_mark),
		cmocka_unit_test(says_when_there_is_no_memory),
		cmocka_unit_test(holds_objects_smaller_than_a_pointer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
