#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena arena;
	arena_init(&arena);
	char *before = NULL;
	for (size_t size = 1; size < 3000; size++) {
		char *piece = arena_take(&arena, size);
		assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xff, size);
		assert_ptr_not_equal(piece, before);
		before = piece;
	}
	arena_deinit(&arena);
	arena_deinit(&arena);
}

static void takes_pieces_larger_than_a_block(void **state)
{
	struct arena arena;
	arena_init(&arena);
	char *large = arena_take_array(&arena, 1000, 1000);
	memset(large, 1, 1000 * 1000);
	assert_string_equal(arena_text(&arena, "after"), "after");
	arena_deinit(&arena);
}

static void keeps_texts(void **state)
{
	struct arena arena;
	arena_init(&arena);
	char text[] = "web-1";
	const char *copy = arena_text(&arena, text);
	const char *formatted = arena_format(&arena, "%s:%d", text, 80);
	text[0] = 'x';
	assert_string_equal(copy, "web-1");
	assert_string_equal(formatted, "web-1:80");
	assert_string_equal(arena_format(&arena, "%s", ""), "");
	assert_null(arena_text(&arena, NULL));
	arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(takes_pieces_larger_than_a_block),
		cmocka_unit_test(keeps_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
