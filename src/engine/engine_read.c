/* What the owner of an engine reads of its workers, while they run and afterwards. */
#include "engine/engine_inside.h"
#include "engine/receiver_receipt.h"
#include "engine/script.h"

uint64_t engine_tick(const struct engine *engine)
{
	uint64_t tick = UINT64_MAX;
	for (unsigned w = 0; w < engine->count; w++)
		for (int i = 0; i < PLAN_STREAMS; i++) {
			const struct thread *thread = &engine->threads[w];
			const struct publication *p = thread->worker->publications[i];
			if (p && !thread->is_lost && publication_tick(p) < tick)
				tick = publication_tick(p);
		}
	return tick == UINT64_MAX ? 0 : tick;
}

bool engine_read(const struct engine *engine, enum plan_stream stream, struct recorder *into)
{
	bool has_any = false;
	for (unsigned w = 0; w < engine->count; w++) {
		const struct publication *p = engine->threads[w].worker->publications[stream];
		uint64_t tick = 0;
		if (!p)
			continue;
		if (!engine->threads[w].is_lost)
			publication_read(p, into, &tick);
		has_any = true;
	}
	if (has_any && engine->lost[stream])
		recorder_merge(into, engine->lost[stream]);
	return has_any;
}

/* ---- what is left of a process that is gone ---- */

/* Do the stream's messages have a time at which an answer is due? */
static bool has_response(const struct plan *plan, enum plan_stream stream)
{
	bool is_probe = stream == PLAN_PROBE;
	const struct plan_target *target = is_probe ? plan->probe_target : plan->targets;
	const struct plan_slots *slots = is_probe ? &plan->probe : &plan->slots;
	if (stream == PLAN_NEW || stream == PLAN_PATH)
		return true;
	return stream != PLAN_SERVED && slots->rate_per_second > 0 &&
	       (!target || target->script->is_answered);
}

/* As at the end of a run: what was to go never goes, what is owed stays in flight and counts among
 * the unanswered, and nothing is open any more. */
static void settle(struct recorder *recorder, const struct plan *plan, enum plan_stream stream)
{
	struct counters *counters = &recorder->counters;
	uint64_t unanswered = counters->in_flight + counters->debt;
	if (has_response(plan, stream) && unanswered > 0)
		hist_add_censored(recorder_hist(recorder, LATENCY_RESPONSE), plan->reply_timeout_ns,
				  unanswered);
	counters->missed_generator += counters->debt;
	counters->debt = 0;
	counters->connections = 0;
	counters->connecting = 0;
	counters->silent = 0;
	counters->interrupted = 0;
	counters->cwnd_bytes = 0;
	counters->cwnd_connections = 0;
}

uint64_t engine_lose_worker(struct engine *engine, unsigned index, uint64_t lost_ns)
{
	struct thread *thread = &engine->threads[index];
	struct worker *worker = thread->worker;
	uint64_t connections = 0;
	if (atomic_load(&worker->is_done))
		return 0;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		uint64_t tick = 0;
		if (!worker->publications[i])
			continue;
		recorder_clear(engine->lost_one);
		publication_read(worker->publications[i], engine->lost_one, &tick);
		connections += engine->lost_one->counters.connections;
		settle(engine->lost_one, engine->plan, i);
		recorder_merge(engine->lost[i], engine->lost_one);
	}
	thread->is_lost = true;
	worker_lost(worker, lost_ns);
	service_lost(engine->services, worker);
	return connections;
}

/* ---- events and the rest ---- */

/* Names reach the engine only after the worker has put an event that carries them, so that the
 * ring's release orders them. */
static uint16_t backend_of_run(struct engine *engine, struct thread *thread, uint16_t backend)
{
	if (backend == BACKEND_UNKNOWN)
		return backend;
	for (; thread->backend_count <= backend; thread->backend_count++) {
		const char *name = names_text(&thread->worker->names, thread->backend_count);
		thread->backends[thread->backend_count] =
			names_index(&engine->names, name ? name : "", BACKEND_UNKNOWN);
	}
	return thread->backends[backend];
}

bool engine_take_event(struct engine *engine, struct event *ret)
{
	for (unsigned tried = 0; tried < engine->count; tried++) {
		struct thread *thread =
			&engine->threads[engine->next_event_worker++ % engine->count];
		if (!event_ring_take(thread->worker->events, ret))
			continue;
		ret->backend = backend_of_run(engine, thread, ret->backend);
		return true;
	}
	return false;
}

uint64_t engine_events_dropped(const struct engine *engine)
{
	uint64_t dropped = 0;
	for (unsigned i = 0; i < engine->count; i++)
		dropped += event_ring_dropped(engine->threads[i].worker->events);
	return dropped;
}

static uint64_t load_relaxed(const _Atomic uint64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

void engine_lag(const struct engine *engine, struct engine_lag *ret)
{
	*ret = (struct engine_lag){ 0 };
	for (unsigned i = 0; i < engine->count; i++) {
		const struct worker *worker = engine->threads[i].worker;
		uint64_t max_ns = load_relaxed(&worker->lag_max_ns);
		ret->count += load_relaxed(&worker->lag_count);
		ret->sum_ns += load_relaxed(&worker->lag_sum_ns);
		ret->max_ns = max_ns > ret->max_ns ? max_ns : ret->max_ns;
	}
}

const char *engine_backend(const struct engine *engine, uint16_t backend)
{
	return names_text(&engine->names, backend);
}

uint16_t engine_port(const struct engine *engine, uint32_t index)
{
	return engine->services->ports[index];
}

uint16_t engine_far_port(const struct engine *engine, unsigned worker)
{
	return engine->threads[engine->plan->workers + worker].services.ports[0];
}

void engine_far_receipt(const struct engine *engine, const struct control_question *question,
			struct hist *delays, struct control_receipt *ret)
{
	*ret = (struct control_receipt){ 0 };
	for (unsigned i = engine->plan->workers; i < engine->count && !ret->is_known; i++)
		receiver_receipt(&engine->threads[i].services.receivers, question, delays, ret);
}

unsigned engine_workers(const struct engine *engine)
{
	return engine->count;
}

const struct worker *engine_worker(const struct engine *engine, unsigned index)
{
	return engine->threads[index].worker;
}

bool engine_is_lost(const struct engine *engine, unsigned index)
{
	return engine->threads[index].is_lost;
}

/* ---- processes ---- */

unsigned engine_processes(const struct engine *engine)
{
	return engine->processes ? engine->plan->processes : 0;
}

const struct engine_process *engine_process(const struct engine *engine, unsigned index)
{
	return &engine->processes[index].told;
}

const struct engine_process *engine_take_lost(struct engine *engine)
{
	for (unsigned i = 0; i < engine_processes(engine); i++) {
		struct process *process = &engine->processes[i];
		if (!process->told.is_lost || process->is_lost_told)
			continue;
		process->is_lost_told = true;
		return &process->told;
	}
	return NULL;
}

uint64_t engine_cpu_ns(const struct engine *engine)
{
	uint64_t used_ns = 0;
	for (unsigned i = 0; i < engine_processes(engine); i++)
		used_ns += process_cpu_ns(&engine->processes[i]);
	return used_ns;
}
