#include "engine/worker.h"

#include <errno.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "engine/attempts.h"
#include "engine/flows.h"
#include "engine/one_way.h"
#include "engine/slots.h"
#include "sys/cpu.h"
#include "sys/cpu_wait.h"

/* ---- the course of a run ---- */

static void publish_lag(struct worker *worker)
{
	const struct hist *lag = worker->lag;
	atomic_store_explicit(&worker->lag_count, lag->count, memory_order_relaxed);
	atomic_store_explicit(&worker->lag_sum_ns, lag->sum, memory_order_relaxed);
	atomic_store_explicit(&worker->lag_max_ns, lag->maximum, memory_order_relaxed);
}

static void publish_stream(struct worker *worker, int stream)
{
	struct recorder *recorder = worker->recorders[stream];
	struct counters *counters = &recorder->counters;
	if (worker->stage >= WORKER_LINGER)
		counters->received_after = counters->received - worker->received_at_end[stream];
	publication_publish(worker->publications[stream], recorder, worker->ticks);
}

static void publish_logs(struct worker *worker)
{
	unsigned number = atomic_load_explicit(&worker->published_number, memory_order_relaxed) + 1;
	worker->published_logs[number % 2] = worker->logs;
	atomic_store_explicit(&worker->published_number, number, memory_order_release);
}

static void publish(struct worker *worker)
{
	for (struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->account)
			a->kind->account(a);
	for (int i = 0; i < PLAN_STREAMS; i++)
		if (worker->recorders[i])
			publish_stream(worker, i);
	publish_logs(worker);
	publish_lag(worker);
}

static void notify(struct worker *worker)
{
	if (worker->notify)
		worker->notify(worker->notify_context);
}

static void want_finish(struct worker *worker)
{
	loop_defer(worker->loop, &worker->finishing);
}

static bool has_room(const struct worker *worker)
{
	for (struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->has_room && !a->kind->has_room(a))
			return false;
	return true;
}

/* A change that is complete is made, and once there is room for the next one that is said. */
static void take_pace(struct worker *worker)
{
	if (!worker->pace || worker->stage != WORKER_MEASURE)
		return;
	struct pace_change change = pace_newest(worker->pace);
	if (change.number != worker->pace_number) {
		worker->pace_number = change.number;
		worker->paced_ns = change.at_ns;
		for (struct activity *a = worker->activities; a; a = a->next)
			if (a->kind->change)
				a->kind->change(a, &change);
	}
	if (atomic_load(&worker->paces_taken) != worker->pace_number && has_room(worker))
		atomic_store(&worker->paces_taken, worker->pace_number);
}

static uint64_t linger_ns(const struct plan *plan)
{
	return plan->serve.listen_count ? plan->serve.drain_ns : plan->linger_ns;
}

static void enter_linger(struct worker *worker, uint64_t end_ns)
{
	if (worker->stage >= WORKER_LINGER)
		return;
	take_pace(worker);
	worker->end_ns = end_ns;
	worker->stage = WORKER_LINGER;
	worker->cpu_used_ns = cpu_used_by_thread_ns() - worker->cpu_used_ns;
	worker->cpu_waited_ns = cpu_waited_by_thread_ns() - worker->cpu_waited_ns;
	for (int i = 0; i < PLAN_STREAMS; i++)
		if (worker->recorders[i])
			worker->received_at_end[i] = worker->recorders[i]->counters.received;
	for (struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->end)
			a->kind->end(a);
	loop_set_timer(worker->loop, &worker->deadline, end_ns + linger_ns(worker->plan));
}

static void end(struct worker *worker, uint64_t end_ns)
{
	enter_linger(worker, end_ns);
	worker_check(worker);
}

static void finish(struct deferred *deferred)
{
	struct worker *worker = container_of(deferred, struct worker, finishing);
	if (worker->stage == WORKER_DONE)
		return;
	enter_linger(worker, loop_read_clock(worker->loop));
	for (struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->finish)
			a->kind->finish(a);
	worker->stage = WORKER_DONE;
	loop_clear_timer(worker->loop, &worker->tick);
	loop_clear_timer(worker->loop, &worker->deadline);
	worker->done_ns = loop_read_clock(worker->loop);
	worker->ticks = WORKER_DONE_TICK;
	publish(worker);
	atomic_store(&worker->is_done, true);
	loop_stop(worker->loop);
	notify(worker);
}

static void begin(struct worker *worker, uint64_t begin_ns)
{
	worker->stage = WORKER_MEASURE;
	worker->begin_ns = begin_ns;
	worker->cpu_used_ns = cpu_used_by_thread_ns();
	worker->cpu_waited_ns = cpu_waited_by_thread_ns();
	if (worker->plan->duration_ns)
		worker->end_ns = begin_ns + worker->plan->duration_ns;
	for (struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->begin)
			a->kind->begin(a);
	loop_set_timer(worker->loop, &worker->tick, begin_ns + WORKER_TICK_NS);
	if (worker->plan->duration_ns)
		loop_set_timer(worker->loop, &worker->deadline, worker->end_ns);
}

static void on_deadline(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, deadline);
	if (worker->stage == WORKER_MEASURE)
		end(worker, worker->end_ns);
	else
		want_finish(worker);
}

static void on_tick(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, tick);
	uint64_t now_ns = loop_now(worker->loop);
	if (worker->stage == WORKER_RAMP) {
		publish(worker);
		loop_set_timer(worker->loop, timer, now_ns + WORKER_TICK_NS);
		return;
	}
	/* A late loop leaves out the ticks that it slept through. */
	uint64_t passed = (now_ns - worker->begin_ns) / WORKER_TICK_NS;
	worker->ticks = WORKER_RAMP_TICK + passed;
	take_pace(worker);
	publish(worker);
	loop_set_timer(worker->loop, timer, worker->begin_ns + (passed + 1) * WORKER_TICK_NS);
}

void worker_obey(struct worker *worker)
{
	uint64_t begin_ns = atomic_load(&worker->wanted_begin_ns);
	if (worker->stage == WORKER_RAMP && begin_ns)
		begin(worker, begin_ns);
	take_pace(worker);
	if (atomic_load(&worker->is_end_wanted))
		end(worker, loop_read_clock(worker->loop));
	if (atomic_load(&worker->is_abort_wanted))
		want_finish(worker);
}

static void on_wake(void *context)
{
	struct worker *worker = context;
	worker_obey(worker);
	if (worker->far_end)
		worker_obey(worker->far_end);
}

static bool are_all_settled(const struct worker *worker)
{
	for (const struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->is_settled && !a->kind->is_settled(a))
			return false;
	return true;
}

static bool are_all_done(const struct worker *worker)
{
	for (const struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->is_done && !a->kind->is_done(a))
			return false;
	return true;
}

void worker_check(struct worker *worker)
{
	if (worker->stage == WORKER_LINGER && are_all_done(worker))
		want_finish(worker);
	if (worker->stage == WORKER_RAMP && !atomic_load(&worker->is_settled) &&
	    are_all_settled(worker)) {
		publish(worker);
		atomic_store(&worker->is_settled, true);
		notify(worker);
	}
}

bool worker_is_counting(const struct worker *worker)
{
	return worker->stage == WORKER_MEASURE || worker->stage == WORKER_LINGER;
}

void worker_start(struct worker *worker)
{
	uint64_t now_ns = loop_read_clock(worker->loop);
	worker->ticks = WORKER_RAMP_TICK;
	loop_set_timer(worker->loop, &worker->tick, now_ns + WORKER_TICK_NS);
	for (struct activity *a = worker->activities; a; a = a->next)
		if (a->kind->start)
			a->kind->start(a);
	worker_check(worker);
}

/* ---- from the owner's thread ---- */

static void wake(struct worker *worker)
{
	if (worker->wake)
		worker->wake(worker->wake_context);
	else
		loop_wake(worker->loop);
}

void worker_want_begin(struct worker *worker, uint64_t begin_ns)
{
	atomic_store(&worker->wanted_begin_ns, begin_ns);
	wake(worker);
}

void worker_want_end(struct worker *worker)
{
	atomic_store(&worker->is_end_wanted, true);
	wake(worker);
}

void worker_want_abort(struct worker *worker)
{
	atomic_store(&worker->is_abort_wanted, true);
	wake(worker);
}

void worker_lost(struct worker *worker, uint64_t lost_ns)
{
	unsigned number = atomic_load(&worker->published_number);
	if (number > 0)
		worker->logs = worker->published_logs[number % 2];
	if (worker->end_ns > lost_ns)
		worker->end_ns = lost_ns;
	worker->done_ns = lost_ns;
	worker->cpu_used_ns = 0;
	worker->cpu_waited_ns = 0;
	atomic_store(&worker->is_settled, true);
	atomic_store(&worker->is_done, true);
}

void worker_want_pace(struct worker *worker)
{
	wake(worker);
}

/* ---- for activities ---- */

void worker_add_activity(struct worker *worker, struct activity *activity,
			 const struct activity_kind *kind)
{
	struct activity **last = &worker->activities;
	while (*last)
		last = &(*last)->next;
	*activity = (struct activity){ .kind = kind, .worker = worker };
	*last = activity;
}

void worker_event(struct worker *worker, const struct event *event)
{
	struct event told = *event;
	if (!told.at_ns)
		told.at_ns = loop_now(worker->loop);
	event_ring_put(worker->events, &told);
}

/* ---- life ---- */

static void on_lag(void *context, uint64_t lag_ns)
{
	struct worker *worker = context;
	if (worker->stage == WORKER_MEASURE)
		hist_add(worker->lag, lag_ns);
}

static int new_recorders(struct worker *worker)
{
	for (int i = 0; i < PLAN_STREAMS; i++) {
		if (!worker->publications[i])
			continue;
		int result = recorder_new(&worker->recorders[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

static int new_scratch(struct worker *worker)
{
	worker->scratch = malloc(WORKER_SCRATCH_BYTES);
	worker->zeros = calloc(1, WORKER_SCRATCH_BYTES);
	return worker->scratch && worker->zeros ? 0 : -ENOMEM;
}

static int add_slots(struct worker *worker)
{
	const struct plan *plan = worker->plan;
	if (plan->slots.transport != TRANSPORT_UDP)
		return slots_add(worker);
	return plan_is_one_way(plan) ? one_way_add(worker) : flows_add(worker, plan->slots_stream);
}

static int add_activities(struct worker *worker)
{
	int result = 0;
	if (worker->slot_count > 0)
		result = add_slots(worker);
	if (result >= 0 && worker->publications[PLAN_PROBE])
		result = slots_add_probe(worker);
	if (result >= 0 && worker->publications[PLAN_NEW])
		result = attempts_add(worker);
	if (result >= 0 && worker->publications[PLAN_PATH])
		result = flows_add(worker, PLAN_PATH);
	return result;
}

int worker_open(struct worker *worker, struct loop *loop)
{
	worker->loop = loop;
	random_init(&worker->random, worker->plan->seed + worker->index);
	timer_init(&worker->tick, on_tick);
	timer_init(&worker->deadline, on_deadline);
	deferred_init(&worker->finishing, finish);
	loop_on_wake(loop, on_wake, worker);
	loop_on_lag(loop, on_lag, worker);
	int result = new_recorders(worker);
	if (result >= 0)
		result = new_scratch(worker);
	return result < 0 ? result : add_activities(worker);
}

int worker_new(const struct plan *plan, unsigned index, struct loop *loop, struct worker **ret)
{
	struct worker *worker = NULL;
	int result = worker_reserve(plan, index, &worker);
	if (result < 0)
		return result;
	result = worker_open(worker, loop);
	if (result < 0)
		worker_free(worker);
	else
		*ret = worker;
	return result;
}

void worker_close(struct worker *worker)
{
	if (!worker->loop)
		return;
	for (struct activity *a = worker->activities, *next; a; a = next) {
		next = a->next;
		a->kind->free(a);
	}
	worker->activities = NULL;
	list_remove(&worker->finishing.node);
	for (int i = 0; i < PLAN_STREAMS; i++)
		recorder_free(worker->recorders[i]);
	free(worker->scratch);
	free((void *)worker->zeros);
}

void worker_join_far_end(struct worker *worker, struct worker *far_end)
{
	worker->far_end = far_end;
	loop_on_wake(worker->loop, on_wake, worker);
	loop_on_lag(worker->loop, on_lag, worker);
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	worker_close(worker);
	worker_release(worker);
}
