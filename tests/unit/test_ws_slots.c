/* Slots that speak WebSocket with the service ws, in one worker over the memory network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "engine/service.h"
#include "engine/speaker.h"
#include "engine/ws_script.h"
#include "support/simulation.h"

#define PORT 8080

struct run {
	struct simulation simulation;
	struct ws_script ws;
	struct script script;
	struct reply_rule reply;
	struct template *template;
	const struct template *messages[1];
	struct plan_target target;
	struct service_shared shared;
};

static void init_run(struct run *run, const struct memory_options *network, const char *message)
{
	struct plan *plan = &run->simulation.plan;
	struct template_options options = { .has_escapes = true };
	struct error error = { "" };
	*run = (struct run){ .reply.kind = REPLY_ECHO };
	simulation_init(&run->simulation, 0, network);
	assert_int_equal(
		template_compile(message, strlen(message), &options, &error, &run->template), 0);
	run->messages[0] = run->template;
	run->ws.request = (struct http1_request){ .path = "/", .authority = "192.0.2.1:8080" };
	run->script = (struct script){ .kind = &speaker_ws,
				       .messages = run->messages,
				       .message_count = 1,
				       .is_answered = true,
				       .reply = &run->reply,
				       .seed = 5,
				       .ws = &run->ws };
	run->target.script = &run->script;
	assert_int_equal(endpoint_parse("192.0.2.1", PORT, &run->simulation.endpoints[0]), 0);
	plan->remote_count = 1;
	plan->targets = &run->target;
	plan->target_count = 1;
	plan->slots.message_bytes = 0;
	plan->slots.has_greeting = false;
	plan->slots.warms_up = false;
	plan->slots_stream = PLAN_LOAD;
	plan->serve.name = "web-1";
	plan->serve.connections_max = 1000;
	plan->serve.drain_ns = 2 * NS_PER_S;
	plan->serve.listen_count = 1;
	plan->serve.listen[0] =
		(struct plan_listen){ SERVICE_WS, TRANSPORT_TCP, run->simulation.endpoints[0] };
}

static void begin_run(struct run *run)
{
	struct simulation *simulation = &run->simulation;
	struct error error = { "" };
	assert_int_equal(worker_new(&simulation->plan, 0, simulation->loop, &simulation->worker),
			 0);
	assert_int_equal(service_add(simulation->worker, &run->shared, &error), 0);
	worker_start(simulation->worker);
	for (int i = 0; i < 10000 && !atomic_load(&simulation->worker->is_settled); i++)
		assert_int_equal(loop_run(simulation->loop, loop_now(simulation->loop) + NS_PER_MS),
				 0);
	assert_true(atomic_load(&simulation->worker->is_settled));
	worker_want_begin(simulation->worker, loop_now(simulation->loop) + 10 * NS_PER_MS);
	simulation_run_to(simulation, 0);
}

static void end_run(struct run *run)
{
	simulation_finish(&run->simulation);
	assert_null(counters_check(simulation_counters(&run->simulation, PLAN_LOAD)));
	assert_null(counters_check(simulation_counters(&run->simulation, PLAN_SERVED)));
	simulation_deinit(&run->simulation);
	template_free(run->template);
}

static void every_message_comes_back(void **state)
{
	static const struct {
		struct memory_options network;
		const char *message;
	} cases[] = {
		{ { 0 }, "hello" },
		{ { .chunk_max_bytes = 1 }, "\\{message.seq} of \\{connection.uid} at \\{time}" },
		{ { .chunk_max_bytes = 7, .delay_ns = NS_PER_MS },
		  "\\{ws.text \"in \" ...}\\{ws.ping \"?\"}\\{ws.cont \"two\"}" },
		{ { .chunk_max_bytes = 3, .buffer_bytes = 50, .delay_ns = 1000 },
		  "\\{re [a-z]{200}}\\xff" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct run run;
		init_run(&run, &cases[i].network, cases[i].message);
		run.simulation.plan.slots.count = 3;
		run.simulation.plan.slots.rate_per_second = 100;
		run.simulation.plan.duration_ns = 2 * NS_PER_S;
		begin_run(&run);
		simulation_run_to(&run.simulation, 2 * NS_PER_S - 1);
		const struct counters *load = simulation_counters(&run.simulation, PLAN_LOAD);
		const struct counters *served = simulation_counters(&run.simulation, PLAN_SERVED);
		assert_int_equal(load->connections, 3);
		assert_in_range(load->sent, 198, 200);
		assert_in_range(load->received, load->sent - 3, load->sent);
		assert_int_equal(load->corrupted, 0);
		assert_int_equal(load->disconnects, 0);
		assert_in_range(served->received, load->received, load->sent);
		assert_int_equal(
			simulation_hist(&run.simulation, PLAN_LOAD, LATENCY_UPGRADE)->count, 3);
		end_run(&run);
	}
}

static void a_closed_loop_runs_and_leaves_with_a_goodbye(void **state)
{
	struct run run;
	init_run(&run, &(struct memory_options){ .delay_ns = NS_PER_MS }, "hello");
	run.simulation.plan.slots.count = 2;
	run.simulation.plan.slots.in_flight = 4;
	run.simulation.plan.slots.messages_per_connection = 50;
	run.simulation.plan.duration_ns = NS_PER_S;
	begin_run(&run);
	simulation_run_to(&run.simulation, NS_PER_S - 1);
	const struct counters *load = simulation_counters(&run.simulation, PLAN_LOAD);
	assert_in_range(load->received, 2 * 4 * 250, 2 * 4 * 500);
	assert_int_equal(load->corrupted, 0);
	assert_in_range(load->connects, load->received / 50, load->received / 50 + 4);
	/* Each goodbye was answered: nobody had to wait for its timeout. */
	const struct recorder *recorder = run.simulation.worker->recorders[PLAN_LOAD];
	for (size_t i = 0; i < ERROR_ROWS_MAX; i++)
		assert_true(recorder->errors[i].count == 0 ||
			    !outcome_is_failure(recorder->errors[i].outcome));
	end_run(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back),
		cmocka_unit_test(a_closed_loop_runs_and_leaves_with_a_goodbye),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
