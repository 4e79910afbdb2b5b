/* Interruptions and outages from scripts of answered and unanswered messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/gap.h"

#define SPANS_MAX 4

/* One letter a message, due at 10, 20, 30 ...: '+' answered, '-' not. */
struct script {
	const char *messages;
	uint32_t threshold;
	unsigned began; /* how often a run became a gap */
	struct gap_span spans[SPANS_MAX];
	struct gap_span open; /* unanswered 0: none is */
};

static const struct script scripts[] = {
	/* clang-format off */
	{ "",          2, 0, { { 0 } },                            { 0 } },
	{ "++++",      2, 0, { { 0 } },                            { 0 } },
	{ "+-+-+",     2, 0, { { 0 } },                            { 0 } },
	{ "+--+",      2, 1, { { 20, 40, 2, false } },                    { 0 } },
	{ "+---+",     2, 1, { { 20, 50, 3, false } },                    { 0 } },
	{ "+--+",      3, 0, { { 0 } },                            { 0 } },
	{ "+---+",     3, 1, { { 20, 50, 3, false } },                    { 0 } },
	{ "+-+",       1, 1, { { 20, 30, 1, false } },                    { 0 } },
	{ "--+",       2, 1, { { 10, 30, 2, false } },                    { 0 } }, /* the first ever */
	{ "-",         2, 0, { { 0 } },                            { 0 } },
	{ "--",        2, 1, { { 0 } },                            { 10, 1000, 2, true } },
	{ "+----",     3, 1, { { 0 } },                            { 20, 1000, 4, true } },
	{ "+--",       3, 0, { { 0 } },                            { 0 } },
	{ "--+-+---+", 2, 2, { { 10, 30, 2, false }, { 60, 90, 3, false } },     { 0 } },
	{ "+--+--",    2, 2, { { 20, 40, 2, false } },                    { 50, 1000, 2, true } },
	{ "--+--+--+", 2, 3, { { 10, 30, 2, false }, { 40, 60, 2, false }, { 70, 90, 2, false } }, { 0 } },
	/* clang-format on */
};

static void assert_span(const struct gap_span *span, const struct gap_span *expected)
{
	assert_int_equal(span->start_ns, expected->start_ns);
	assert_int_equal(span->end_ns, expected->end_ns);
	assert_int_equal(span->unanswered, expected->unanswered);
	assert_int_equal(span->is_open, expected->is_open);
}

static void play(const struct script *script)
{
	struct gap gap;
	struct gap_span span = { 0 };
	unsigned began = 0;
	unsigned ended = 0;

	gap_init(&gap, script->threshold);
	for (uint64_t i = 0; i < strlen(script->messages); i++) {
		uint64_t due_ns = (i + 1) * 10;

		if (script->messages[i] == '-') {
			began += gap_unanswered(&gap, due_ns);
		} else if (gap_answered(&gap, due_ns, &span)) {
			assert_true(ended < SPANS_MAX);
			assert_span(&span, &script->spans[ended++]);
		}
	}

	bool is_open = script->open.unanswered > 0;

	assert_int_equal(began, script->began);
	assert_int_equal(ended, began - is_open);
	assert_int_equal(gap_is_open(&gap), is_open);
	assert_int_equal(gap_finish(&gap, 1000, &span), is_open);
	if (is_open)
		assert_span(&span, &script->open);
}

static void scripts_give_their_gaps(void **state)
{
	for (size_t i = 0; i < array_size(scripts); i++)
		play(&scripts[i]);
}

static void many_count_as_one_by_one(void **state)
{
	struct gap gap;
	struct gap_span span = { 0 };

	gap_init(&gap, 3);
	assert_false(gap_unanswered_many(&gap, 100, 2));
	assert_true(gap_unanswered_many(&gap, 120, 50));
	assert_false(gap_unanswered_many(&gap, 620, 7)); /* a gap already */
	assert_true(gap_answered(&gap, 700, &span));
	assert_span(&span, &(struct gap_span){ 100, 700, 59, false });

	assert_true(gap_unanswered_many(&gap, 800, 3)); /* exactly the threshold */
	assert_true(gap_answered(&gap, 830, &span));
	assert_span(&span, &(struct gap_span){ 800, 830, 3, false });
}

/* None fell due: no run begins, and the next one starts where it starts. */
static void none_begins_nothing(void **state)
{
	struct gap gap;
	struct gap_span span = { 0 };

	gap_init(&gap, 2);
	assert_false(gap_unanswered_many(&gap, 100, 0));
	assert_true(gap_unanswered_many(&gap, 200, 2));
	assert_true(gap_finish(&gap, 300, &span));
	assert_span(&span, &(struct gap_span){ 200, 300, 2, true });
}

static void finishing_changes_nothing(void **state)
{
	struct gap gap;
	struct gap_span span = { 0 };

	gap_init(&gap, 2);
	assert_true(gap_unanswered_many(&gap, 10, 2));
	assert_true(gap_finish(&gap, 50, &span));
	assert_true(gap_finish(&gap, 60, &span));
	assert_span(&span, &(struct gap_span){ 10, 60, 2, true });
	assert_true(gap_answered(&gap, 70, &span));
	assert_span(&span, &(struct gap_span){ 10, 70, 2, false });
	assert_false(gap_finish(&gap, 80, &span));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_give_their_gaps),
		cmocka_unit_test(many_count_as_one_by_one),
		cmocka_unit_test(none_begins_nothing),
		cmocka_unit_test(finishing_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
