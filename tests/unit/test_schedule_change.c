/* A rate that the user changes while messages are due, against a model that forgets nothing. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"
#include "base/rate_ramp.h"
#include "engine/schedule.h"

#define SECOND_NS UINT64_C(1000000000)
#define START_NS  UINT64_C(123456789012345)
#define PARTS     UINT64_C(1000000000000000) /* a ns at a millionth a second makes one due */

/* ---- the model: every change there ever was ---- */

struct model {
	uint64_t *at_ns;
	uint64_t *micro;
	size_t count;
};

static void model_init(struct model *model, size_t most, double rate)
{
	*model = (struct model){ .at_ns = calloc(most, sizeof(uint64_t)),
				 .micro = calloc(most, sizeof(uint64_t)) };
	assert_true(model->at_ns && model->micro);
	model->at_ns[0] = START_NS;
	model->micro[0] = (uint64_t)(rate * 1e6 + 0.5);
	model->count = 1;
}

static void model_change(struct model *model, uint64_t at_ns, double rate)
{
	model->at_ns[model->count] = at_ns;
	model->micro[model->count++] = (uint64_t)(rate * 1e6 + 0.5);
}

static void model_deinit(struct model *model)
{
	free(model->at_ns);
	free(model->micro);
}

static uint64_t model_count(const struct model *model, uint64_t at_ns)
{
	unsigned __int128 parts = 0;
	for (size_t i = 0; i < model->count && model->at_ns[i] < at_ns; i++) {
		bool is_last = i + 1 == model->count || model->at_ns[i + 1] > at_ns;
		uint64_t end_ns = is_last ? at_ns : model->at_ns[i + 1];
		parts += (unsigned __int128)model->micro[i] * (end_ns - model->at_ns[i]);
	}
	return (uint64_t)((parts + PARTS - 1) / PARTS);
}

/* The last moment at which `number` or fewer are due. */
static void check_due(const struct model *model, const struct schedule *schedule, uint64_t number)
{
	uint64_t due_ns = schedule_due(schedule, number);
	if (due_ns == UINT64_MAX)
		return;
	assert_true(model_count(model, due_ns) <= number);
	assert_true(model_count(model, due_ns + 1) > number);
}

static double pick_rate(struct random *random)
{
	static const double rates[] = { 0, 0, 0.001, 1.0 / 3, 10, 333.3, 7919, 1e5, 1e7 };
	return rates[random_below(random, array_size(rates))];
}

static void changes_are_exact(void **state)
{
	struct random random;
	random_init(&random, 17);
	for (int run = 0; run < 200; run++) {
		struct schedule schedule;
		struct model model;
		uint64_t at_ns = START_NS;
		schedule_init(&schedule, START_NS, 50);
		model_init(&model, 101, 50);
		for (int i = 0; i < 100; i++) {
			double rate = pick_rate(&random);
			at_ns += random_below(&random, 3 * SECOND_NS);
			uint64_t before = schedule_count(&schedule, at_ns);
			assert_true(schedule_change(&schedule, at_ns, rate));
			model_change(&model, at_ns, rate);
			assert_int_equal(schedule_count(&schedule, at_ns), before);
			uint64_t later_ns = at_ns + random_below(&random, SECOND_NS);
			uint64_t count = model_count(&model, later_ns);
			assert_int_equal(schedule_count(&schedule, later_ns), count);
			check_due(&model, &schedule, count);
			if (count > 0)
				check_due(&model, &schedule, random_below(&random, count));
		}
		model_deinit(&model);
	}
}

static void a_change_replaces_what_is_left_of_a_ramp(void **state)
{
	struct schedule schedule, planned;
	struct rate_ramp ramp;
	struct error error = { "" };
	assert_true(rate_ramp_parse("0..5k/30s,100/10s,9k", &error, &ramp) >= 0);
	schedule_init_planned(&planned, START_NS, 0, &ramp);
	for (uint64_t second = 0; second < 50; second += 7) {
		uint64_t at_ns = START_NS + second * SECOND_NS + 12345;
		schedule_init_planned(&schedule, START_NS, 0, &ramp);
		assert_true(schedule_change(&schedule, at_ns, 1000));
		uint64_t before = schedule_count(&planned, at_ns);
		assert_int_equal(schedule_count(&schedule, at_ns), before);
		for (uint64_t i = 0; i < before; i += before / 100 + 1)
			assert_int_equal(schedule_due(&schedule, i), schedule_due(&planned, i));
		uint64_t after = schedule_count(&schedule, at_ns + 100 * SECOND_NS) - before;
		assert_in_range(after, 99999, 100001);
	}
}

static void one_before_the_start_is_from_the_start(void **state)
{
	struct schedule schedule;
	schedule_init(&schedule, START_NS, 50);
	assert_true(schedule_change(&schedule, START_NS - SECOND_NS, 10));
	assert_int_equal(schedule_count(&schedule, START_NS), 0);
	assert_int_equal(schedule_count(&schedule, START_NS + SECOND_NS), 10);
}

static void a_pause_keeps_the_part_of_a_message(void **state)
{
	struct schedule schedule;
	schedule_init(&schedule, START_NS, 1);
	assert_true(schedule_change(&schedule, START_NS + 3 * SECOND_NS / 2, 0));
	assert_int_equal(schedule_due(&schedule, 2), UINT64_MAX);
	assert_true(schedule_change(&schedule, START_NS + 100 * SECOND_NS, 1));
	/* Half of it had gone by. */
	assert_int_equal(schedule_due(&schedule, 2), START_NS + 100 * SECOND_NS + SECOND_NS / 2);
}

/* Ten changes a second for four hours, where nothing is owed for longer than five seconds. */
static void hours_of_changes_fit(void **state)
{
	enum { CHANGES = 4 * 3600 * 10, CHECKED = 997 };
	struct random random;
	struct schedule schedule;
	struct model model;
	uint64_t at_ns = START_NS;
	uint64_t oldest = 0;
	random_init(&random, 4);
	schedule_init(&schedule, START_NS, 50);
	model_init(&model, CHANGES + 1, 50);
	for (int i = 0; i < CHANGES; i++) {
		double rate = pick_rate(&random);
		at_ns += SECOND_NS / 10 + random_below(&random, 1000);
		if (!schedule_has_room(&schedule)) {
			oldest = schedule_count(&schedule, at_ns - 5 * SECOND_NS);
			schedule_forget(&schedule, oldest);
		}
		assert_true(schedule_change(&schedule, at_ns, rate));
		model_change(&model, at_ns, rate);
		if (i % CHECKED != 0)
			continue;
		uint64_t count = model_count(&model, at_ns);
		assert_int_equal(schedule_count(&schedule, at_ns), count);
		check_due(&model, &schedule, oldest);
		check_due(&model, &schedule, oldest + (count - oldest) / 2);
		check_due(&model, &schedule, count);
	}
	model_deinit(&model);
}

static void without_room_nothing_changes(void **state)
{
	struct schedule schedule;
	schedule_init(&schedule, START_NS, 50);
	uint64_t at_ns = START_NS;
	while (schedule_has_room(&schedule)) {
		at_ns += SECOND_NS;
		assert_true(schedule_change(&schedule, at_ns, 50 + schedule.count % 2));
	}
	uint64_t count = schedule_count(&schedule, at_ns + 10 * SECOND_NS);
	assert_false(schedule_change(&schedule, at_ns + SECOND_NS, 1));
	/* The first message is still owed: nothing can be forgotten. */
	schedule_forget(&schedule, 0);
	assert_false(schedule_has_room(&schedule));
	assert_int_equal(schedule_count(&schedule, at_ns + 10 * SECOND_NS), count);
	/* The same rate needs no room. */
	assert_true(schedule_change(&schedule, at_ns + SECOND_NS,
				    50 + (SCHEDULE_SEGMENTS_MAX - 1) % 2));
	schedule_forget(&schedule, count);
	assert_true(schedule_has_room(&schedule));
}

/* Every worker changes its own copy when it has dealt all that is due before, some long after the
 * others; each message is dealt once, to the slot whose turn it is. */
static void workers_deal_each_message_once(void **state)
{
	enum { WORKERS = 3, SLOTS = 7, CHANGES = 400 };
	struct schedule schedules[WORKERS];
	struct schedule_cursor cursors[WORKERS];
	struct random random;
	struct model model;
	uint64_t dealt = 0, at_ns = START_NS;
	random_init(&random, 9);
	model_init(&model, CHANGES + 1, 50);
	for (uint32_t w = 0; w < WORKERS; w++) {
		schedule_init(&schedules[w], START_NS, 50);
		schedule_cursor_init(&cursors[w], &schedules[w], SLOTS, w, WORKERS);
	}
	for (int i = 0; i < CHANGES; i++) {
		double rate = (double)random_below(&random, 2000);
		at_ns += random_below(&random, SECOND_NS);
		for (uint32_t w = 0; w < WORKERS; w++) {
			for (; cursors[w].due_ns < at_ns; schedule_cursor_next(&cursors[w])) {
				assert_int_equal(cursors[w].slot, cursors[w].number % SLOTS);
				check_due(&model, &schedules[w], cursors[w].number);
				dealt++;
			}
			if (!schedule_has_room(&schedules[w]))
				schedule_forget(&schedules[w], cursors[w].number);
			assert_true(schedule_change(&schedules[w], at_ns, rate));
			schedule_cursor_settle(&cursors[w]);
		}
		assert_int_equal(dealt, model_count(&model, at_ns));
		model_change(&model, at_ns, rate);
	}
	model_deinit(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_exact),
		cmocka_unit_test(a_change_replaces_what_is_left_of_a_ramp),
		cmocka_unit_test(one_before_the_start_is_from_the_start),
		cmocka_unit_test(a_pause_keeps_the_part_of_a_message),
		cmocka_unit_test(hours_of_changes_fit),
		cmocka_unit_test(without_room_nothing_changes),
		cmocka_unit_test(workers_deal_each_message_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
