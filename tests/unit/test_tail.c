/* The last bytes, however they came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/tail.h"

#define KEPT 10

static void assert_tail(const struct tail *tail, const char *wanted, uint64_t omitted)
{
	size_t size;
	const char *bytes = tail_bytes(tail, &size);
	assert_int_equal(size, strlen(wanted));
	assert_memory_equal(bytes, wanted, size);
	assert_int_equal(tail_omitted(tail), omitted);
}

static void keeps_all_of_a_little(void **state)
{
	(void)state;
	struct tail tail;
	tail_init(&tail, KEPT);
	assert_tail(&tail, "", 0);
	tail_append(&tail, "abc", 3);
	tail_append(&tail, "", 0);
	tail_append(&tail, "defghij", 7);
	assert_tail(&tail, "abcdefghij", 0);
	tail_append(&tail, "k", 1);
	assert_tail(&tail, "bcdefghijk", 1);
	tail_deinit(&tail);
}

static void keeps_the_end_of_one_long_piece(void **state)
{
	(void)state;
	struct tail tail;
	tail_init(&tail, KEPT);
	tail_append(&tail, "xyz", 3);
	tail_append(&tail, "abcdefghijklmnopqrstuvwxyz", 26);
	assert_tail(&tail, "qrstuvwxyz", 19);
	tail_deinit(&tail);
}

/* Pieces of every size, against the whole. */
static void keeps_the_end_of_many_pieces(void **state)
{
	(void)state;
	char whole[2000];
	for (size_t i = 0; i < sizeof(whole); i++)
		whole[i] = (char)('a' + i % 23);
	for (size_t piece = 1; piece < 3 * KEPT; piece++) {
		struct tail tail;
		size_t size;
		tail_init(&tail, KEPT);
		for (size_t at = 0; at + piece <= sizeof(whole); at += piece) {
			tail_append(&tail, whole + at, piece);
			size_t total = at + piece;
			const char *bytes = tail_bytes(&tail, &size);
			assert_int_equal(size, total < KEPT ? total : KEPT);
			assert_memory_equal(bytes, whole + total - size, size);
			assert_int_equal(tail_omitted(&tail), total - size);
		}
		tail_deinit(&tail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_all_of_a_little),
		cmocka_unit_test(keeps_the_end_of_one_long_piece),
		cmocka_unit_test(keeps_the_end_of_many_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
