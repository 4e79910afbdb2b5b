/* Datagram flows, persistent and as path probes, under a simulated clock. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/flows.h"
#include "support/simulation.h"

static void assert_identities(const struct simulation *simulation, enum plan_stream stream)
{
	const char *broken = counters_check(simulation_counters(simulation, stream));
	if (broken)
		fail_msg("%s", broken);
}

static void set_up_flows(struct simulation *simulation, const struct memory_options *network)
{
	simulation_init(simulation, 1, network);
	simulation->plan.slots.count = 4;
	simulation->plan.slots.transport = TRANSPORT_UDP;
	simulation->plan.slots.rate_per_second = 400;
	simulation->plan.duration_ns = 20 * NS_PER_S;
	simulation_begin(simulation);
}

static bool is_blocked;

static int send_unless_blocked(struct datagram_socket *socket, const struct datagram *batch,
			       int count)
{
	if (is_blocked) {
		socket->is_blocked = true;
		return -EAGAIN;
	}
	return datagram_memory.send(socket, batch, count);
}

/* From the 5th second on the socket's buffer is full. */
static void what_was_never_sent_is_in_no_burst(void **state)
{
	(void)state;
	static struct datagram_transport transport;
	struct simulation simulation;
	transport = datagram_memory;
	transport.send = send_unless_blocked;
	is_blocked = false;
	simulation_init(&simulation, 1, &(struct memory_options){ .loss = 0.01, .seed = 3 });
	simulation.plan.slots.count = 2;
	simulation.plan.slots.transport = TRANSPORT_UDP;
	simulation.plan.slots.rate_per_second = 200;
	simulation.plan.duration_ns = 10 * NS_PER_S;
	simulation.plan.datagram = &transport;
	simulation_begin(&simulation);
	simulation_run_to(&simulation, 5 * NS_PER_S);
	is_blocked = true;
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	const struct bursts *bursts = &simulation.worker->logs.bursts;
	assert_in_range(counters->missed_peer, 999, 1001);
	assert_true(counters->lost > 5);
	assert_int_equal(bursts->lost, counters->lost);
	assert_true(bursts->longest < 10);
	assert_identities(&simulation, PLAN_PERSISTENT);
	simulation_deinit(&simulation);
}

/* The peer's stamps tell how long the way there takes; a peer that has none is not asked. */
static void delays_of_the_way_there_vary_as_the_peer_stamps_them(void **state)
{
	(void)state;
	struct simulation simulation;
	simulation_init(&simulation, 1,
			&(struct memory_options){
				.delay_ns = 5 * NS_PER_MS, .jitter_ns = 3 * NS_PER_MS, .seed = 3 });
	simulation.plan.slots_stream = PLAN_LOAD;
	simulation.plan.slots.count = 2;
	simulation.plan.slots.transport = TRANSPORT_UDP;
	simulation.plan.slots.rate_per_second = 1000;
	simulation.plan.duration_ns = 5 * NS_PER_S;
	simulation_begin(&simulation);
	simulation_finish(&simulation);
	const struct hist *variation = recorder_hist_const(simulation.worker->recorders[PLAN_LOAD],
							   LATENCY_DELAY_VARIATION);
	assert_int_equal(variation->count, 5000);
	assert_in_range(variation->maximum, 2 * NS_PER_MS, 3 * NS_PER_MS);
	simulation_deinit(&simulation);
}

static void a_clean_path_loses_nothing(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up_flows(&simulation, &(struct memory_options){ .delay_ns = 5 * NS_PER_MS });
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_int_equal(counters->scheduled, 8000);
	assert_int_equal(counters->received, 8000);
	assert_int_equal(counters->duplicate + counters->late + counters->reordered, 0);
	assert_int_equal(simulation_survivors(&simulation, SURVIVAL_UNTOUCHED), 4);
	const struct connection_record *first = &simulation.worker->logs.open.items[0];
	assert_true(first->started_ns > 0 && first->started_ns < first->connected_ns);
	assert_identities(&simulation, PLAN_PERSISTENT);
	simulation_deinit(&simulation);
}

static void loss_duplication_and_reordering_are_told_apart(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up_flows(&simulation, &(struct memory_options){ .delay_ns = 20 * NS_PER_MS,
							    .loss = 0.01,
							    .duplication = 0.01,
							    .reordering = 0.02,
							    .seed = 11 });
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	/* 8,000 datagrams, each way at these rates: within four standard deviations. */
	assert_in_range(counters->lost, 159 - 50, 159 + 50);
	assert_in_range(counters->duplicate, 100, 230);
	assert_true(counters->reordered > 50);
	assert_int_equal(counters->late, 0);
	assert_identities(&simulation, PLAN_PERSISTENT);
	simulation_deinit(&simulation);
}

static void an_answer_after_the_timeout_is_late_and_moves_nothing(void **state)
{
	(void)state;
	struct simulation simulation;
	struct memory_options slow = { .delay_ns = 100 * NS_PER_MS };
	simulation_init(&simulation, 1, &slow);
	simulation.plan.slots.count = 1;
	simulation.plan.slots.transport = TRANSPORT_UDP;
	simulation.plan.slots.rate_per_second = 10;
	simulation.plan.duration_ns = 5 * NS_PER_S;
	simulation.plan.reply_timeout_ns = 150 * NS_PER_MS;
	simulation_begin(&simulation);
	simulation_finish(&simulation);
	const struct counters *counters = simulation_counters(&simulation, PLAN_PERSISTENT);
	assert_int_equal(counters->lost, 50);
	assert_int_equal(counters->late, 49); /* nothing waits for what has been given up */
	assert_int_equal(counters->received, 0);
	assert_identities(&simulation, PLAN_PERSISTENT);
	simulation_deinit(&simulation);
}

static void set_up_path(struct simulation *simulation, uint64_t delay_ns, enum plan_probe mode)
{
	simulation_init(simulation, 1, &(struct memory_options){ .delay_ns = delay_ns });
	simulation->plan.slots.count = 2;
	simulation->plan.slots.rate_per_second = 20;
	simulation->plan.path.mode = mode;
	simulation->plan.path.flows = 8;
	simulation->plan.path.rate_per_second = 20;
	simulation->plan.duration_ns = 10 * NS_PER_S;
	simulation_begin(simulation);
}

static void an_outage_lies_within_its_bounds(void **state)
{
	(void)state;
	static const uint64_t delays_ms[] = { 0, 20, 50 };
	for (size_t i = 0; i < array_size(delays_ms); i++) {
		struct simulation simulation;
		uint64_t rtt_ns = 2 * delays_ms[i] * NS_PER_MS;
		uint64_t interval_ns = 50 * NS_PER_MS;
		set_up_path(&simulation, delays_ms[i] * NS_PER_MS, PLAN_PROBE_ON);
		simulation_run_to(&simulation, 4 * NS_PER_S + 7 * NS_PER_MS);
		memory_network_cut(simulation.network);
		simulation_run_to(&simulation, 4 * NS_PER_S + 307 * NS_PER_MS);
		memory_network_join(simulation.network);
		simulation_finish(&simulation);
		assert_int_equal(simulation_interval_count(&simulation, INTERVAL_OUTAGE), 8);
		for (unsigned k = 0; k < 8; k++) {
			const struct interval *outage =
				simulation_interval(&simulation, INTERVAL_OUTAGE, k);
			uint64_t estimate_ns = outage->end_ns - outage->start_ns;
			assert_true(300 * NS_PER_MS <= estimate_ns + interval_ns + rtt_ns);
			assert_true(300 * NS_PER_MS + interval_ns + rtt_ns >= estimate_ns);
			assert_true(outage->has_forward);
			/* The cut drops both ways: only what was sent within a delay before it
			 * got there and lost its answer. */
			assert_in_range(outage->forward_lost, outage->unanswered - 2,
					outage->unanswered);
		}
		assert_int_equal(simulation_survivors(&simulation, SURVIVAL_RECOVERED), 2);
		assert_identities(&simulation, PLAN_PATH);
		simulation_deinit(&simulation);
	}
}

static void what_a_server_that_was_away_did_not_count_was_lost_on_the_way_there(void **state)
{
	struct simulation simulation;
	set_up_path(&simulation, NS_PER_MS, PLAN_PROBE_ON);
	simulation_run_to(&simulation, 4 * NS_PER_S);
	memory_network_cut(simulation.network);
	peer_forget_counts(simulation.peers[0]);
	simulation_run_to(&simulation, 5 * NS_PER_S);
	memory_network_join(simulation.network);
	simulation_finish(&simulation);
	assert_int_equal(simulation_interval_count(&simulation, INTERVAL_OUTAGE), 8);
	for (unsigned k = 0; k < 8; k++) {
		const struct interval *outage =
			simulation_interval(&simulation, INTERVAL_OUTAGE, k);
		assert_true(outage->has_forward);
		assert_int_equal(outage->forward_lost, outage->unanswered);
	}
	simulation_deinit(&simulation);
}

static void persistent_flows_are_in_the_record(void **state)
{
	struct simulation simulation;
	set_up_flows(&simulation, &(struct memory_options){ .delay_ns = NS_PER_MS });
	simulation_finish(&simulation);
	const struct connection_log *log = &simulation.worker->logs.open;
	assert_int_equal(log->count, 4);
	for (uint32_t i = 0; i < log->count; i++) {
		assert_int_equal(log->items[i].sent, 2000);
		assert_int_equal(log->items[i].received, 2000);
		assert_int_equal(log->items[i].outcome, OUTCOME_OPEN);
		assert_true(log->items[i].connected_ns >= log->items[i].started_ns);
	}
	simulation_deinit(&simulation);
}

static void the_path_is_asked_once_a_name_is_known(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up_path(&simulation, NS_PER_MS, PLAN_PROBE_AUTO);
	simulation_finish(&simulation);
	struct flows_state flows = simulation.worker->path;
	assert_int_equal(flows.verdict, FLOWS_MEASURED);
	assert_int_equal(flows.tried, 1);
	assert_in_range(simulation_counters(&simulation, PLAN_PATH)->received, 1590, 1600);
	simulation_deinit(&simulation);
}

static void a_silent_path_has_no_record(void **state)
{
	(void)state;
	struct simulation simulation;
	simulation_init(&simulation, 1, &(struct memory_options){ .delay_ns = NS_PER_MS });
	struct endpoint nobody = simulation.endpoints[0];
	nobody.port = 9;
	simulation.plan.path.remotes = &nobody;
	simulation.plan.slots.count = 1;
	simulation.plan.slots.rate_per_second = 10;
	simulation.plan.path.mode = PLAN_PROBE_AUTO;
	simulation.plan.path.flows = 8;
	simulation.plan.path.rate_per_second = 20;
	simulation.plan.duration_ns = 5 * NS_PER_S;
	simulation_begin(&simulation);
	simulation_finish(&simulation);
	struct flows_state flows = simulation.worker->path;
	assert_int_equal(flows.verdict, FLOWS_UNANSWERED);
	assert_int_equal(flows.tried, 3);
	assert_int_equal(simulation_counters(&simulation, PLAN_PATH)->scheduled, 0);
	simulation_deinit(&simulation);
}

static void an_outage_open_at_the_end_is_open(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up_path(&simulation, NS_PER_MS, PLAN_PROBE_ON);
	simulation_run_to(&simulation, 9 * NS_PER_S);
	memory_network_cut(simulation.network);
	simulation_finish(&simulation);
	assert_int_equal(simulation_interval_count(&simulation, INTERVAL_OUTAGE), 8);
	const struct interval *outage = simulation_interval(&simulation, INTERVAL_OUTAGE, 0);
	assert_true(outage->is_open);
	assert_int_equal(outage->end_ns, simulation.worker->begin_ns + 10 * NS_PER_S);
	assert_identities(&simulation, PLAN_PATH);
	simulation_deinit(&simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_sent_is_in_no_burst),
		cmocka_unit_test(delays_of_the_way_there_vary_as_the_peer_stamps_them),
		cmocka_unit_test(a_clean_path_loses_nothing),
		cmocka_unit_test(loss_duplication_and_reordering_are_told_apart),
		cmocka_unit_test(an_answer_after_the_timeout_is_late_and_moves_nothing),
		cmocka_unit_test(an_outage_lies_within_its_bounds),
		cmocka_unit_test(
			what_a_server_that_was_away_did_not_count_was_lost_on_the_way_there),
		cmocka_unit_test(persistent_flows_are_in_the_record),
		cmocka_unit_test(the_path_is_asked_once_a_name_is_known),
		cmocka_unit_test(a_silent_path_has_no_record),
		cmocka_unit_test(an_outage_open_at_the_end_is_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
