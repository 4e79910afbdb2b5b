#include "simulation.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "engine/speaker.h"

#define SIMULATION_START_NS (1000 * NS_PER_S)

void simulation_init(struct simulation *simulation, unsigned peers,
		     const struct memory_options *network)
{
	static const char *const names[SIMULATION_PEERS_MAX] = { "web-1", "web-2", "web-3",
								 "web-4" };
	struct loop_options options = { .is_simulated = true,
					.simulated_start_ns = SIMULATION_START_NS };
	*simulation = (struct simulation){ .loop = NULL };
	if (loop_new(&options, &simulation->loop) < 0 ||
	    memory_network_new(simulation->loop, network, &simulation->network) < 0)
		abort();
	for (unsigned i = 0; i < peers; i++) {
		struct endpoint *endpoint = &simulation->endpoints[i];
		if (endpoint_parse("192.0.2.1", (uint16_t)(5003 + i), endpoint) < 0)
			abort();
		simulation->peers[i] =
			peer_new(simulation->loop, simulation->network, endpoint, names[i]);
	}
	simulation->plan = (struct plan){
		.remotes = simulation->endpoints,
		.remote_count = peers,
		.path = { .remotes = simulation->endpoints, .remote_count = 1 },
		.connect_timeout_ns = 2 * NS_PER_S,
		.reply_timeout_ns = 2 * NS_PER_S,
		.linger_ns = 2 * NS_PER_S,
		.stall_after_ns = 200 * NS_PER_MS,
		.give_up_ns = 30 * NS_PER_S,
		.workers = 1,
		.seed = 1,
		.stream = &stream_memory,
		.datagram = &datagram_memory,
		.network = simulation->network,
	};
	simulation->plan.slots.has_reconnect = true;
	simulation->plan.slots.message_bytes = 256;
	simulation->plan.slots.has_greeting = true;
	simulation->plan.slots.warms_up = true;
	simulation->plan.path.message_bytes = 96;
	simulation->plan.path.outage_after = 3;
}

void simulation_begin(struct simulation *simulation)
{
	struct plan *plan = &simulation->plan;
	if (!plan->targets) {
		simulation->script = (struct script){ .kind = &speaker_echo,
						      .message_bytes = plan->slots.message_bytes,
						      .is_answered = true };
		simulation->target = (struct plan_target){ .script = &simulation->script };
		plan->targets = &simulation->target;
		plan->target_count = 1;
	}
	if (worker_new(&simulation->plan, 0, simulation->loop, &simulation->worker) < 0)
		abort();
	struct worker *worker = simulation->worker;
	worker_start(worker);
	while (!atomic_load(&worker->is_settled))
		if (loop_run(simulation->loop, loop_now(simulation->loop) + NS_PER_MS) < 0)
			abort();
	uint64_t begin_ns = loop_now(simulation->loop) + 10 * NS_PER_MS;
	worker_want_begin(worker, begin_ns);
	simulation_run_to(simulation, 0);
}

void simulation_run_to(struct simulation *simulation, uint64_t after_begin_ns)
{
	uint64_t begin_ns = atomic_load(&simulation->worker->wanted_begin_ns);
	if (loop_run(simulation->loop, begin_ns + after_begin_ns) < 0)
		abort();
}

void simulation_finish(struct simulation *simulation)
{
	if (loop_run(simulation->loop, UINT64_MAX) < 0 ||
	    !atomic_load(&simulation->worker->is_done))
		abort();
}

void simulation_deinit(struct simulation *simulation)
{
	for (unsigned i = 0; i < SIMULATION_PEERS_MAX; i++)
		if (simulation->peers[i])
			peer_free(simulation->peers[i]);
	worker_free(simulation->worker);
	memory_network_free(simulation->network);
	loop_free(simulation->loop);
}

const struct counters *simulation_counters(const struct simulation *simulation,
					   enum plan_stream stream)
{
	return &simulation->worker->recorders[stream]->counters;
}

const struct hist *simulation_hist(const struct simulation *simulation, enum plan_stream stream,
				   enum latency latency)
{
	return recorder_hist_const(simulation->worker->recorders[stream], latency);
}

unsigned simulation_survivors(const struct simulation *simulation, enum survival survival)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < simulation->worker->slot_count; i++)
		count += simulation->worker->slots[i].survival == survival;
	return count;
}

const struct interval *simulation_interval(const struct simulation *simulation,
					   enum interval_kind kind, unsigned index)
{
	const struct interval_log *log = &simulation->worker->logs.intervals;
	for (uint32_t i = 0; i < log->count; i++)
		if (log->items[i].kind == kind && index-- == 0)
			return &log->items[i];
	return NULL;
}

unsigned simulation_interval_count(const struct simulation *simulation, enum interval_kind kind)
{
	unsigned count = 0;
	while (simulation_interval(simulation, kind, count))
		count++;
	return count;
}
