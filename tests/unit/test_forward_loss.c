/* The peer's count against what was sent: losses, datagrams that were overtaken, doubled ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "engine/forward_loss.h"

#define EVENTS_MAX 10

/* An answer with its count, or with 0 a datagram that is given up. */
struct event {
	uint64_t sequence;
	uint64_t count;
};

static void play(struct forward_loss *loss, const struct event *events)
{
	for (size_t i = 0; events[i].sequence > 0; i++) {
		if (events[i].count > 0)
			forward_loss_note(loss, events[i].sequence, events[i].count);
		else
			forward_loss_give_up(loss, events[i].sequence);
	}
}

/* clang-format off */
static const struct {
	const char *what;
	struct event events[EVENTS_MAX];
	uint64_t lost;
} cases[] = {
	{ "nothing",               { { 0 } }, 0 },
	{ "all arrived",           { { 1, 1 }, { 2, 2 }, { 3, 3 } }, 0 },
	{ "lost on the way back",  { { 1, 1 }, { 4, 4 }, { 2, 0 }, { 3, 0 } }, 0 },
	{ "lost on the way there", { { 1, 1 }, { 4, 2 }, { 2, 0 }, { 3, 0 } }, 2 },
	{ "one lost each way",     { { 1, 1 }, { 4, 3 }, { 2, 0 }, { 3, 0 } }, 1 },
	{ "given up before the next answer", { { 1, 1 }, { 2, 0 }, { 3, 0 }, { 4, 2 } }, 2 },
	{ "before the first answer", { { 1, 0 }, { 2, 0 }, { 8, 3 }, { 9, 4 } }, 0 },
	{ "overtaken there",       { { 1, 1 }, { 3, 2 }, { 2, 3 }, { 4, 4 } }, 0 },
	{ "overtaken there and back", { { 1, 1 }, { 2, 3 }, { 3, 2 }, { 4, 4 } }, 0 },
	{ "answers overtaken",     { { 1, 1 }, { 3, 3 }, { 2, 2 }, { 4, 4 } }, 0 },
	{ "overtaken, and its answer lost", { { 1, 1 }, { 3, 2 }, { 4, 4 }, { 2, 0 } }, 0 },
	{ "one overtaken, another lost",
	  { { 1, 1 }, { 3, 2 }, { 2, 3 }, { 4, 4 }, { 6, 5 }, { 5, 0 } }, 1 },
	{ "doubled",               { { 1, 1 }, { 2, 2 }, { 2, 3 }, { 3, 4 }, { 4, 5 } }, 0 },
	{ "lost after a doubled one", { { 1, 2 }, { 2, 3 }, { 4, 4 }, { 3, 0 } }, 1 },
};
/* clang-format on */

static void counts_become_losses(void **state)
{
	for (size_t i = 0; i < array_size(cases); i++) {
		struct forward_jump jumps[FORWARD_JUMPS_MAX];
		struct forward_loss loss = { .jumps = jumps };
		play(&loss, cases[i].events);
		uint64_t lost = forward_loss_settle(&loss, UINT64_MAX);
		if (lost != cases[i].lost)
			fail_msg("%s: %lu lost", cases[i].what, lost);
		assert_int_equal(forward_loss_settle(&loss, UINT64_MAX), 0);
	}
}

static void a_gap_has_its_own_losses(void **state)
{
	struct forward_jump jumps[FORWARD_JUMPS_MAX];
	struct forward_loss loss = { .jumps = jumps };
	play(&loss, (struct event[]){ { 1, 1 }, { 3, 2 }, { 7, 3 }, { 9, 4 }, { 2, 0 }, { 0 } });
	play(&loss, (struct event[]){ { 4, 0 }, { 5, 0 }, { 6, 0 }, { 8, 0 }, { 0 } });
	assert_int_equal(forward_loss_between(&loss, 3, 7), 3);
	assert_int_equal(forward_loss_between(&loss, 0, 9), 5);
	assert_int_equal(forward_loss_settle(&loss, 3), 0);
	assert_int_equal(forward_loss_settle(&loss, 4), 1);
	assert_int_equal(forward_loss_settle(&loss, 10), 4);
}

static void many_unsettled_losses_are_none_less(void **state)
{
	struct forward_jump jumps[FORWARD_JUMPS_MAX];
	struct forward_loss loss = { .jumps = jumps };
	for (uint64_t i = 0; i < 100; i++)
		forward_loss_note(&loss, 2 * i + 1, i + 1);
	assert_int_equal(loss.jump_count, FORWARD_JUMPS_MAX);
	for (uint64_t i = 1; i < 100; i++)
		forward_loss_give_up(&loss, 2 * i);
	assert_int_equal(forward_loss_settle(&loss, UINT64_MAX), 99);
}

/* Without it nothing is kept, and nothing breaks. */
static void room_is_asked_for_before_it_is_needed(void **state)
{
	struct forward_jump jumps[FORWARD_JUMPS_MAX];
	struct forward_loss loss = { .jump_count = 0 };

	assert_false(forward_loss_wants_room(&loss, 3, 1)); /* its first count */
	forward_loss_note(&loss, 3, 3);
	assert_false(forward_loss_wants_room(&loss, 4, 4));
	assert_false(forward_loss_wants_room(&loss, 3, 1));
	assert_true(forward_loss_wants_room(&loss, 6, 4));
	forward_loss_note(&loss, 6, 4);
	assert_int_equal(loss.jump_count, 0);
	assert_true(forward_loss_wants_room(&loss, 8, 5));
	loss.jumps = jumps;
	forward_loss_note(&loss, 8, 5);
	forward_loss_give_up(&loss, 7);
	assert_int_equal(forward_loss_settle(&loss, 9), 1);
	assert_int_equal(loss.jump_count, 0);
}

static void numbers_that_were_never_sent_are_not_lost(void **state)
{
	struct forward_jump jumps[FORWARD_JUMPS_MAX];
	struct forward_loss loss = { .jumps = jumps };
	forward_loss_note(&loss, 1, 1);
	forward_loss_skip(&loss, 3);
	forward_loss_skip(&loss, 4);
	forward_loss_note(&loss, 2, 2);
	forward_loss_give_up(&loss, 3);
	forward_loss_give_up(&loss, 4);
	forward_loss_note(&loss, 6, 3); /* of 5 and 6 one arrived */
	forward_loss_give_up(&loss, 5);
	assert_int_equal(forward_loss_settle(&loss, UINT64_MAX), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_become_losses),
		cmocka_unit_test(room_is_asked_for_before_it_is_needed),
		cmocka_unit_test(numbers_that_were_never_sent_are_not_lost),
		cmocka_unit_test(a_gap_has_its_own_losses),
		cmocka_unit_test(many_unsettled_losses_are_none_less),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
