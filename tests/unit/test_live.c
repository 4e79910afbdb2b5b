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
	.sent = { .messages = 6000 },
	.received = { .messages = 5990 },
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

static void a_load_is_told_by_its_last_second(void **state)
{
	static const struct {
		struct live_figures figures;
		const char *line;
	} cases[] = {
		{ { .kind = LIVE_ANSWERS,
		    .at_ns = 3000000000,
		    .active = 50,
		    .failed = 1,
		    .lost = 3,
		    .p50_ns = 410000,
		    .p99_ns = 660000,
		    .received = { .messages_per_second = 19998 },
		    .errors = 2 },
		  "+3.000 s  50 up, 1 failed, 19,998/s, p50/p99: 0.41/0.66 ms, 3 lost, 2 errors\n" },
		{ { .kind = LIVE_BYTES,
		    .at_ns = 3000000000,
		    .active = 1,
		    .sent = { .bits_per_second = 9.41e9 },
		    .retransmits = 9 },
		  "+3.000 s  1 up, 0 failed, 9.41 Gbps, 9 retransmitted\n" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct live live = { .is_terminal = false };
		struct buffer out;
		buffer_init(&out, 4096);
		live_write(&live, &cases[i].figures, &out);
		assert_string_equal(buffer_text(&out), cases[i].line);
		buffer_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_is_told_by_its_last_second),
		cmocka_unit_test(a_line_each_without_a_terminal),
		cmocka_unit_test(one_line_on_a_terminal),
		cmocka_unit_test(a_line_never_wraps),
		cmocka_unit_test(nothing_was_answered_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
