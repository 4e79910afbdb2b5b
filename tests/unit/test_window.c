/* Answers in any order, by scripts and against a plain model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/window.h"

#define RING 8

struct fixture {
	struct window window;
	struct window_entry storage[RING * 2]; /* more than the states need */
};

static struct window *set_up(struct fixture *fixture)
{
	assert_true(window_storage_size(RING) <= sizeof(fixture->storage));
	memset(fixture, 0xa5, sizeof(*fixture));
	window_init(&fixture->window, fixture->storage, RING);
	return &fixture->window;
}

/* Due at 100, 101, 102 ... and sent 500 later. */
static void send_all(struct window *window, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t next = window->head;

		assert_int_equal(window_sent(window, 100 + next, 600 + next), next);
	}
}

static enum window_answer answer(struct window *window, uint64_t sequence)
{
	struct window_entry entry;
	bool is_reordered;

	return window_answered(window, sequence, &entry, &is_reordered);
}

static bool lose(struct window *window, uint64_t sequence)
{
	struct window_entry entry = { 0 };

	if (!window_lost(window, sequence, &entry))
		return false;
	assert_int_equal(entry.due_ns, 100 + sequence);
	assert_int_equal(entry.sent_ns, 600 + sequence);
	return true;
}

/* What leaves now, a letter each: + answered, - not. */
static const char *take_finals(struct window *window)
{
	static char finals[RING + 1];
	struct window_final final;
	size_t count = 0;
	uint64_t expected = window->tail;

	while (window_take_final(window, &final)) {
		assert_true(count < RING);
		assert_int_equal(final.sequence, expected + count);
		assert_int_equal(final.due_ns, 100 + final.sequence);
		finals[count++] = final.is_answered ? '+' : '-';
	}
	finals[count] = '\0';
	return finals;
}

static void storage_is_rounded_up(void **state)
{
	size_t one = sizeof(struct window_entry) + 1;

	assert_int_equal(window_storage_size(1), one);
	assert_int_equal(window_storage_size(2), 2 * one);
	assert_int_equal(window_storage_size(5), 8 * one);
	assert_int_equal(window_storage_size(8), 8 * one);
	assert_int_equal(window_storage_size(1000), 1024 * one);
}

static void finals_leave_in_order(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);

	assert_string_equal(take_finals(window), "");
	send_all(window, 5);
	assert_int_equal(answer(window, 2), WINDOW_ANSWERED);
	assert_int_equal(answer(window, 1), WINDOW_ANSWERED);
	assert_string_equal(take_finals(window), ""); /* 0 is still pending */
	assert_true(lose(window, 0));
	assert_string_equal(take_finals(window), "-++");
	assert_int_equal(answer(window, 4), WINDOW_ANSWERED);
	assert_string_equal(take_finals(window), "");
	assert_int_equal(answer(window, 3), WINDOW_ANSWERED);
	assert_string_equal(take_finals(window), "++");
	assert_string_equal(take_finals(window), "");
}

static void an_answer_brings_its_times_and_order(void **state)
{
	static const struct {
		uint64_t sequence;
		bool is_reordered;
	} cases[] = { { 0, false }, { 3, false }, { 1, true },
		      { 2, true },  { 5, false }, { 4, true } };
	struct fixture fixture;
	struct window *window = set_up(&fixture);

	send_all(window, 6);
	for (size_t i = 0; i < array_size(cases); i++) {
		struct window_entry entry = { 0 };
		bool is_reordered = !cases[i].is_reordered;

		assert_int_equal(window_answered(window, cases[i].sequence, &entry, &is_reordered),
				 WINDOW_ANSWERED);
		assert_int_equal(entry.due_ns, 100 + cases[i].sequence);
		assert_int_equal(entry.sent_ns, 600 + cases[i].sequence);
		assert_int_equal(is_reordered, cases[i].is_reordered);
	}
}

/* A late answer overtakes nobody: what is still pending comes in order. */
static void a_late_answer_reorders_nothing(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);
	struct window_entry entry;
	bool is_reordered = true;

	send_all(window, 2);
	assert_true(lose(window, 1));
	assert_int_equal(answer(window, 1), WINDOW_LATE);
	assert_int_equal(window_answered(window, 0, &entry, &is_reordered), WINDOW_ANSWERED);
	assert_false(is_reordered);
}

static void each_answer_is_told_once(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);

	send_all(window, 3);
	assert_int_equal(answer(window, 0), WINDOW_ANSWERED);
	assert_int_equal(answer(window, 0), WINDOW_DUPLICATE);
	assert_true(lose(window, 1));
	assert_false(lose(window, 1));
	assert_int_equal(answer(window, 1), WINDOW_LATE);
	assert_int_equal(answer(window, 1), WINDOW_DUPLICATE);
	assert_false(lose(window, 0));
	assert_int_equal(answer(window, 3), WINDOW_FOREIGN);
	assert_int_equal(answer(window, UINT64_MAX), WINDOW_FOREIGN);
	assert_false(lose(window, 3));
	assert_string_equal(take_finals(window), "+-");        /* late moves nothing */
	assert_int_equal(answer(window, 0), WINDOW_DUPLICATE); /* remembered though taken */
	assert_int_equal(answer(window, 1), WINDOW_DUPLICATE);
}

static void a_missed_number_is_final_and_foreign(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);

	assert_int_equal(window_missed(window, 100), 0);
	send_all(window, 1);
	assert_int_equal(window_missed(window, 102), 2);
	assert_int_equal(answer(window, 0), WINDOW_FOREIGN);
	assert_int_equal(answer(window, 1), WINDOW_ANSWERED);
	assert_false(lose(window, 2));
	assert_string_equal(take_finals(window), "-+-");
}

static void a_full_ring_waits_for_its_oldest(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);

	send_all(window, RING - 1);
	assert_false(window_is_full(window));
	send_all(window, 1);
	assert_true(window_is_full(window));
	for (uint64_t i = 1; i < RING; i++)
		assert_int_equal(answer(window, i), WINDOW_ANSWERED);
	assert_true(window_is_full(window)); /* nothing can leave before 0 */
	assert_true(lose(window, 0));
	assert_true(window_is_full(window)); /* nothing has left yet */
	assert_string_equal(take_finals(window), "-+++++++");
	assert_false(window_is_full(window));
}

static void taken_numbers_are_remembered_for_a_ring(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);

	send_all(window, 2);
	assert_int_equal(answer(window, 0), WINDOW_ANSWERED);
	assert_true(lose(window, 1));
	assert_string_equal(take_finals(window), "+-");

	send_all(window, RING - 2);
	assert_int_equal(answer(window, 0), WINDOW_DUPLICATE);
	send_all(window, 1); /* takes the place of 0 */
	assert_int_equal(answer(window, 0), WINDOW_FOREIGN);
	assert_int_equal(answer(window, 1), WINDOW_LATE);
	send_all(window, 1);
	assert_int_equal(answer(window, 1), WINDOW_FOREIGN);
	assert_int_equal(answer(window, 2), WINDOW_ANSWERED);
}

static void a_larger_ring_remembers_what_the_old_one_did(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);
	struct window_entry larger[8 * RING];
	struct window_final final;

	memset(larger, 0xa5, sizeof(larger));
	for (unsigned i = 0; i < 3 * RING; i++) {
		send_all(window, 1);
		assert_int_equal(answer(window, i), WINDOW_ANSWERED);
		assert_true(window_take_final(window, &final));
	}
	send_all(window, RING);
	assert_true(window_is_full(window));
	assert_true(window_storage_size(3 * RING) <= sizeof(larger));
	window_move(window, larger, 3 * RING);
	memset(fixture.storage, 0x5a, sizeof(fixture.storage));
	assert_false(window_is_full(window));
	send_all(window, 3 * RING);
	assert_true(window_is_full(window));
	for (unsigned i = 3 * RING; i < 7 * RING; i++)
		assert_int_equal(answer(window, i), WINDOW_ANSWERED);
	for (unsigned i = 3 * RING; i < 7 * RING; i++) {
		assert_true(window_take_final(window, &final));
		assert_int_equal(final.sequence, i);
		assert_int_equal(final.due_ns, 100 + i);
	}
}

static void the_oldest_pending_is_found(void **state)
{
	struct fixture fixture;
	struct window *window = set_up(&fixture);
	struct window_entry entry = { 0 };
	uint64_t sequence = 0;

	assert_false(window_oldest_pending(window, &sequence, &entry));
	window_missed(window, 100);
	assert_false(window_oldest_pending(window, &sequence, &entry));
	send_all(window, 3);
	assert_int_equal(answer(window, 2), WINDOW_ANSWERED);
	assert_true(window_oldest_pending(window, &sequence, &entry));
	assert_int_equal(sequence, 1);
	assert_int_equal(entry.due_ns, 101);
	assert_int_equal(entry.sent_ns, 601);
	assert_true(lose(window, 1));
	assert_true(window_oldest_pending(window, &sequence, &entry));
	assert_int_equal(sequence, 3);
	assert_int_equal(answer(window, 3), WINDOW_ANSWERED);
	assert_false(window_oldest_pending(window, &sequence, &entry));
}

/* What a plain array without reuse says of every number. */
#define MODEL_NUMBERS 4000

enum model_state { UNSENT, OUT, IN, GIVEN_UP, CAME_LATE };

static enum window_answer model_answer(enum model_state *number, bool is_remembered)
{
	if (*number == UNSENT || !is_remembered)
		return WINDOW_FOREIGN;
	if (*number == OUT) {
		*number = IN;
		return WINDOW_ANSWERED;
	}
	if (*number == GIVEN_UP) {
		*number = CAME_LATE;
		return WINDOW_LATE;
	}
	return WINDOW_DUPLICATE;
}

static void random_answers_agree_with_a_model(void **state)
{
	static enum model_state model[MODEL_NUMBERS + RING];
	struct fixture fixture;
	struct window *window = set_up(&fixture);
	struct window_final final;
	uint64_t random = 12345;
	unsigned told[4] = { 0 };

	while (window->head < MODEL_NUMBERS) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint64_t back = (random >> 40) % (2 * RING);
		uint64_t sequence = window->head + RING / 2 - back;

		if ((random >> 60) < 6 && !window_is_full(window)) {
			model[window->head] = OUT;
			send_all(window, 1);
		} else if ((random >> 60) < 8 && window->head > window->tail) {
			if (lose(window, window->tail))
				model[window->tail] = GIVEN_UP;
		} else if (sequence < MODEL_NUMBERS + RING) {
			bool is_remembered = window->head - sequence <= RING;
			enum window_answer expected = model_answer(&model[sequence], is_remembered);

			assert_int_equal(answer(window, sequence), expected);
			told[expected]++;
		}
		while (window_take_final(window, &final))
			assert_int_equal(final.is_answered, model[final.sequence] == IN);
	}
	for (size_t i = 0; i < array_size(told); i++)
		assert_true(told[i] > MODEL_NUMBERS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storage_is_rounded_up),
		cmocka_unit_test(finals_leave_in_order),
		cmocka_unit_test(an_answer_brings_its_times_and_order),
		cmocka_unit_test(a_late_answer_reorders_nothing),
		cmocka_unit_test(each_answer_is_told_once),
		cmocka_unit_test(a_missed_number_is_final_and_foreign),
		cmocka_unit_test(a_full_ring_waits_for_its_oldest),
		cmocka_unit_test(taken_numbers_are_remembered_for_a_ring),
		cmocka_unit_test(a_larger_ring_remembers_what_the_old_one_did),
		cmocka_unit_test(the_oldest_pending_is_found),
		cmocka_unit_test(random_answers_agree_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
