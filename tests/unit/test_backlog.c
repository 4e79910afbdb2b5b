#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "engine/backlog.h"

#define MOST (BACKLOG_PARTS_MAX * BACKLOG_CHUNK_BYTES)

static size_t total(const struct iovec *parts, int count)
{
	size_t size = 0;
	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	return size;
}

/* Takes `step` bytes at a time out of the backlog and holds them against `data`. */
static void drain(struct backlog *backlog, struct slab *pool, const uint8_t *data, size_t size,
		  size_t step)
{
	struct iovec parts[BACKLOG_PARTS_MAX];
	for (size_t at = 0; at < size;) {
		int count = backlog_parts(backlog, parts);
		assert_int_equal(total(parts, count), size - at);
		size_t taken = step < size - at ? step : size - at;
		size_t compared = taken < parts[0].iov_len ? taken : parts[0].iov_len;
		assert_memory_equal(parts[0].iov_base, data + at, compared);
		backlog_drain(backlog, pool, taken);
		at += taken;
	}
}

static void bytes_come_out_in_order(void **state)
{
	static const size_t sizes[] = { 1, BACKLOG_CHUNK_BYTES, BACKLOG_CHUNK_BYTES + 1, 256 * 1024,
					MOST };
	static const size_t steps[] = { 977, BACKLOG_CHUNK_BYTES, 50000, MOST };
	struct backlog backlog = { NULL };
	struct slab pool;
	uint8_t *data = malloc(MOST);
	for (size_t i = 0; i < MOST; i++)
		data[i] = (uint8_t)(i * 31 >> 4);
	backlog_pool_init(&pool);
	for (size_t i = 0; i < array_size(sizes); i++) {
		for (size_t j = 0; j < array_size(steps); j++) {
			assert_int_equal(backlog_fill(&backlog, &pool, data, sizes[i]), 0);
			drain(&backlog, &pool, data, sizes[i], steps[j]);
			assert_true(backlog_is_empty(&backlog));
			assert_int_equal(pool.taken, 0);
		}
	}
	slab_deinit(&pool);
	free(data);
}

static void chunks_go_back_to_the_pool(void **state)
{
	struct backlog backlogs[2] = { { NULL } };
	struct slab pool;
	uint8_t data[BACKLOG_CHUNK_BYTES + 1] = { 0 };
	backlog_pool_init(&pool);
	assert_int_equal(backlog_fill(&backlogs[0], &pool, data, sizeof(data)), 0);
	assert_int_equal(backlog_fill(&backlogs[1], &pool, data, 1), 0);
	assert_int_equal(pool.taken, 3);
	backlog_drain(&backlogs[0], &pool, BACKLOG_CHUNK_BYTES);
	assert_int_equal(pool.taken, 2);
	backlog_clear(&backlogs[0], &pool);
	backlog_clear(&backlogs[0], &pool);
	assert_int_equal(pool.taken, 1);
	backlog_clear(&backlogs[1], &pool);
	assert_int_equal(pool.taken, 0);
	slab_deinit(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_order),
		cmocka_unit_test(chunks_go_back_to_the_pool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
