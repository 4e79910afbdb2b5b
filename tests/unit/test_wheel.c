/* The wheel against a model that looks at every timer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "net/wheel.h"

#define TICK_NS (UINT64_C(1) << WHEEL_TICK_BITS)

#define TIMERS     500
#define OPERATIONS 100000

struct model {
	struct wheel wheel;
	struct timer timers[TIMERS];
	uint64_t now_ns;
	unsigned fired;
};

static void ignore(struct timer *timer)
{
	(void)timer;
}

static void init_model(struct model *model, uint64_t now_ns)
{
	model->now_ns = now_ns;
	wheel_init(&model->wheel, now_ns);
	for (int i = 0; i < TIMERS; i++)
		timer_init(&model->timers[i], ignore);
}

static void set(struct model *model, unsigned i, uint64_t at_ns)
{
	wheel_remove(&model->wheel, &model->timers[i]);
	model->timers[i].at_ns = at_ns;
	wheel_add(&model->wheel, &model->timers[i]);
}

/* Takes out what is due; none may be early, none that is left may be a tick late. */
static void advance(struct model *model, uint64_t now_ns)
{
	model->now_ns = now_ns;
	wheel_advance(&model->wheel, now_ns);
	for (struct list *node; (node = list_take_first(&model->wheel.due)) != NULL;) {
		struct timer *timer = container_of(node, struct timer, node);
		assert_true(timer->at_ns <= now_ns);
		model->fired++;
	}
	for (int i = 0; i < TIMERS; i++) {
		if (timer_is_set(&model->timers[i]))
			assert_true(model->timers[i].at_ns + TICK_NS > now_ns);
	}
}

static uint64_t earliest(const struct model *model)
{
	uint64_t earliest_ns = UINT64_MAX;

	for (int i = 0; i < TIMERS; i++) {
		const struct timer *timer = &model->timers[i];
		if (timer_is_set(timer) && timer->at_ns < earliest_ns)
			earliest_ns = timer->at_ns;
	}
	return earliest_ns;
}

/* Moments of every size, so that all levels are used. */
static uint64_t draw_delay(struct random *random)
{
	return random_next(random) >> (1 + random_below(random, 60));
}

static void operate(struct model *model, struct random *random)
{
	unsigned i = (unsigned)random_below(random, TIMERS);

	switch (random_below(random, 8)) {
	case 0:
		wheel_remove(&model->wheel, &model->timers[i]);
		break;
	case 1:
		advance(model, model->now_ns + (draw_delay(random) >> 20));
		break;
	case 2:
		set(model, i, model->now_ns - random_below(random, 1000000));
		break;
	default:
		set(model, i, model->now_ns + draw_delay(random));
		break;
	}
}

static void test_against_model(void **state)
{
	static struct model model;
	struct random random;

	random_init(&random, 1);
	init_model(&model, UINT64_C(123456789012345));
	for (int n = 0; n < OPERATIONS; n++) {
		operate(&model, &random);
		uint64_t next_ns = wheel_next_ns(&model.wheel);
		uint64_t earliest_ns = earliest(&model);
		assert_int_equal(next_ns == UINT64_MAX, earliest_ns == UINT64_MAX);
		if (earliest_ns < UINT64_MAX - TICK_NS)
			assert_true(next_ns < earliest_ns + TICK_NS);
	}
	assert_true(model.fired > OPERATIONS / 10);
}

/* Going from one wheel_next_ns() to the next fires each timer in the tick that follows it. */
static void test_exact_within_a_tick(void **state)
{
	static struct model model;
	struct random random;
	unsigned turns = 0;

	random_init(&random, 2);
	init_model(&model, 0);
	for (unsigned i = 0; i < TIMERS; i++)
		set(&model, i, draw_delay(&random) >> 10);
	for (uint64_t next_ns; (next_ns = wheel_next_ns(&model.wheel)) != UINT64_MAX; turns++)
		advance(&model, next_ns > model.now_ns ? next_ns : model.now_ns);
	assert_int_equal(model.fired, TIMERS);
	assert_true(turns < TIMERS * WHEEL_LEVELS);
}

static void test_edges(void **state)
{
	static const struct {
		uint64_t now_ns;
		uint64_t at_ns;
		uint64_t not_yet_ns;
		uint64_t due_ns;
	} rows[] = {
		{ 0, 1, 1, TICK_NS },
		{ 0, TICK_NS, TICK_NS - 1, TICK_NS },
		{ 0, TICK_NS + 1, TICK_NS + 1, 2 * TICK_NS },
		{ 5 * TICK_NS, 64 * TICK_NS, 64 * TICK_NS - 1, 64 * TICK_NS },
		{ 63 * TICK_NS, 64 * TICK_NS, 64 * TICK_NS - 1, 64 * TICK_NS },
		{ 0, 4096 * TICK_NS, 4096 * TICK_NS - 1, 4096 * TICK_NS },
		{ 0, 4095 * TICK_NS, 4095 * TICK_NS - 1, 4096 * TICK_NS },
		{ 0, 5000 * TICK_NS, 5000 * TICK_NS - 1, 5000 * TICK_NS },
		{ 0, UINT64_MAX, UINT64_MAX - TICK_NS, UINT64_MAX },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct wheel wheel;
		struct timer timer;
		wheel_init(&wheel, rows[i].now_ns);
		timer_init(&timer, ignore);
		timer.at_ns = rows[i].at_ns;
		wheel_add(&wheel, &timer);
		assert_true(list_is_empty(&wheel.due));
		/* Alone, it is not looked at before its tick. */
		assert_in_range(wheel_next_ns(&wheel), rows[i].not_yet_ns / TICK_NS * TICK_NS,
				rows[i].due_ns);
		wheel_advance(&wheel, rows[i].not_yet_ns);
		assert_true(list_is_empty(&wheel.due));
		wheel_advance(&wheel, rows[i].due_ns);
		assert_false(list_is_empty(&wheel.due));
	}
}

static void test_removed_timers_are_not_waited_for(void **state)
{
	static struct model model;
	struct random random;

	random_init(&random, 4);
	init_model(&model, 77 * TICK_NS);
	for (unsigned i = 0; i < TIMERS; i++)
		set(&model, i, model.now_ns + draw_delay(&random));
	for (unsigned i = 0; i < TIMERS; i++) {
		assert_true(wheel_next_ns(&model.wheel) <= earliest(&model) + TICK_NS);
		wheel_remove(&model.wheel, &model.timers[i]);
		wheel_remove(&model.wheel, &model.timers[i]);
	}
	assert_int_equal(wheel_next_ns(&model.wheel), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_exact_within_a_tick),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_removed_timers_are_not_waited_for),
	};
	return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
