/* The rate is changed while messages fall due, of slots, flows and closed loops, in weather good
 * and bad: every identity holds, and what is due is what the rates add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/units.h"
#include "engine/pace.h"
#include "engine/schedule.h"
#include "support/simulation.h"

#define AHEAD_NS (20 * NS_PER_MS) /* so far ahead changes are said */

static struct simulation *clock_of;

static uint64_t read_clock(void)
{
	return loop_now(clock_of->loop);
}

static void set_up(struct simulation *simulation, const struct memory_options *network)
{
	simulation_init(simulation, 2, network);
	simulation->plan.slots_stream = PLAN_LOAD;
	simulation->plan.slots.count = 5;
	simulation->plan.slots.has_greeting = false;
	simulation->plan.slots.warms_up = false;
	simulation->plan.duration_ns = 20 * NS_PER_S;
	clock_of = simulation;
}

static void begin(struct simulation *simulation, struct pace *pace)
{
	*pace = (struct pace){ .number = 0 };
	simulation_begin(simulation);
	simulation->worker->pace = pace;
}

static const struct counters *check(const struct simulation *simulation)
{
	const struct counters *counters = simulation_counters(simulation, PLAN_LOAD);
	const char *broken = counters_check(counters);
	if (broken)
		fail_msg("%s", broken);
	return counters;
}

static uint64_t change(struct simulation *simulation, struct pace *pace, double rate)
{
	uint64_t at_ns = pace_set(pace, rate, read_clock);
	worker_want_pace(simulation->worker);
	return at_ns - atomic_load(&simulation->worker->wanted_begin_ns);
}

static const struct {
	enum transport transport;
	struct memory_options network;
} weathers[] = {
	{ TRANSPORT_TCP, { .delay_ns = NS_PER_MS, .seed = 7 } },
	{ TRANSPORT_TCP,
	  { .delay_ns = NS_PER_MS, .loss = 0.01, .chunk_max_bytes = 100, .seed = 7 } },
	{ TRANSPORT_UDP, { .delay_ns = NS_PER_MS, .seed = 7 } },
	{ TRANSPORT_UDP, { .delay_ns = NS_PER_MS, .loss = 0.02, .reordering = 0.01, .seed = 7 } },
};

/* 200 changes in 20 s, a third of them pauses; in the middle the peer stands still for a while. */
static void identities_hold_at_every_change(void **state)
{
	for (size_t i = 0; i < array_size(weathers); i++) {
		struct simulation simulation;
		struct pace pace;
		struct random random;
		double due = 0, rate = 100;
		uint64_t since_ns = 0;
		random_init(&random, i);
		set_up(&simulation, &weathers[i].network);
		simulation.plan.slots.transport = weathers[i].transport;
		simulation.plan.slots.rate_per_second = rate;
		begin(&simulation, &pace);
		for (uint64_t at_ns = 0; at_ns < 19 * NS_PER_S; at_ns += 95 * NS_PER_MS) {
			simulation_run_to(&simulation, at_ns);
			(void)check(&simulation);
			bool is_frozen = at_ns > 8 * NS_PER_S && at_ns < 10 * NS_PER_S;
			for (int k = 0; k < 2; k++)
				peer_set_mood(simulation.peers[k],
					      is_frozen ? PEER_IS_FROZEN : PEER_ECHOES);
			double next = random_below(&random, 3) == 0
					      ? 0
					      : (double)random_below(&random, 3000);
			uint64_t from_ns = change(&simulation, &pace, next);
			due += rate * (double)(from_ns - since_ns) / NS_PER_S;
			since_ns = from_ns;
			rate = next;
		}
		simulation_finish(&simulation);
		due += rate * (double)(20 * NS_PER_S - since_ns) / NS_PER_S;
		const struct counters *counters = check(&simulation);
		assert_in_range(counters->scheduled, (uint64_t)due - 1, (uint64_t)due + 1);
		assert_int_equal(counters->debt, 0);
		assert_true(counters->received > counters->scheduled / 2);
		/* Windows of 100/s are too small for 3,000/s while nobody answers. */
		assert_int_equal(counters->missed_generator, 0);
		assert_int_equal(pace.number, simulation.worker->pace_number);
		simulation_deinit(&simulation);
	}
}

/* The response counts from when a message was due, by the rate of that time. */
static void debt_keeps_its_time(void **state)
{
	struct simulation simulation;
	struct pace pace;
	set_up(&simulation, &weathers[0].network);
	simulation.plan.slots.count = 1;
	simulation.plan.slots.in_flight = 1;
	simulation.plan.slots.rate_per_second = 100;
	begin(&simulation, &pace);
	simulation_run_to(&simulation, NS_PER_S);
	peer_set_mood(simulation.peers[0], PEER_IS_SILENT);
	peer_set_mood(simulation.peers[1], PEER_IS_SILENT);
	simulation_run_to(&simulation, 2 * NS_PER_S);
	(void)change(&simulation, &pace, 0);
	simulation_run_to(&simulation, 12 * NS_PER_S);
	simulation_finish(&simulation);
	const struct counters *counters = check(&simulation);
	/* One is owed, and those of a second and the time until the change are missed. */
	assert_in_range(counters->scheduled, 201, 203);
	assert_int_equal(counters->missed_peer + counters->in_flight,
			 counters->scheduled - counters->received);
	const struct hist *response = simulation_hist(&simulation, PLAN_LOAD, LATENCY_RESPONSE);
	assert_int_equal(response->count, counters->scheduled);
	/* From +1 s to the end of the linger. */
	assert_in_range(response->maximum, 20 * NS_PER_S, 22 * NS_PER_S);
	simulation_deinit(&simulation);
}

static void while_paused_nothing_falls_due(void **state)
{
	struct simulation simulation;
	struct pace pace;
	set_up(&simulation, &weathers[0].network);
	simulation.plan.slots.rate_per_second = 1000;
	begin(&simulation, &pace);
	simulation_run_to(&simulation, NS_PER_S - AHEAD_NS);
	assert_int_equal(change(&simulation, &pace, 0), NS_PER_S);
	simulation_run_to(&simulation, 5 * NS_PER_S);
	assert_int_equal(check(&simulation)->scheduled, 1000);
	assert_int_equal(check(&simulation)->received, 1000);
	(void)change(&simulation, &pace, 10);
	simulation_run_to(&simulation, 6 * NS_PER_S + AHEAD_NS);
	assert_in_range(check(&simulation)->scheduled, 1009, 1011);
	simulation_finish(&simulation);
	assert_int_equal(check(&simulation)->sent_late, 0);
	simulation_deinit(&simulation);
}

static void a_closed_loop_pauses(void **state)
{
	struct simulation simulation;
	struct pace pace;
	set_up(&simulation, &weathers[0].network);
	simulation.plan.slots.in_flight = 2;
	begin(&simulation, &pace);
	simulation_run_to(&simulation, NS_PER_S);
	(void)change(&simulation, &pace, 0);
	simulation_run_to(&simulation, NS_PER_S + 100 * NS_PER_MS);
	uint64_t sent = check(&simulation)->sent;
	assert_in_range(sent, 4000, 5100);
	assert_int_equal(check(&simulation)->in_flight, 0);
	simulation_run_to(&simulation, 5 * NS_PER_S);
	assert_int_equal(check(&simulation)->sent, sent);
	(void)change(&simulation, &pace, 1);
	simulation_run_to(&simulation, 6 * NS_PER_S);
	assert_in_range(check(&simulation)->sent, 2 * sent - 200, 2 * sent + 200);
	simulation_finish(&simulation);
	(void)check(&simulation);
	simulation_deinit(&simulation);
}

/* A message that is owed for long keeps what it needs; then the next change waits. */
static void changes_wait_for_room(void **state)
{
	struct simulation simulation;
	struct pace pace;
	set_up(&simulation, &weathers[0].network);
	simulation.plan.slots.rate_per_second = 100;
	begin(&simulation, &pace);
	peer_set_mood(simulation.peers[0], PEER_IS_SILENT);
	unsigned changes = 0;
	uint64_t at_ns = NS_PER_S;
	for (; changes < 1000; at_ns += 50 * NS_PER_MS) {
		simulation_run_to(&simulation, at_ns);
		if (atomic_load(&simulation.worker->paces_taken) != atomic_load(&pace.number))
			break;
		(void)change(&simulation, &pace, 100 + (double)(++changes % 2));
	}
	assert_int_equal(changes, SCHEDULE_SEGMENTS_MAX - 1);
	peer_close_all(simulation.peers[0]);
	peer_set_mood(simulation.peers[0], PEER_ECHOES);
	simulation_run_to(&simulation, at_ns + NS_PER_S);
	assert_int_equal(atomic_load(&simulation.worker->paces_taken), atomic_load(&pace.number));
	(void)change(&simulation, &pace, 0);
	simulation_finish(&simulation);
	(void)check(&simulation);
	simulation_deinit(&simulation);
}

/* Who sees that a change comes but not yet which one, waits at its moment. */
static void nothing_is_due_beyond_a_change_that_is_not_complete(void **state)
{
	struct simulation simulation;
	struct pace pace;
	set_up(&simulation, &weathers[0].network);
	simulation.plan.slots.rate_per_second = 1000;
	begin(&simulation, &pace);
	simulation_run_to(&simulation, NS_PER_S);
	uint64_t begin_ns = atomic_load(&simulation.worker->wanted_begin_ns);
	atomic_store(&pace.hold_ns, begin_ns + 2 * NS_PER_S);
	simulation_run_to(&simulation, 3 * NS_PER_S);
	assert_int_equal(check(&simulation)->scheduled, 2000);
	atomic_store(&pace.rate_per_second, 100);
	atomic_fetch_add(&pace.number, 1);
	worker_want_pace(simulation.worker);
	simulation_run_to(&simulation, 4 * NS_PER_S);
	assert_in_range(check(&simulation)->scheduled, 2199, 2201);
	simulation_finish(&simulation);
	simulation_deinit(&simulation);
}

/* Puts its reader off the cpu for so long, the first few times. */
static uint64_t clock_ns;
static unsigned naps;

static uint64_t nap(void)
{
	clock_ns += naps > 0 ? 50 * NS_PER_MS : NS_PER_US;
	naps -= naps > 0;
	return clock_ns;
}

/* Its moment lies ahead when everybody can see it, however seldom its owner runs. */
static void a_change_is_never_said_too_late(void **state)
{
	for (unsigned i = 0; i < 6; i++) {
		struct pace pace = { .number = i };
		naps = i;
		uint64_t at_ns = pace_set(&pace, 1000, nap);
		assert_in_range(at_ns, clock_ns + NS_PER_MS, clock_ns + AHEAD_NS);
		assert_int_equal(pace_newest(&pace).at_ns, at_ns);
		assert_int_equal(pace_newest(&pace).number, i + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identities_hold_at_every_change),
		cmocka_unit_test(debt_keeps_its_time),
		cmocka_unit_test(while_paused_nothing_falls_due),
		cmocka_unit_test(a_closed_loop_pauses),
		cmocka_unit_test(changes_wait_for_room),
		cmocka_unit_test(nothing_is_due_beyond_a_change_that_is_not_complete),
		cmocka_unit_test(a_change_is_never_said_too_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
