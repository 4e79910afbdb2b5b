#include "engine/process.h"

#include <errno.h>
#include <string.h>

#include "engine/engine_inside.h"
#include "sys/clock.h"

/* What goes over the line. */
#define READY 'r' /* the workers are open */
#define GO    'g' /* their threads start; from the owner, once */
#define LOOK  'l' /* at what is wanted, or at what has become true */

/* ---- the process itself ---- */

static void on_own_worker(void *context)
{
	struct process *process = context;
	forked_say(&process->forked, LOOK);
	if (engine_are_done(process->engine, process->first, process->end))
		loop_stop(process->loop);
}

static void wake_own(void *context)
{
	struct process *process = context;
	loop_wake(process->loop);
}

static void heed(struct process *process)
{
	struct engine *engine = process->engine;
	for (unsigned i = process->first; i < process->end && process->is_started; i++)
		loop_wake(engine->threads[i].loop);
	if (process->is_started)
		return;
	process->is_started = true;
	if (engine_start_threads(engine, process->first, process->end, wake_own, process) < 0)
		forked_leave(1);
}

static void on_owner(struct watch *watch, uint32_t events)
{
	struct process *process = container_of(watch, struct process, line);
	char word = 0;
	int result = 0;
	(void)events;
	while ((result = forked_hear(&process->forked, &word)) == 0)
		heed(process);
	if (result != -EAGAIN && result != -EINTR)
		forked_leave(1);
}

/* Those that were forked before have lines of their own. */
static void forget_others(struct process *process)
{
	struct process *all = process->engine->processes;
	for (unsigned i = 0; i < process->told.index; i++)
		forked_close(&all[i].forked);
}

static int open_own(struct process *process, struct error *error)
{
	int result = engine_open_workers(process->engine, process->first, process->end, error);
	if (result >= 0)
		result = loop_new(&(struct loop_options){ 0 }, &process->loop);
	if (result < 0)
		return result;
	loop_on_wake(process->loop, on_own_worker, process);
	process->line = (struct watch){ on_owner, process->forked.line };
	return loop_watch(process->loop, &process->line);
}

static _Noreturn void run(struct process *process)
{
	struct process_setup *setup = process->engine->setup;
	forget_others(process);
	setup->result = open_own(process, &setup->error);
	if (setup->result < 0)
		forked_leave(1);
	forked_say(&process->forked, READY);
	int result = loop_run(process->loop, UINT64_MAX);
	if (result < 0)
		forked_leave(1);
	engine_join_threads(process->engine, process->first, process->end);
	forked_leave(0);
}

/* ---- its owner ---- */

static int explain_setup(struct process *process, struct error *error)
{
	const struct process_setup *setup = process->engine->setup;
	int code = setup->result < 0 ? -setup->result : ECHILD;
	if (setup->error.text[0])
		return error_set(error, code, "%s", setup->error.text);
	return error_set(error, code, "cannot set up process %u of %u: %s", process->told.index + 1,
			 plan_processes(process->engine->plan),
			 setup->result < 0 ? strerrordesc_np(code) : "it ended");
}

int process_open(struct engine *engine, unsigned index, struct error *error)
{
	struct process *process = &engine->processes[index];
	char word = 0;
	process->engine = engine;
	process->first = plan_first_worker(engine->plan, index);
	process->end = plan_first_worker(engine->plan, index + 1);
	process->told =
		(struct engine_process){ .index = index, .workers = process->end - process->first };
	for (unsigned i = process->first; i < process->end; i++) {
		struct worker *worker = engine->threads[i].worker;
		process->told.slots += worker->slot_count;
		worker->wake = process_wake;
		worker->wake_context = process;
	}
	*engine->setup = (struct process_setup){ 0 };
	int result = forked_start(&process->forked);
	if (result < 0)
		return error_set(error, -result, "cannot start process %u: %s", index + 1,
				 strerrordesc_np(-result));
	if (process->forked.pid == 0)
		run(process);
	process->told.pid = process->forked.pid;
	return forked_await(&process->forked, &word) < 0 ? explain_setup(process, error) : 0;
}

void process_wake(void *context)
{
	const struct process *process = context;
	forked_say(&process->forked, LOOK);
}

/* Its workers that were not done are lost, and known by what they had published. */
static void note_end(struct process *process, const struct forked_end *end)
{
	uint64_t now_ns = clock_monotonic_ns();
	process->cpu_ns = end->cpu_ns;
	if (engine_are_done(process->engine, process->first, process->end))
		return;
	process->told.is_lost = true;
	process->told.lost_ns = now_ns;
	process->told.signal = end->signal;
	process->told.status = end->status;
	for (unsigned i = process->first; i < process->end; i++)
		process->told.connections += engine_lose_worker(process->engine, i, now_ns);
}

static void stop_watching(struct process *process)
{
	if (!process->owner)
		return;
	loop_unwatch(process->owner, &process->line);
	loop_unwatch(process->owner, &process->end_of_it);
	process->owner = NULL;
}

static void on_end(struct watch *watch, uint32_t events)
{
	struct process *process = container_of(watch, struct process, end_of_it);
	struct forked_end end;
	(void)events;
	if (process->forked.pid == 0 || forked_reap(&process->forked, &end) < 0)
		return;
	note_end(process, &end);
	stop_watching(process);
	process->notify(process->notify_context);
}

static void on_told(struct watch *watch, uint32_t events)
{
	struct process *process = container_of(watch, struct process, line);
	char word = 0;
	(void)events;
	while (forked_hear(&process->forked, &word) == 0)
		;
	process->notify(process->notify_context);
}

int process_start(struct process *process, struct loop *owner, void (*notify)(void *context),
		  void *context)
{
	process->notify = notify;
	process->notify_context = context;
	process->line = (struct watch){ on_told, process->forked.line };
	process->end_of_it = (struct watch){ on_end, process->forked.pid_fd };
	int result = loop_watch(owner, &process->line);
	if (result < 0)
		return result;
	result = loop_watch(owner, &process->end_of_it);
	if (result < 0) {
		loop_unwatch(owner, &process->line);
		return result;
	}
	process->owner = owner;
	forked_say(&process->forked, GO);
	return 0;
}

void process_join(struct process *process)
{
	struct forked_end end;
	stop_watching(process);
	if (process->forked.pid == 0)
		return;
	forked_reap_last(&process->forked, &end);
	note_end(process, &end);
}

void process_close(struct process *process)
{
	stop_watching(process);
	forked_close(&process->forked);
	if (process->forked.pid > 0)
		forked_reap_last(&process->forked, &(struct forked_end){ 0 });
}

uint64_t process_cpu_ns(const struct process *process)
{
	return process->forked.pid > 0 ? forked_cpu_ns(&process->forked) : process->cpu_ns;
}
