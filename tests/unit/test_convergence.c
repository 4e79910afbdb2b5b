/* Coming back after a mark: by scripts of what befalls slots, by given windows, and of whole
 * simulated runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/convergence.h"
#include "support/simulation.h"

#define MS(n)    ((uint64_t)(n)*NS_PER_MS)
#define BEGIN_NS (1000 * NS_PER_S)
#define NEVER    INT64_MIN

static struct convergence *begun(uint32_t slots)
{
	struct convergence *convergence = NULL;
	assert_int_equal(convergence_new(slots, &convergence), 0);
	convergence_begin(convergence, BEGIN_NS);
	return convergence;
}

static void assert_reason(const char *reason, const char *wanted)
{
	assert_non_null(reason);
	assert_string_equal(reason, wanted);
}

/* ---- slots ---- */

enum action { END, MARK, SILENT, ENDED, ANSWERS, CONNECTED };

struct step {
	enum action action;
	unsigned at_ms;
	uint32_t slot;
};

struct course {
	const char *name;
	struct step steps[10];
	struct {
		uint64_t affected, not_good;
		int64_t first_ms, all_ms; /* -1: none */
	} marks[2];
};

static const struct course scripts[] = {
	/* clang-format off */
	{ "nothing happens", { { MARK, 3000, 0 } }, { { 0, 0, -1, -1 } } },
	{ "the first and the last that came back", {
		{ MARK, 3000, 0 }, { SILENT, 3200, 0 }, { ENDED, 3250, 1 },
		{ CONNECTED, 3600, 1 }, { ANSWERS, 4100, 0 } },
	  { { 2, 0, 600, 1100 } } },
	{ "one stays away", {
		{ MARK, 3000, 0 }, { ENDED, 3200, 0 }, { ENDED, 3200, 1 }, { CONNECTED, 3700, 1 } },
	  { { 2, 1, 700, -1 } } },
	{ "all stay away", { { MARK, 3000, 0 }, { ENDED, 3200, 0 } }, { { 1, 1, -1, -1 } } },
	{ "what broke before and came back after is not its doing", {
		{ ENDED, 2900, 0 }, { MARK, 3000, 0 }, { CONNECTED, 3100, 0 } },
	  { { 0, 0, -1, -1 } } },
	{ "silent before, ended after: the mark came late", {
		{ SILENT, 2950, 0 }, { MARK, 3000, 0 }, { ENDED, 3500, 0 }, { CONNECTED, 3600, 0 } },
	  { { 1, 0, 600, 600 } } },
	{ "a stall that ends the connection is one break", {
		{ MARK, 3000, 0 }, { SILENT, 3200, 0 }, { ENDED, 3900, 0 }, { CONNECTED, 4000, 0 } },
	  { { 1, 0, 1000, 1000 } } },
	{ "twice down is one client, good when it is good for good", {
		{ MARK, 3000, 0 }, { ENDED, 3100, 0 }, { CONNECTED, 3200, 0 },
		{ ENDED, 3300, 0 }, { CONNECTED, 3500, 0 } },
	  { { 1, 0, 200, 500 } } },
	{ "each mark has its own", {
		{ MARK, 3000, 0 }, { ENDED, 3100, 0 }, { CONNECTED, 3200, 0 },
		{ MARK, 5000, 0 }, { ENDED, 5100, 0 }, { ENDED, 5100, 1 },
		{ CONNECTED, 5400, 1 }, { CONNECTED, 5500, 0 } },
	  { { 1, 0, 200, 200 }, { 2, 0, 400, 500 } } },
	{ "down over the next mark stays with the first", {
		{ MARK, 3000, 0 }, { SILENT, 3200, 0 }, { MARK, 3400, 0 },
		{ ENDED, 3500, 0 }, { CONNECTED, 3600, 0 } },
	  { { 1, 0, 600, 600 }, { 0, 0, -1, -1 } } },
	{ "two marks in one window", {
		{ MARK, 3010, 0 }, { MARK, 3020, 0 }, { ENDED, 3030, 0 }, { CONNECTED, 3120, 0 } },
	  { { 0, 0, -1, -1 }, { 1, 0, 100, 100 } } },
	{ "after the end nothing counts", {
		{ MARK, 3000, 0 }, { ENDED, 10000, 0 } },
	  { { 0, 0, -1, -1 } } },
	/* clang-format on */
};

static void play(struct convergence *convergence, const struct step *step)
{
	static const enum event_kind kinds[] = {
		[SILENT] = EVENT_SLOT_SILENT,
		[ENDED] = EVENT_SLOT_ENDED,
		[ANSWERS] = EVENT_SLOT_ANSWERS,
		[CONNECTED] = EVENT_SLOT_CONNECTED,
	};
	uint64_t at_ns = BEGIN_NS + MS(step->at_ms);
	if (step->action == MARK)
		convergence_mark(convergence, at_ns);
	else
		convergence_event(convergence,
				  &(struct event){ .kind = (uint8_t)kinds[step->action],
						   .at_ns = at_ns,
						   .slot = step->slot });
}

static int64_t in_ms(int64_t ns)
{
	return ns == NEVER ? -1 : ns / (int64_t)NS_PER_MS;
}

static void slots_belong_to_the_mark_after_which_they_broke(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(scripts); i++) {
		const struct course *script = &scripts[i];
		struct convergence *convergence = begun(2);
		uint32_t marks = 0;
		convergence_end(convergence, BEGIN_NS + MS(10000));
		for (const struct step *step = script->steps; step->action != END; step++) {
			marks += step->action == MARK;
			play(convergence, step);
		}
		for (uint32_t k = 0; k < marks; k++) {
			struct report_convergence is;
			convergence_result(convergence, k, &is);
			if (!is.is_measured || is.affected != script->marks[k].affected ||
			    is.not_good != script->marks[k].not_good ||
			    in_ms(is.first_good_ns) != script->marks[k].first_ms ||
			    in_ms(is.all_good_ns) != script->marks[k].all_ms)
				fail_msg("%s: mark %u: %ju affected, %ju not good, %jd, %jd ms",
					 script->name, k, (uintmax_t)is.affected,
					 (uintmax_t)is.not_good, (intmax_t)in_ms(is.first_good_ns),
					 (intmax_t)in_ms(is.all_good_ns));
		}
		convergence_free(convergence);
	}
}

static void datagrams_are_silent_as_streams_are(void **state)
{
	(void)state;
	struct convergence *convergence = begun(3);
	struct report_convergence is;
	convergence_mark(convergence, BEGIN_NS + MS(3000));
	/* Begun a little before the mark; short; open at the end. */
	const struct interval interruptions[] = {
		{ .slot = 0, .start_ns = BEGIN_NS + MS(2990), .end_ns = BEGIN_NS + MS(3600) },
		{ .slot = 1, .start_ns = BEGIN_NS + MS(3100), .end_ns = BEGIN_NS + MS(3150) },
		{ .slot = 2,
		  .start_ns = BEGIN_NS + MS(3100),
		  .end_ns = BEGIN_NS + MS(9999),
		  .is_open = true },
	};
	for (size_t i = 0; i < array_size(interruptions); i++)
		convergence_interruption(convergence, &interruptions[i], MS(200));
	convergence_end(convergence, BEGIN_NS + MS(10000));
	convergence_result(convergence, 0, &is);
	assert_int_equal(is.affected, 3);
	assert_int_equal(is.not_good, 1);
	assert_int_equal(in_ms(is.first_good_ns), 150);
	assert_true(is.all_good_ns == NEVER);
	convergence_free(convergence);
}

static void marks_outside_the_run_say_so(void **state)
{
	(void)state;
	struct convergence *convergence = NULL;
	struct report_convergence is;
	assert_int_equal(convergence_new(1, &convergence), 0);
	convergence_mark(convergence, BEGIN_NS - MS(300));
	convergence_begin(convergence, BEGIN_NS);
	convergence_end(convergence, BEGIN_NS + MS(10000));
	convergence_mark(convergence, BEGIN_NS + MS(10000));
	convergence_result(convergence, 0, &is);
	assert_false(is.is_measured);
	assert_reason(is.reason, "it came before the start");
	convergence_result(convergence, 1, &is);
	assert_false(is.is_measured);
	assert_reason(is.reason, "it came after the end");
	assert_true(is.throughput_90_ns == NEVER && is.all_good_ns == NEVER);
	convergence_free(convergence);
}

static void more_marks_than_can_be_kept_are_passed_over(void **state)
{
	(void)state;
	struct convergence *convergence = begun(1);
	struct report_convergence is;
	for (unsigned i = 0; i < REPORT_MARKS_MAX + 5; i++)
		convergence_mark(convergence, BEGIN_NS + MS(i));
	convergence_event(convergence, &(struct event){ .kind = EVENT_SLOT_ENDED,
							.at_ns = BEGIN_NS + MS(5000) });
	convergence_end(convergence, BEGIN_NS + MS(10000));
	convergence_result(convergence, REPORT_MARKS_MAX - 1, &is);
	assert_int_equal(is.affected, 1);
	convergence_free(convergence);
}

/* ---- throughput ---- */

/* Windows of 100 answers, but for those in [from, to), which have `low`. */
static void count_windows(struct convergence *convergence, unsigned count, unsigned from,
			  unsigned to, unsigned low)
{
	uint64_t received = 0;
	for (unsigned i = 0; i < count; i++) {
		received += i >= from && i < to ? low : 100;
		convergence_count(convergence, i + 1, received);
	}
	convergence_end(convergence, BEGIN_NS + MS(100 * count));
}

static void throughput_is_back_when_a_whole_second_is(void **state)
{
	(void)state;
	static const struct {
		unsigned from, to, low;      /* windows */
		int64_t at_90, at_95, at_99; /* ms after a mark at 3.930 s; -1: never */
	} cases[] = {
		{ 0, 0, 0, 0, 0, 0 },             /* it never fell */
		{ 39, 46, 60, 670, 670, 670 },    /* from the window of the mark on */
		{ 60, 65, 60, 2570, 2570, 2570 }, /* it fell later */
		{ 40, 46, 93, 0, 670, 670 },      /* by 7 % */
		{ 40, 46, 99, 0, 0, 0 },          /* 99 is 99 % */
		{ 89, 90, 10, 5070, 5070, 5070 }, /* the last second was good */
		{ 90, 91, 10, -1, -1, -1 },       /* the last second was too short */
		{ 40, 100, 10, -1, -1, -1 },
		{ 10, 12, 10, 0, 0, 0 }, /* before the baseline */
		{ 30, 35, 10, 0, 0, 0 }, /* in the baseline, whose median stands */
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct convergence *convergence = begun(1);
		struct report_convergence is;
		convergence_mark(convergence, BEGIN_NS + MS(3930));
		count_windows(convergence, 100, cases[i].from, cases[i].to, cases[i].low);
		convergence_result(convergence, 0, &is);
		assert_null(is.reason);
		assert_int_equal(in_ms(is.throughput_90_ns), cases[i].at_90);
		assert_int_equal(in_ms(is.throughput_95_ns), cases[i].at_95);
		assert_int_equal(in_ms(is.throughput_99_ns), cases[i].at_99);
		convergence_free(convergence);
	}
}

static void two_dips_are_over_when_the_second_is(void **state)
{
	(void)state;
	struct convergence *convergence = begun(1);
	struct report_convergence is;
	uint64_t received = 0;
	convergence_mark(convergence, BEGIN_NS + MS(3000));
	for (unsigned i = 0; i < 100; i++) {
		bool is_low = i == 32 || i == 41 || i == 60;
		convergence_count(convergence, i + 1, received += is_low ? 50 : 100);
	}
	convergence_end(convergence, BEGIN_NS + MS(10000));
	convergence_result(convergence, 0, &is);
	/* Between 32 and 41 there is less than a second; from 42 on there is one. */
	assert_int_equal(in_ms(is.throughput_90_ns), 1200);
	convergence_free(convergence);
}

static void the_next_mark_has_what_falls_after_it(void **state)
{
	(void)state;
	struct convergence *convergence = begun(1);
	struct report_convergence is;
	convergence_mark(convergence, BEGIN_NS + MS(3000));
	convergence_mark(convergence, BEGIN_NS + MS(5010));
	convergence_mark(convergence, BEGIN_NS + MS(5020));
	count_windows(convergence, 100, 50, 60, 10);
	static const int64_t at_90[] = { 0, 0, 980 };
	for (uint32_t i = 0; i < 3; i++) {
		convergence_result(convergence, i, &is);
		assert_int_equal(in_ms(is.throughput_90_ns), at_90[i]);
	}
	convergence_free(convergence);
}

static void without_a_baseline_there_is_no_throughput(void **state)
{
	(void)state;
	struct convergence *convergence = begun(1);
	struct report_convergence is;
	convergence_mark(convergence, BEGIN_NS + MS(499));
	convergence_mark(convergence, BEGIN_NS + MS(500));
	count_windows(convergence, 100, 0, 0, 0);
	convergence_result(convergence, 0, &is);
	assert_true(is.is_measured);
	assert_reason(is.reason, "less than 0.5 s of the run came before it");
	convergence_result(convergence, 1, &is);
	assert_null(is.reason);
	convergence_free(convergence);

	convergence = begun(1);
	convergence_mark(convergence, BEGIN_NS + MS(3000));
	count_windows(convergence, 100, 0, 100, 9);
	convergence_result(convergence, 0, &is);
	assert_reason(is.reason,
		      "fewer than 10 answers in 100 ms before it: no measure of throughput");
	assert_true(is.throughput_90_ns == NEVER);
	convergence_free(convergence);
}

static void windows_that_were_slept_through_share(void **state)
{
	(void)state;
	struct convergence *convergence = begun(1);
	struct report_convergence is;
	convergence_mark(convergence, BEGIN_NS + MS(3000));
	for (unsigned i = 0; i < 100; i += i == 40 ? 4 : 1)
		convergence_count(convergence, i + 1, (i + 1) * 100);
	convergence_end(convergence, BEGIN_NS + MS(10000));
	convergence_result(convergence, 0, &is);
	assert_int_equal(is.throughput_99_ns, 0);
	convergence_free(convergence);
}

/* The last count of a run may come for more windows than it had. */
static void windows_beyond_the_end_take_no_share(void **state)
{
	(void)state;
	struct convergence *convergence = begun(1);
	struct report_convergence is;
	convergence_mark(convergence, BEGIN_NS + MS(3000));
	convergence_end(convergence, BEGIN_NS + MS(10000));
	for (unsigned i = 0; i < 99; i++)
		convergence_count(convergence, i + 1, (i + 1) * 100);
	convergence_count(convergence, 120, 10000);
	convergence_result(convergence, 0, &is);
	assert_int_equal(is.throughput_99_ns, 0);
	convergence_free(convergence);
}

/* ---- whole runs ---- */

static const struct memory_options quick = { .delay_ns = NS_PER_MS, .seed = 7 };

/* Ten slots on two peers, 400 messages a second for ten seconds. */
static struct convergence *simulated(struct simulation *simulation)
{
	struct convergence *convergence = NULL;
	simulation_init(simulation, 2, &quick);
	simulation->plan.slots.count = 10;
	simulation->plan.slots.rate_per_second = 400;
	simulation->plan.duration_ns = 10 * NS_PER_S;
	simulation_begin(simulation);
	assert_int_equal(convergence_new(10, &convergence), 0);
	convergence_begin(convergence, simulation->worker->begin_ns);
	convergence_end(convergence, simulation->worker->end_ns);
	return convergence;
}

static void feed(const struct simulation *simulation, struct convergence *convergence)
{
	const struct worker *worker = simulation->worker;
	struct event event;
	while (event_ring_take(worker->events, &event))
		convergence_event(convergence, &event);
	convergence_count(convergence,
			  (loop_now(simulation->loop) - worker->begin_ns) / CONVERGENCE_WINDOW_NS,
			  simulation_counters(simulation, PLAN_PERSISTENT)->received);
}

static void run_to(struct simulation *simulation, struct convergence *convergence, uint64_t ms)
{
	uint64_t from_ms = (loop_now(simulation->loop) - simulation->worker->begin_ns) / NS_PER_MS;
	for (uint64_t at_ms = from_ms - from_ms % 100 + 100; at_ms < ms; at_ms += 100) {
		simulation_run_to(simulation, MS(at_ms));
		feed(simulation, convergence);
	}
	simulation_run_to(simulation, MS(ms));
	feed(simulation, convergence);
}

static void mark(struct simulation *simulation, struct convergence *convergence)
{
	convergence_mark(convergence, loop_now(simulation->loop));
}

static struct report_convergence finish(struct simulation *simulation,
					struct convergence *convergence)
{
	struct report_convergence is;
	simulation_finish(simulation);
	feed(simulation, convergence);
	convergence_result(convergence, 0, &is);
	convergence_free(convergence);
	simulation_deinit(simulation);
	return is;
}

static void a_quiet_run_shows_nothing(void **state)
{
	(void)state;
	struct simulation simulation;
	struct convergence *convergence = simulated(&simulation);
	run_to(&simulation, convergence, 3930);
	mark(&simulation, convergence);
	run_to(&simulation, convergence, 10000);
	struct report_convergence is = finish(&simulation, convergence);
	assert_int_equal(is.affected, 0);
	assert_int_equal(is.throughput_99_ns, 0);
}

static void a_peer_that_is_reset_and_comes_back(void **state)
{
	(void)state;
	struct simulation simulation;
	struct convergence *convergence = simulated(&simulation);
	run_to(&simulation, convergence, 3930);
	mark(&simulation, convergence);
	peer_set_mood(simulation.peers[0], PEER_IS_FROZEN);
	run_to(&simulation, convergence, 4600);
	(void)memory_network_reset_streams(simulation.network, &simulation.endpoints[0]);
	peer_set_mood(simulation.peers[0], PEER_ECHOES);
	run_to(&simulation, convergence, 10000);
	struct report_convergence is = finish(&simulation, convergence);
	assert_int_equal(is.affected, 5);
	assert_int_equal(is.not_good, 0);
	assert_in_range(is.first_good_ns, MS(670), MS(680));
	assert_in_range(is.all_good_ns, is.first_good_ns, MS(690));
	/* Half of the answers were missing up to the window that began at 4.6 s. */
	assert_in_range(is.throughput_90_ns, MS(670), MS(770));
	assert_int_equal(is.throughput_90_ns, is.throughput_99_ns);
}

static void a_peer_that_stays_away(void **state)
{
	(void)state;
	struct simulation simulation;
	struct convergence *convergence = simulated(&simulation);
	run_to(&simulation, convergence, 3000);
	mark(&simulation, convergence);
	peer_set_mood(simulation.peers[0], PEER_IS_FROZEN);
	run_to(&simulation, convergence, 10000);
	struct report_convergence is = finish(&simulation, convergence);
	assert_int_equal(is.affected, 5);
	assert_int_equal(is.not_good, 5);
	assert_true(is.first_good_ns == NEVER && is.all_good_ns == NEVER);
	assert_true(is.throughput_90_ns == NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_belong_to_the_mark_after_which_they_broke),
		cmocka_unit_test(datagrams_are_silent_as_streams_are),
		cmocka_unit_test(marks_outside_the_run_say_so),
		cmocka_unit_test(more_marks_than_can_be_kept_are_passed_over),
		cmocka_unit_test(throughput_is_back_when_a_whole_second_is),
		cmocka_unit_test(two_dips_are_over_when_the_second_is),
		cmocka_unit_test(the_next_mark_has_what_falls_after_it),
		cmocka_unit_test(without_a_baseline_there_is_no_throughput),
		cmocka_unit_test(windows_that_were_slept_through_share),
		cmocka_unit_test(windows_beyond_the_end_take_no_share),
		cmocka_unit_test(a_quiet_run_shows_nothing),
		cmocka_unit_test(a_peer_that_is_reset_and_comes_back),
		cmocka_unit_test(a_peer_that_stays_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
