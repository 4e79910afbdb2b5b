#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "view/live.h"

static const struct live_figures figures = {
	.at_ns = 3000000000,
	.active = 197,
	.failed = 3,
	.connecting = 1,
	.sent = 6000,
	.received = 5990,
	.lost = 7,
	.p50_ns = 330000,
	.p99_ns = 2610000,
};

#define LINE "+3.000 s  conn act/fail/connecting: 197/3/1, messages sent/rec/lost: 6,000/5,990/7"

static void a_line_each_without_a_terminal(void **state)
{
	struct live live = { .is_terminal = false };
	struct buffer out;
	buffer_init(&out, 4096);
	live_write(&live, &figures, &out);
	live_clear(&live, &out);
	assert_string_equal(buffer_text(&out), LINE ", p50/p99: 0.33/2.61 ms\n");
	buffer_deinit(&out);
}

static void one_line_on_a_terminal(void **state)
{
	struct live live = { .is_terminal = true };
	struct buffer out;
	buffer_init(&out, 4096);
	live_clear(&live, &out);
	assert_string_equal(buffer_text(&out), "");
	live_write(&live, &figures, &out);
	assert_string_equal(buffer_text(&out), "\r\033[K" LINE ", p50/p99: 0.33/2.61 ms");
	buffer_clear(&out);
	live_clear(&live, &out);
	live_clear(&live, &out);
	assert_string_equal(buffer_text(&out), "\r\033[K");
	buffer_deinit(&out);
}

static void a_line_never_wraps(void **state)
{
	static const struct {
		unsigned columns;
		const char *line;
	} cases[] = {
		{ 106, LINE ", p50/p99: 0.33/2.61 ms" },
		{ 80, "+3.000 s  conn 197/3/1, msg 6,000/5,990/7, 0.33/2.61 ms" },
		{ 20, "+3.000 s  conn 197/" },
		{ 1, "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct live live = { .is_terminal = true, .columns = cases[i].columns };
		struct buffer out;
		buffer_init(&out, 4096);
		live_write(&live, &figures, &out);
		assert_string_equal(buffer_text(&out) + 4, cases[i].line);
		buffer_deinit(&out);
	}
}

static void nothing_was_answered_in_it(void **state)
{
	struct live live = { .is_terminal = false };
	struct live_figures silent = figures;
	struct buffer out;
	silent.p50_ns = 0;
	silent.p99_ns = 0;
	buffer_init(&out, 4096);
	live_write(&live, &silent, &out);
	assert_string_equal(buffer_text(&out), LINE ", p50/p99: -/- ms\n");
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_each_without_a_terminal),
		cmocka_unit_test(one_line_on_a_terminal),
		cmocka_unit_test(a_line_never_wraps),
		cmocka_unit_test(nothing_was_answered_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
