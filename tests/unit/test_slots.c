/* Persistent slots against peers that behave and misbehave, under a simulated clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/rate_ramp.h"
#include "base/units.h"
#include "engine/schedule.h"
#include "support/simulation.h"

static const struct memory_options quick = { .delay_ns = NS_PER_MS, .seed = 7 };

static void set_up(struct simulation *simulation, unsigned peers, uint32_t slots, double rate,
		   uint64_t duration_ns)
{
	simulation_init(simulation, peers, &quick);
	simulation->plan.slots.count = slots;
	simulation->plan.slots.rate_per_second = rate;
	simulation->plan.duration_ns = duration_ns;
}

static void assert_identities(const struct simulation *simulation)
{
	const char *broken = counters_check(simulation_counters(simulation, PLAN_PERSISTENT));
	if (broken)
		fail_msg("%s", broken);
}

static void counts_are_exact_at_odd_rates_over_hours(void **state)
{
	(void)state;
	static const struct {
		uint32_t slots;
		double rate;
		uint64_t seconds;
	} runs[] = {
		{ 7, 13.7, 3600 }, { 3, 1.0 / 3, 7200 }, { 1, 33.333333, 1000 }, { 5, 50, 12 }
	};
	for (size_t i = 0; i < array_size(runs); i++) {
		struct simulation simulation;
		struct schedule schedule;
		uint64_t duration_ns = runs[i].seconds * NS_PER_S;
		set_up(&simulation, 2, runs[i].slots, runs[i].rate, duration_ns);
		simulation_begin(&simulation);
		simulation_finish(&simulation);
		const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
		schedule_init(&schedule, 0, runs[i].rate);
		assert_int_equal(counters->scheduled, schedule_count(&schedule, duration_ns));
		assert_int_equal(counters->received, counters->scheduled);
		assert_int_equal(counters->debt_max_ns, 0);
		assert_identities(&simulation);
		assert_int_equal(simulation_survivors(&simulation, SURVIVAL_UNTOUCHED),
				 runs[i].slots);
		simulation_deinit(&simulation);
	}
}

/* 40 s of "0..100/20s": half of 2,000 on the way up, then 2,000. */
static void a_ramp_is_kept_to_the_message(void **state)
{
	(void)state;
	struct simulation simulation;
	struct rate_ramp ramp = { .parts = { { 0, 100, 20 * NS_PER_S } }, .count = 1 };
	set_up(&simulation, 2, 7, 100, 40 * NS_PER_S);
	simulation.plan.slots.ramp = &ramp;
	simulation_begin(&simulation);
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_int_equal(counters->scheduled, 1000 + 2000);
	assert_int_equal(counters->received, counters->scheduled);
	assert_int_equal(counters->debt_max_ns, 0);
	assert_identities(&simulation);
	simulation_deinit(&simulation);
}

static void response_is_the_round_trip(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 4, 40, 10 * NS_PER_S);
	simulation_begin(&simulation);
	simulation_finish(&simulation);
	const struct hist *response =
		simulation_hist(&simulation, PLAN_PERSISTENT, LATENCY_RESPONSE);
	assert_int_equal(response->count, 400);
	assert_in_range(response->minimum, 2 * NS_PER_MS, 2 * NS_PER_MS + 200000);
	assert_in_range(response->maximum, 2 * NS_PER_MS, 2 * NS_PER_MS + 200000);
	/* The kernel is asked while the run goes on, not only when connections end. */
	const struct hist *rtt = simulation_hist(&simulation, PLAN_PERSISTENT, LATENCY_RTT);
	assert_true(rtt->count >= 4 * 90);
	assert_int_equal(rtt->maximum, 2 * NS_PER_MS);
	simulation_deinit(&simulation);
}

static void a_cut_stalls_and_loses_nothing(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 10, 100, 10 * NS_PER_S);
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 3 * NS_PER_S);
	memory_network_cut(simulation.network);
	simulation_run_to(&simulation, 3 * NS_PER_S + 300 * NS_PER_MS);
	memory_network_join(simulation.network);
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_int_equal(counters->received, 1000);
	assert_int_equal(counters->lost, 0);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_RECOVERED), 10);
	assert_int_equal(simulation_interval_count(&simulation, INTERVAL_STALL), 10);
	assert_int_equal(simulation_interval_count(&simulation, INTERVAL_INTERRUPTION), 0);
	const struct interval *stall = simulation_interval(&simulation, INTERVAL_STALL, 0);
	assert_in_range(stall->end_ns - stall->start_ns, 400 * NS_PER_MS, 510 * NS_PER_MS);
	assert_identities(&simulation);
	simulation_deinit(&simulation);
}

static void a_reset_loses_what_was_owed_and_is_interrupted(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 10, 100, 10 * NS_PER_S);
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 3 * NS_PER_S);
	peer_set_mood(simulation.peers[0], PEER_IS_FROZEN);
	simulation_run_to(&simulation, 3 * NS_PER_S + 550 * NS_PER_MS);
	assert_int_equal(memory_network_reset_streams(simulation.network, &simulation.endpoints[0]),
			 5);
	peer_set_mood(simulation.peers[0], PEER_ECHOES);
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_RESET), 5);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_UNTOUCHED), 5);
	assert_int_equal(simulation_interval_count(&simulation, INTERVAL_INTERRUPTION), 5);
	/* Each slot sends every 100 ms: five or six messages fell into the 550 ms. */
	assert_in_range(counters->lost, 25, 30);
	for (unsigned i = 0; i < 5; i++) {
		const struct interval *interruption =
			simulation_interval(&simulation, INTERVAL_INTERRUPTION, i);
		assert_in_range(interruption->end_ns - interruption->start_ns, 450 * NS_PER_MS,
				650 * NS_PER_MS);
		assert_false(interruption->is_open);
	}
	assert_int_equal(counters->disconnects, 5);
	assert_int_equal(counters->connections, 10);
	assert_identities(&simulation);
	simulation_deinit(&simulation);
}

static void an_interruption_open_at_the_end_is_open(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 1, 1, 10, 5 * NS_PER_S);
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 4 * NS_PER_S + 20 * NS_PER_MS);
	peer_stop_listening(simulation.peers[0]);
	peer_close_all(simulation.peers[0]);
	simulation_finish(&simulation);
	const struct interval *interruption =
		simulation_interval(&simulation, INTERVAL_INTERRUPTION, 0);
	assert_non_null(interruption);
	assert_true(interruption->is_open);
	assert_int_equal(interruption->end_ns, simulation.worker->begin_ns + 5 * NS_PER_S);
	assert_in_range(interruption->end_ns - interruption->start_ns, 800 * NS_PER_MS, NS_PER_S);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_CLOSED), 1);
	assert_identities(&simulation);
	simulation_deinit(&simulation);
}

static void reconnect_off_misses_the_rest(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 2, 20, 5 * NS_PER_S);
	simulation.plan.slots.has_reconnect = false;
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 2 * NS_PER_S + 20 * NS_PER_MS);
	peer_close_all(simulation.peers[0]);
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_int_equal(counters->connects, 2);
	assert_int_equal(counters->missed_no_connection, 29);
	assert_int_equal(counters->scheduled, 100);
	assert_identities(&simulation);
	simulation_deinit(&simulation);
}

static void a_peer_that_ends_every_connection_is_spared(void **state)
{
	struct simulation simulation;
	set_up(&simulation, 1, 1, 10, 10 * NS_PER_S);
	simulation_begin(&simulation);
	for (uint64_t ms = 50; ms <= 5000; ms += 50) {
		simulation_run_to(&simulation, ms * NS_PER_MS);
		(void)memory_network_reset_streams(simulation.network, &simulation.endpoints[0]);
	}
	/* At once, then after 100, 200 ... 1,000 ms: no hundred connections. */
	assert_in_range(simulation_counters(&simulation, PLAN_PERSISTENT)->connects, 5, 15);
	simulation_finish(&simulation);
	assert_identities(&simulation);
	simulation_deinit(&simulation);
}

static void bad_peers_have_their_class(void **state)
{
	(void)state;
	static const struct {
		enum peer_mood mood;
		enum survival survival;
	} rows[] = {
		{ PEER_IS_SILENT, SURVIVAL_TIMED_OUT },
		{ PEER_HALF_ANSWERS, SURVIVAL_CORRUPTED },
		{ PEER_SPEAKS_UP, SURVIVAL_CORRUPTED },
		{ PEER_GARBLES, SURVIVAL_CORRUPTED },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct simulation simulation;
		set_up(&simulation, 2, 4, 40, 5 * NS_PER_S);
		simulation.plan.give_up_ns = NS_PER_S;
		simulation_begin(&simulation);
		simulation_run_to(&simulation, NS_PER_S);
		peer_set_mood(simulation.peers[0], rows[i].mood);
		simulation_run_to(&simulation, 4 * NS_PER_S);
		peer_set_mood(simulation.peers[0], PEER_ECHOES);
		simulation_finish(&simulation);
		assert_int_equal(simulation_survivors(&simulation, rows[i].survival), 2);
		assert_int_equal(simulation_survivors(&simulation, SURVIVAL_UNTOUCHED), 2);
		assert_identities(&simulation);
		simulation_deinit(&simulation);
	}
}

static void peers_that_never_answer_leave_nobody_untouched(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 4, 40, NS_PER_S);
	peer_set_mood(simulation.peers[0], PEER_RESETS);
	peer_set_mood(simulation.peers[1], PEER_IS_SILENT);
	simulation_begin(&simulation);
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_int_equal(counters->received, 0);
	assert_int_equal(counters->scheduled, 40);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_UNTOUCHED), 0);
	assert_identities(&simulation);
	simulation_deinit(&simulation);
}

static void bytes_in_small_pieces_are_the_same_messages(void **state)
{
	(void)state;
	for (size_t chunk = 1; chunk <= 129; chunk += 32) {
		struct simulation simulation;
		struct memory_options options = { .delay_ns = 10000, .chunk_max_bytes = chunk };
		simulation_init(&simulation, 1, &options);
		simulation.plan.slots.count = 2;
		simulation.plan.slots.rate_per_second = 10;
		simulation.plan.duration_ns = 2 * NS_PER_S;
		simulation_begin(&simulation);
		simulation_finish(&simulation);
		const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
		assert_int_equal(counters->received, 20);
		assert_int_equal(counters->corrupted, 0);
		assert_int_equal(counters->bytes_received, 20 * 256);
		assert_string_equal(
			names_text(&simulation.worker->names,
				   slot_record_first_backend(&simulation.worker->slots[0])),
			"web-1");
		simulation_deinit(&simulation);
	}
}

static void a_peer_that_takes_nothing_makes_debt_that_is_missed_at_the_end(void **state)
{
	(void)state;
	struct simulation simulation;
	struct memory_options options = { .delay_ns = NS_PER_MS, .buffer_bytes = 1000 };
	simulation_init(&simulation, 1, &options);
	simulation.plan.slots.count = 1;
	simulation.plan.slots.rate_per_second = 10;
	simulation.plan.duration_ns = 5 * NS_PER_S;
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 2 * NS_PER_S + 50 * NS_PER_MS);
	peer_set_mood(simulation.peers[0], PEER_IS_FROZEN);
	simulation_run_to(&simulation, 4 * NS_PER_S);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_true(counters->debt > 10);
	assert_identities(&simulation);
	simulation_finish(&simulation);
	assert_int_equal(counters->scheduled, 50);
	assert_true(counters->missed_peer > 20);
	assert_int_equal(counters->debt, 0);
	assert_identities(&simulation);
	/* All 50 are in the response, the unanswered ones at no less than the reply timeout. */
	const struct hist *response =
		simulation_hist(&simulation, PLAN_PERSISTENT, LATENCY_RESPONSE);
	assert_int_equal(response->count, 50);
	assert_int_equal(response->censored, 50 - counters->received);
	assert_true(response->censored_min >= simulation.plan.reply_timeout_ns * 99 / 100);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_STALLED), 1);
	simulation_deinit(&simulation);
}

static void debt_goes_out_at_once_when_the_peer_goes_on(void **state)
{
	(void)state;
	struct simulation simulation;
	struct memory_options options = { .delay_ns = NS_PER_MS, .buffer_bytes = 1000 };
	simulation_init(&simulation, 1, &options);
	simulation.plan.slots.count = 1;
	simulation.plan.slots.rate_per_second = 50;
	simulation.plan.duration_ns = 12 * NS_PER_S;
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 3 * NS_PER_S);
	peer_set_mood(simulation.peers[0], PEER_IS_FROZEN);
	simulation_run_to(&simulation, 8 * NS_PER_S);
	peer_set_mood(simulation.peers[0], PEER_ECHOES);
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	const struct hist *response =
		simulation_hist(&simulation, PLAN_PERSISTENT, LATENCY_RESPONSE);
	assert_int_equal(counters->scheduled, 600);
	assert_int_equal(counters->received, 600);
	assert_true(hist_percentile(response, 99) >= 4500 * NS_PER_MS);
	assert_true(counters->debt_max_ns >= 4500 * NS_PER_MS);
	simulation_deinit(&simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_exact_at_odd_rates_over_hours),
		cmocka_unit_test(a_ramp_is_kept_to_the_message),
		cmocka_unit_test(response_is_the_round_trip),
		cmocka_unit_test(a_cut_stalls_and_loses_nothing),
		cmocka_unit_test(a_reset_loses_what_was_owed_and_is_interrupted),
		cmocka_unit_test(an_interruption_open_at_the_end_is_open),
		cmocka_unit_test(reconnect_off_misses_the_rest),
		cmocka_unit_test(a_peer_that_ends_every_connection_is_spared),
		cmocka_unit_test(bad_peers_have_their_class),
		cmocka_unit_test(peers_that_never_answer_leave_nobody_untouched),
		cmocka_unit_test(bytes_in_small_pieces_are_the_same_messages),
		cmocka_unit_test(a_peer_that_takes_nothing_makes_debt_that_is_missed_at_the_end),
		cmocka_unit_test(debt_goes_out_at_once_when_the_peer_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
