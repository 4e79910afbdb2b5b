/* The stream of new connections under a simulated clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/units.h"
#include "support/simulation.h"

static void set_up(struct simulation *simulation, unsigned peers, double rate, uint64_t duration_ns)
{
	static const struct memory_options network = { .delay_ns = NS_PER_MS, .seed = 3 };
	simulation_init(simulation, peers, &network);
	simulation->plan.attempts.rate_per_second = rate;
	simulation->plan.duration_ns = duration_ns;
	simulation_begin(simulation);
}

static const struct counters *counters_of(const struct simulation *simulation)
{
	const struct counters *counters = simulation_counters(simulation, PLAN_NEW);
	const char *broken = counters_check(counters);
	if (broken)
		fail_msg("%s", broken);
	return counters;
}

static void all_are_answered(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 1, 20, 10 * NS_PER_S);
	simulation_finish(&simulation);
	const struct counters *counters = counters_of(&simulation);
	assert_int_equal(counters->scheduled, 200);
	assert_int_equal(counters->received, 200);
	assert_int_equal(counters->connects, 200);
	assert_int_equal(counters->connections, 0);
	assert_int_equal(counters->connecting, 0);
	const struct hist *first = simulation_hist(&simulation, PLAN_NEW, LATENCY_FIRST_REPLY);
	assert_int_equal(first->count, 200);
	/* A round trip to connect, one to be answered. */
	assert_in_range(first->minimum, 4 * NS_PER_MS, 4 * NS_PER_MS + 200000);
	const struct attempt_log *log = &simulation.worker->logs.attempts;
	assert_int_equal(log->answered, 200);
	assert_int_equal(log->failed, 0);
	assert_int_equal(log->items[1].due_ns - simulation.worker->begin_ns, 50 * NS_PER_MS);
	assert_in_range(log->items[1].took_ns, 4 * NS_PER_MS, 4 * NS_PER_MS + 200000);
	simulation_deinit(&simulation);
}

static void a_connect_alone_is_no_success(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 1, 10, 10 * NS_PER_S);
	simulation_run_to(&simulation, 3 * NS_PER_S - NS_PER_MS);
	peer_set_mood(simulation.peers[0], PEER_IS_SILENT);
	simulation_run_to(&simulation, 5 * NS_PER_S - NS_PER_MS);
	assert_int_equal(counters_of(&simulation)->interrupted, 0); /* not given up yet */
	simulation_run_to(&simulation, 6 * NS_PER_S - NS_PER_MS);
	peer_set_mood(simulation.peers[0], PEER_ECHOES);
	assert_int_equal(counters_of(&simulation)->interrupted, 1);
	simulation_finish(&simulation);
	const struct counters *counters = counters_of(&simulation);
	assert_int_equal(counters->connects, 100);
	assert_int_equal(counters->connect_failures, 30);
	assert_int_equal(counters->lost, 30);
	assert_int_equal(simulation_interval_count(&simulation, INTERVAL_OUTAGE), 1);
	const struct interval *outage = simulation_interval(&simulation, INTERVAL_OUTAGE, 0);
	assert_int_equal(outage->start_ns - simulation.worker->begin_ns, 3 * NS_PER_S);
	assert_int_equal(outage->end_ns - outage->start_ns, 3 * NS_PER_S);
	assert_int_equal(outage->unanswered, 30);
	assert_int_equal(outage->slot, 30); /* the first that failed */
	const struct attempt_log *log = &simulation.worker->logs.attempts;
	assert_int_equal(log->answered, 70);
	assert_int_equal(log->failed, 30);
	const struct attempt_record *first = attempt_log_at(log, 70);
	assert_int_equal(first->outcome, OUTCOME_NO_REPLY);
	assert_int_equal(first->due_ns - simulation.worker->begin_ns, 3 * NS_PER_S);
	assert_true(first->took_ns >= simulation.plan.reply_timeout_ns);
	simulation_deinit(&simulation);
}

static void refused_ones_were_never_sent(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 1, 10, 5 * NS_PER_S);
	simulation_run_to(&simulation, 4 * NS_PER_S - NS_PER_MS);
	peer_stop_listening(simulation.peers[0]);
	simulation_finish(&simulation);
	const struct counters *counters = counters_of(&simulation);
	assert_int_equal(counters->missed_no_connection, 10);
	assert_int_equal(counters->received, 40);
	const struct interval *outage = simulation_interval(&simulation, INTERVAL_OUTAGE, 0);
	assert_non_null(outage);
	assert_true(outage->is_open);
	const struct error_row *row = &simulation.worker->recorders[PLAN_NEW]->errors[0];
	assert_int_equal(row->count, 10);
	assert_int_equal(row->phase, PHASE_CONNECT);
	assert_int_equal(row->outcome, OUTCOME_REFUSED);
	simulation_deinit(&simulation);
}

static void one_bad_peer_of_two_is_no_outage(void **state)
{
	(void)state;
	struct simulation simulation;
	set_up(&simulation, 2, 10, 10 * NS_PER_S);
	peer_set_mood(simulation.peers[1], PEER_GARBLES);
	simulation_finish(&simulation);
	const struct counters *counters = counters_of(&simulation);
	assert_int_equal(counters->connect_failures, 50);
	assert_int_equal(counters->corrupted, 50);
	assert_int_equal(simulation_interval_count(&simulation, INTERVAL_OUTAGE), 0);
	simulation_deinit(&simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_answered),
		cmocka_unit_test(a_connect_alone_is_no_success),
		cmocka_unit_test(refused_ones_were_never_sent),
		cmocka_unit_test(one_bad_peer_of_two_is_no_outage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
