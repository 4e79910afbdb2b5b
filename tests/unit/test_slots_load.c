/* What `load` asks of slots beyond `traffic`: the closed loop, messages in flight, lifetimes,
 * messages a connection, reading no faster than asked, the probe. Under a simulated clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/speaker.h"
#include "support/simulation.h"

static const struct memory_options quick = { .delay_ns = NS_PER_MS, .seed = 7 };

/* Closed loop unless a rate is set. A round trip takes 2 ms. */
static void set_up(struct simulation *simulation, uint32_t slots, uint32_t in_flight)
{
	simulation_init(simulation, 2, &quick);
	simulation->plan.slots_stream = PLAN_LOAD;
	simulation->plan.slots.count = slots;
	simulation->plan.slots.in_flight = in_flight;
	simulation->plan.slots.has_greeting = false;
	simulation->plan.slots.warms_up = false;
	simulation->plan.duration_ns = NS_PER_S;
}

static const struct counters *run(struct simulation *simulation)
{
	simulation_begin(simulation);
	simulation_finish(simulation);
	const struct counters *counters = simulation_counters(simulation, PLAN_LOAD);
	const char *broken = counters_check(counters);
	if (broken)
		fail_msg("%s", broken);
	return counters;
}

static void a_closed_loop_sends_when_it_is_answered(void **state)
{
	(void)state;
	static const struct {
		uint32_t slots, in_flight;
	} runs[] = { { 1, 1 }, { 4, 1 }, { 1, 8 } };
	for (size_t i = 0; i < array_size(runs); i++) {
		struct simulation simulation;
		set_up(&simulation, runs[i].slots, runs[i].in_flight);
		const struct counters *counters = run(&simulation);
		/* Each in flight takes a round trip of 2 ms. */
		uint64_t expected = 500 * runs[i].slots * runs[i].in_flight;
		assert_in_range(counters->received, expected * 9 / 10,
				expected + (uint64_t)runs[i].slots * runs[i].in_flight);
		assert_int_equal(counters->scheduled, counters->sent);
		assert_int_equal(counters->lost + counters->in_flight, 0);
		assert_int_equal(simulation_hist(&simulation, PLAN_LOAD, LATENCY_RESPONSE)->count,
				 0);
		const struct hist *service =
			simulation_hist(&simulation, PLAN_LOAD, LATENCY_SERVICE);
		assert_int_equal(service->count, counters->received);
		assert_in_range(service->maximum, 2 * NS_PER_MS, 3 * NS_PER_MS);
		assert_int_equal(counters->bytes_received, 256 * counters->received);
		simulation_deinit(&simulation);
	}
}

static void an_open_loop_keeps_its_schedule_within_what_is_in_flight(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 1, 1);
	simulation.plan.slots.rate_per_second = 400;
	const struct counters *counters = run(&simulation);
	assert_int_equal(counters->scheduled, 400);
	assert_int_equal(counters->received, 400);
	assert_int_equal(counters->held_up, 0);
	simulation_deinit(&simulation);

	/* Twice what one in flight can do: the rest is late, then missed for the peer's sake. */
	set_up(&simulation, 1, 1);
	simulation.plan.slots.rate_per_second = 1000;
	counters = run(&simulation);
	assert_int_equal(counters->scheduled, 1000);
	assert_in_range(counters->received, 450, 501);
	assert_int_equal(counters->missed_peer, 1000 - counters->sent);
	assert_in_range(counters->sent_late, 400, 500);
	assert_int_equal(counters->held_up, counters->sent_late);
	assert_int_equal(simulation_hist(&simulation, PLAN_LOAD, LATENCY_RESPONSE)->count, 1000);
	simulation_deinit(&simulation);
}

static void a_connection_ends_after_its_messages(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 1);
	simulation.plan.slots.has_reconnect = true;
	simulation.plan.slots.messages_per_connection = 5;
	const struct counters *counters = run(&simulation);
	/* Connect and five messages: six round trips. */
	assert_in_range(counters->completed, 150, 2 * 1000 / 12);
	assert_in_range(counters->received, 5 * counters->completed, 5 * counters->completed + 10);
	assert_int_equal(counters->disconnects, 0);
	assert_int_equal(counters->lost, 0);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_UNTOUCHED), 2);
	simulation_deinit(&simulation);
}

static void messages_go_together_unless_they_are_not_to(void **state)
{
	(void)state;
	for (int is_one_a_send = 0; is_one_a_send < 2; is_one_a_send++) {
		struct simulation simulation;
		set_up(&simulation, 1, 16);
		simulation.plan.slots.is_one_a_send = is_one_a_send;
		const struct counters *counters = run(&simulation);
		assert_true(counters->sent > 100);
		if (is_one_a_send)
			assert_int_equal(counters->writes, counters->sent);
		else
			assert_in_range(counters->writes, 1, counters->sent / 8);
		simulation_deinit(&simulation);
	}
}

static void a_connection_ends_after_its_lifetime(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 3, 1);
	simulation.plan.slots.lifetime_ns = 100 * NS_PER_MS;
	simulation.plan.slots.rate_per_second = 300;
	const struct counters *counters = run(&simulation);
	assert_in_range(counters->completed, 3 * 8, 3 * 10);
	assert_int_equal(counters->lost + counters->disconnects, 0);
	assert_in_range(counters->missed_no_connection, 0, counters->completed);
	simulation_deinit(&simulation);
}

static void reading_is_no_faster_than_asked(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 1, 64);
	simulation.plan.slots.receive_bits_per_second = 8.0 * 25600;
	const struct counters *counters = run(&simulation);
	/* 100 messages of 256 B in the second, and those that the linger still reads. */
	assert_in_range(counters->bytes_received, 25600 * 9 / 10, 3 * 25600 * 11 / 10);
	simulation_deinit(&simulation);
}

static void a_probe_is_answered_beside_the_load(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 4);
	simulation.plan.probe = (struct plan_slots){
		.count = 1, .message_bytes = 256, .rate_per_second = 50, .has_reconnect = true
	};
	simulation.plan.probe_target = &simulation.target;
	simulation.plan.probe_remotes = simulation.endpoints;
	simulation.plan.probe_remote_count = 1;
	(void)run(&simulation);
	const struct counters *probe = simulation_counters(&simulation, PLAN_PROBE);
	assert_int_equal(probe->scheduled, 50);
	assert_int_equal(probe->received, 50);
	assert_int_equal(simulation_hist(&simulation, PLAN_PROBE, LATENCY_RESPONSE)->count, 50);
	simulation_deinit(&simulation);
}

static void warming_up_is_not_counted(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 1, 1);
	simulation.plan.slots.warms_up = true;
	const struct counters *counters = run(&simulation);
	assert_in_range(counters->received, 450, 501);
	/* What the peer got beyond that was sent before. */
	uint64_t arrived = peer_received_bytes(simulation.peers[0]);
	assert_true(arrived > 256 * counters->received);
	simulation_deinit(&simulation);
}

/* An echo whose speeches are counted. */
static uint64_t speeches_begun;
static uint64_t speeches_ended;

static void begin_counted(struct speaker *speaker, void *speech, const struct speech_start *start)
{
	speeches_begun++;
	speaker_echo.begin(speaker, speech, start);
}

static void end_counted(struct speaker *speaker, void *speech)
{
	(void)speaker;
	(void)speech;
	speeches_ended++;
}

/* Also where connections are refused, come to an end, or are still up when the run is over. */
static void each_speech_that_begins_ends_once(void **state)
{
	(void)state;
	struct simulation simulation;
	struct speaker_kind kind = speaker_echo;
	kind.begin = begin_counted;
	kind.end = end_counted;
	struct script script = { .kind = &kind, .message_bytes = 256, .is_answered = true };
	struct plan_target target = { .script = &script };
	set_up(&simulation, 4, 1);
	simulation.plan.targets = &target;
	simulation.plan.target_count = 1;
	simulation.plan.slots.messages_per_connection = 10;
	simulation.plan.attempts.rate_per_second = 100;
	simulation.plan.linger_ns = 0;
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 500 * NS_PER_MS);
	peer_stop_listening(simulation.peers[1]);
	peer_close_all(simulation.peers[1]);
	simulation_finish(&simulation);
	assert_true(simulation_counters(&simulation, PLAN_LOAD)->connect_failures > 0);
	assert_true(simulation_counters(&simulation, PLAN_NEW)->connect_failures > 0);
	simulation_deinit(&simulation);
	assert_true(speeches_begun > 100);
	assert_int_equal(speeches_ended, speeches_begun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_loop_sends_when_it_is_answered),
		cmocka_unit_test(an_open_loop_keeps_its_schedule_within_what_is_in_flight),
		cmocka_unit_test(a_connection_ends_after_its_messages),
		cmocka_unit_test(messages_go_together_unless_they_are_not_to),
		cmocka_unit_test(a_connection_ends_after_its_lifetime),
		cmocka_unit_test(reading_is_no_faster_than_asked),
		cmocka_unit_test(a_probe_is_answered_beside_the_load),
		cmocka_unit_test(warming_up_is_not_counted),
		cmocka_unit_test(each_speech_that_begins_ends_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
