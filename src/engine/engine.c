#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_inside.h"
#include "sys/clock.h"
#include "sys/cpu.h"

/* ---- the workers of one process ---- */

static int open_worker(struct thread *thread, struct error *error)
{
	struct engine *engine = thread->engine;
	struct worker *worker = thread->worker;
	struct loop_options options = { .tick_ns = engine->plan->tick_ns,
					.is_spinning = engine->plan->is_spinning };
	int result = loop_new(&options, &thread->loop);
	if (result >= 0)
		result = worker_open(worker, thread->loop);
	if (result < 0)
		return error_set(error, -result, "cannot set up worker %u: %s", worker->index,
				 strerrordesc_np(-result));
	worker->pace = engine->pace;
	if (engine->plan->serve.listen_count)
		return service_add(worker, engine->services, error);
	return 0;
}

/* On the loop of the worker whose connections it serves, where nothing has to be woken and bytes
 * stay in the caches of one cpu: doc/performance.md has what other forms gave. */
static int open_far_end(struct engine *engine, unsigned index, struct error *error)
{
	struct thread *near = &engine->threads[index];
	struct thread *far = &engine->threads[engine->plan->workers + index];
	far->is_open = true;
	int result = worker_open(far->worker, near->loop);
	if (result < 0)
		return error_set(error, -result, "cannot set up the far end of worker %u: %s",
				 index, strerrordesc_np(-result));
	far->worker->pace = engine->pace;
	worker_join_far_end(near->worker, far->worker);
	return service_add(far->worker, &far->services, error);
}

static int open_far_ends(struct engine *engine, struct error *error)
{
	int result = 0;
	for (unsigned i = engine->plan->workers; i < engine->count && result >= 0; i++)
		result = open_far_end(engine, i - engine->plan->workers, error);
	return result;
}

int engine_open_workers(struct engine *engine, unsigned first, unsigned end, struct error *error)
{
	int result = 0;
	for (unsigned i = first; i < end && result >= 0; i++)
		result = open_worker(&engine->threads[i], error);
	return result;
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

int engine_start_threads(struct engine *engine, unsigned first, unsigned end,
			 void (*notify)(void *context), void *context)
{
	for (unsigned i = first; i < end; i++) {
		struct thread *thread = &engine->threads[i];
		struct worker *far_end = thread->worker->far_end;
		thread->worker->notify = notify;
		thread->worker->notify_context = context;
		if (far_end) {
			far_end->notify = notify;
			far_end->notify_context = context;
		}
		int result = pthread_create(&thread->id, NULL, run_thread, thread);
		if (result)
			return -result;
		thread->is_running = true;
	}
	return 0;
}

void engine_join_threads(struct engine *engine, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++) {
		struct thread *thread = &engine->threads[i];
		if (thread->is_running)
			(void)pthread_join(thread->id, NULL);
		thread->is_running = false;
	}
}

bool engine_are_done(const struct engine *engine, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		if (!atomic_load(&engine->threads[i].worker->is_done))
			return false;
	return true;
}

/* ---- set-up ---- */

static enum pages_sharing sharing_of(const struct plan *plan)
{
	return plan_processes(plan) > 1 ? PAGES_SHARED : PAGES_PRIVATE;
}

/* Workers, and behind them their far ends, which have no thread. */
static unsigned thread_count(const struct plan *plan)
{
	return plan->far_ends ? 2 * plan->workers : plan->workers;
}

static int reserve(struct engine *engine)
{
	const struct plan *plan = engine->plan;
	void *services = NULL;
	void *pace = NULL;
	int result = pages_new(sizeof(*engine->services), sharing_of(plan), &services);
	if (result >= 0)
		result = pages_new(sizeof(*engine->pace), sharing_of(plan), &pace);
	engine->services = services;
	engine->pace = pace;
	for (unsigned i = 0; i < thread_count(plan) && result >= 0; i++) {
		struct thread *thread = &engine->threads[i];
		thread->engine = engine;
		result = i < plan->workers ? worker_reserve(plan, i, &thread->worker)
					   : worker_reserve(&plan->far_ends[i - plan->workers], 0,
							    &thread->worker);
		engine->count += result >= 0;
	}
	return result;
}

static int reserve_processes(struct engine *engine)
{
	const struct plan *plan = engine->plan;
	void *setup = NULL;
	int result = pages_new(sizeof(*engine->setup), PAGES_SHARED, &setup);
	engine->setup = setup;
	engine->processes = calloc(plan->processes, sizeof(*engine->processes));
	if (!engine->processes)
		return -ENOMEM;
	for (unsigned i = 0; i < plan->processes; i++)
		forked_init(&engine->processes[i].forked);
	for (int i = 0; i < PLAN_STREAMS && result >= 0; i++)
		if (plan_has_stream(plan, i))
			result = recorder_new(&engine->lost[i]);
	if (result >= 0)
		result = recorder_new(&engine->lost_one);
	return result < 0 ? result : service_share(plan, engine->services);
}

static int open_processes(struct engine *engine, struct error *error)
{
	int result = reserve_processes(engine);
	if (result < 0)
		return error_set(error, -result, "cannot set up %u processes: %s",
				 engine->plan->processes, strerrordesc_np(-result));
	for (unsigned i = 0; i < engine->plan->processes && result >= 0; i++)
		result = process_open(engine, i, error);
	return result;
}

static int open_all(struct engine *engine, struct error *error)
{
	int result = reserve(engine);
	if (result < 0)
		return error_set(error, -result, "cannot set up worker %u: %s", engine->count,
				 strerrordesc_np(-result));
	if (plan_processes(engine->plan) > 1)
		return open_processes(engine, error);
	result = engine_open_workers(engine, 0, engine->plan->workers, error);
	return result < 0 ? result : open_far_ends(engine, error);
}

int engine_new(const struct plan *plan, struct error *error, struct engine **ret)
{
	struct engine *engine =
		calloc(1, sizeof(*engine) + thread_count(plan) * sizeof(engine->threads[0]));
	if (!engine)
		return error_set(error, ENOMEM, "out of memory");
	engine->plan = plan;
	names_init(&engine->names);
	int result = open_all(engine, error);
	if (result < 0)
		engine_free(engine);
	else
		*ret = engine;
	return result;
}

static void free_processes(struct engine *engine)
{
	for (unsigned i = 0; engine->processes && i < engine->plan->processes; i++)
		process_close(&engine->processes[i]);
	for (int i = 0; i < PLAN_STREAMS; i++)
		recorder_free(engine->lost[i]);
	recorder_free(engine->lost_one);
	pages_free(engine->setup, sizeof(*engine->setup));
	free(engine->processes);
}

static void free_workers(struct engine *engine)
{
	for (unsigned i = 0; i < engine->count; i++) {
		struct thread *thread = &engine->threads[i];
		if (thread->loop || thread->is_open)
			worker_close(thread->worker);
		worker_release(thread->worker);
	}
	for (unsigned i = 0; i < engine->count; i++)
		loop_free(engine->threads[i].loop);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	engine_join_threads(engine, 0, engine->count);
	free_processes(engine);
	free_workers(engine);
	if (engine->services)
		service_unshare(engine->services);
	pages_free(engine->services, sizeof(*engine->services));
	pages_free(engine->pace, sizeof(*engine->pace));
	names_deinit(&engine->names);
	free(engine);
}

/* ---- the course of a run ---- */

static int start_processes(struct engine *engine, struct loop *owner, void (*notify)(void *context),
			   void *context, struct error *error)
{
	for (unsigned i = 0; i < engine->plan->processes; i++) {
		int result = process_start(&engine->processes[i], owner, notify, context);
		if (result < 0)
			return error_set(error, -result, "cannot watch process %u: %s", i + 1,
					 strerrordesc_np(-result));
	}
	return 0;
}

int engine_start(struct engine *engine, struct loop *owner, void (*notify)(void *context),
		 void *context, struct error *error)
{
	if (engine->processes)
		return start_processes(engine, owner, notify, context, error);
	int result = engine_start_threads(engine, 0, engine->plan->workers, notify, context);
	if (result >= 0)
		return 0;
	engine_abort(engine);
	return error_set(error, -result, "cannot start a thread: %s", strerrordesc_np(-result));
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
	return engine_are_done(engine, 0, engine->count);
}

void engine_begin(struct engine *engine, uint64_t begin_ns)
{
	for (unsigned i = 0; i < engine->count; i++)
		worker_want_begin(engine->threads[i].worker, begin_ns);
}

static bool have_all_taken(const struct engine *engine, uint32_t number)
{
	for (unsigned i = 0; i < engine->count; i++) {
		const struct thread *thread = &engine->threads[i];
		if (!thread->is_lost && atomic_load(&thread->worker->paces_taken) != number)
			return false;
	}
	return true;
}

int engine_change_rate(struct engine *engine, double rate_per_second, uint64_t *ret_at_ns)
{
	if (!have_all_taken(engine, atomic_load(&engine->pace->number)))
		return -EAGAIN;
	*ret_at_ns = pace_set(engine->pace, rate_per_second, clock_monotonic_ns);
	for (unsigned i = 0; i < engine->count; i++)
		worker_want_pace(engine->threads[i].worker);
	return 0;
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
	engine_join_threads(engine, 0, engine->count);
	for (unsigned i = 0; engine->processes && i < engine->plan->processes; i++)
		process_join(&engine->processes[i]);
}

uint64_t engine_done_ns(const struct engine *engine)
{
	uint64_t done_ns = 0;
	for (unsigned i = 0; i < engine->count; i++)
		if (engine->threads[i].worker->done_ns > done_ns)
			done_ns = engine->threads[i].worker->done_ns;
	return done_ns;
}

uint64_t engine_end_ns(const struct engine *engine)
{
	uint64_t end_ns = 0;
	for (unsigned i = 0; i < engine->count; i++)
		if (!engine->threads[i].is_lost)
			return engine->threads[i].worker->end_ns;
	for (unsigned i = 0; i < engine->count; i++)
		if (engine->threads[i].worker->end_ns > end_ns)
			end_ns = engine->threads[i].worker->end_ns;
	return end_ns;
}
