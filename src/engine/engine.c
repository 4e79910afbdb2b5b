#include "engine/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/receiver_receipt.h"
#include "engine/service.h"
#include "sys/cpu.h"

struct thread {
	struct loop *loop;
	struct worker *worker;
	struct engine *engine;
	pthread_t id;
	struct service_shared *services;
	struct service_shared own_services; /* of a far end, which shares them with nobody */
	/* This worker's backends as indices of the whole run; grows as events name new ones. */
	uint16_t backends[NAMES_MAX];
	uint16_t backend_count;
	bool is_running;
};

struct engine {
	const struct plan *plan;
	struct names names;
	struct service_shared services;
	unsigned next_event_worker;
	unsigned
		count; /* those of the plan, and behind them their far ends, which have no thread */
	struct thread threads[];
};

static int add_worker(struct engine *engine, struct thread *thread, const struct plan *plan,
		      unsigned index, struct error *error)
{
	int result = worker_new(plan, index, thread->loop, &thread->worker);
	engine->count++;
	thread->engine = engine;
	if (result < 0)
		return error_set(error, -result, "cannot set up worker %u: %s", index,
				 strerrordesc_np(-result));
	return plan->serve.listen_count ? service_add(thread->worker, thread->services, error) : 0;
}

static int add_thread(struct engine *engine, unsigned index, struct error *error)
{
	const struct plan *plan = engine->plan;
	struct thread *thread = &engine->threads[index];
	struct loop_options options = { .tick_ns = plan->tick_ns,
					.is_spinning = plan->is_spinning };
	int result = loop_new(&options, &thread->loop);
	if (result < 0)
		return error_set(error, -result, "cannot set up worker %u: %s", index,
				 strerrordesc_np(-result));
	thread->services = &engine->services;
	return add_worker(engine, thread, plan, index, error);
}

/* On the loop of the worker whose connections it serves, where nothing has to be woken and bytes
 * stay in the caches of one cpu: doc/performance.md has what other forms gave. */
static int add_far_end(struct engine *engine, unsigned index, struct error *error)
{
	struct thread *near = &engine->threads[index];
	struct thread *far = &engine->threads[engine->plan->workers + index];
	far->loop = near->loop;
	far->services = &far->own_services;
	int result = add_worker(engine, far, &engine->plan->far_ends[index], 0, error);
	if (result >= 0)
		worker_join_far_end(near->worker, far->worker);
	return result;
}

static int add_all(struct engine *engine, struct error *error)
{
	const struct plan *plan = engine->plan;
	int result = 0;
	for (unsigned i = 0; i < plan->workers && result >= 0; i++)
		result = add_thread(engine, i, error);
	for (unsigned i = 0; plan->far_ends && i < plan->workers && result >= 0; i++)
		result = add_far_end(engine, i, error);
	return result;
}

int engine_new(const struct plan *plan, struct error *error, struct engine **ret)
{
	unsigned most = plan->far_ends ? 2 * plan->workers : plan->workers;
	struct engine *engine = calloc(1, sizeof(*engine) + most * sizeof(engine->threads[0]));
	if (!engine)
		return error_set(error, ENOMEM, "out of memory");
	engine->plan = plan;
	names_init(&engine->names);
	int result = add_all(engine, error);
	if (result < 0)
		engine_free(engine);
	else
		*ret = engine;
	return result;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	engine_join(engine);
	for (unsigned i = 0; i < engine->count; i++)
		worker_free(engine->threads[i].worker);
	for (unsigned i = 0; i < engine->plan->workers; i++)
		loop_free(engine->threads[i].loop);
	names_deinit(&engine->names);
	free(engine);
}

static int run_until_done(struct worker *worker)
{
	int result = 0;
	while (!atomic_load(&worker->is_done) && result >= 0)
		result = loop_run(worker->loop, UINT64_MAX);
	return result;
}

/* A far end goes when nothing drives it any more. */
static void *run_thread(void *context)
{
	struct worker *worker = ((struct thread *)context)->worker;
	const struct plan *plan = worker->plan;
	if (plan->cpu_count)
		(void)cpu_pin(plan->cpus[worker->index % plan->cpu_count]);
	if (worker->far_end)
		worker_start(worker->far_end);
	worker_start(worker);
	int result = run_until_done(worker);
	if (result >= 0 && worker->far_end) {
		worker_want_end(worker->far_end);
		result = run_until_done(worker->far_end);
	}
	return (void *)(intptr_t)result;
}

int engine_start(struct engine *engine, void (*notify)(void *context), void *context,
		 struct error *error)
{
	for (unsigned i = 0; i < engine->count; i++) {
		engine->threads[i].worker->notify = notify;
		engine->threads[i].worker->notify_context = context;
	}
	for (unsigned i = 0; i < engine->plan->workers; i++) {
		struct thread *thread = &engine->threads[i];
		int result = pthread_create(&thread->id, NULL, run_thread, thread);
		if (result) {
			engine_abort(engine);
			return error_set(error, result, "cannot start a thread: %s",
					 strerrordesc_np(result));
		}
		thread->is_running = true;
	}
	return 0;
}

bool engine_is_settled(const struct engine *engine)
{
	for (unsigned i = 0; i < engine->count; i++)
		if (!atomic_load(&engine->threads[i].worker->is_settled))
			return false;
	return true;
}

bool engine_is_done(const struct engine *engine)
{
	for (unsigned i = 0; i < engine->count; i++)
		if (!atomic_load(&engine->threads[i].worker->is_done))
			return false;
	return true;
}

void engine_begin(struct engine *engine, uint64_t begin_ns)
{
	for (unsigned i = 0; i < engine->count; i++)
		worker_want_begin(engine->threads[i].worker, begin_ns);
}

void engine_end(struct engine *engine)
{
	for (unsigned i = 0; i < engine->plan->workers; i++)
		worker_want_end(engine->threads[i].worker);
}

void engine_abort(struct engine *engine)
{
	for (unsigned i = 0; i < engine->count; i++)
		worker_want_abort(engine->threads[i].worker);
}

void engine_join(struct engine *engine)
{
	for (unsigned i = 0; i < engine->count; i++) {
		struct thread *thread = &engine->threads[i];
		if (thread->is_running)
			(void)pthread_join(thread->id, NULL);
		thread->is_running = false;
	}
}

uint64_t engine_done_ns(const struct engine *engine)
{
	uint64_t done_ns = 0;
	for (unsigned i = 0; i < engine->count; i++)
		if (engine->threads[i].worker->done_ns > done_ns)
			done_ns = engine->threads[i].worker->done_ns;
	return done_ns;
}

/* ---- reading ---- */

uint64_t engine_tick(const struct engine *engine)
{
	uint64_t tick = UINT64_MAX;
	for (unsigned w = 0; w < engine->count; w++)
		for (int i = 0; i < PLAN_STREAMS; i++) {
			const struct publication *p = engine->threads[w].worker->publications[i];
			if (p && publication_tick(p) < tick)
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
		publication_read(p, into, &tick);
		has_any = true;
	}
	return has_any;
}

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
	return engine->services.ports[index];
}

uint16_t engine_far_port(const struct engine *engine, unsigned worker)
{
	return engine->threads[engine->plan->workers + worker].own_services.ports[0];
}

void engine_far_receipt(const struct engine *engine, const struct control_question *question,
			struct hist *delays, struct control_receipt *ret)
{
	*ret = (struct control_receipt){ 0 };
	for (unsigned i = engine->plan->workers; i < engine->count && !ret->is_known; i++)
		receiver_receipt(&engine->threads[i].own_services.receivers, question, delays, ret);
}

unsigned engine_workers(const struct engine *engine)
{
	return engine->count;
}

const struct worker *engine_worker(const struct engine *engine, unsigned index)
{
	return engine->threads[index].worker;
}
