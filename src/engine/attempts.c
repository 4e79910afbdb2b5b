#include "engine/attempts.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "engine/attempt.h"

/* Attempts under way at once: what the rate can pile up within the two time-outs, within bounds. */
#define PENDING_MIN 64
#define PENDING_MAX 65536

/* Unanswered attempts in a row that make a service outage. */
#define OUTAGE_AFTER 2

static struct attempts *attempts_of(const struct activity *activity)
{
	return container_of(activity, struct attempts, activity);
}

/* ---- service outages ---- */

static void log_outage(struct attempts *attempts, const struct gap_span *span)
{
	struct interval interval = {
		.start_ns = span->start_ns,
		.end_ns = span->end_ns,
		.unanswered = span->unanswered,
		.slot = (uint32_t)attempts->outage_sequence,
		.backend = BACKEND_UNKNOWN,
		.kind = INTERVAL_OUTAGE,
		.stream = PLAN_NEW,
		.is_open = span->is_open,
	};
	interval_log_add(&attempts->worker->logs.intervals, &interval);
}

/* Attempts settle in any order; outages are runs in the order in which they were due. */
void attempts_take_finals(struct attempts *attempts)
{
	struct window_final final;
	struct gap_span span;
	while (window_take_final(&attempts->window, &final)) {
		if (!final.is_answered) {
			if (attempts->outage.unanswered == 0)
				attempts->outage_sequence = final.sequence;
			attempts->counters->interrupted +=
				gap_unanswered(&attempts->outage, final.due_ns);
		} else if (gap_answered(&attempts->outage, final.due_ns, &span)) {
			attempts->counters->interrupted--;
			log_outage(attempts, &span);
		}
	}
}

/* ---- the schedule ---- */

static void fall_due(struct attempts *attempts, uint64_t until_ns)
{
	struct schedule_cursor *cursor = &attempts->cursor;
	for (; cursor->due_ns < until_ns; schedule_cursor_next(cursor))
		attempt_start(attempts, cursor->due_ns);
}

static void run_schedule(struct pacer *pacer, uint64_t now_ns)
{
	struct attempts *attempts = container_of(pacer, struct attempts, pacer);
	uint64_t end_ns = attempts->worker->end_ns;
	fall_due(attempts, now_ns < end_ns ? now_ns + 1 : end_ns);
	uint64_t due_ns = attempts->cursor.due_ns;
	pacer->due_ns = due_ns < end_ns ? due_ns : UINT64_MAX;
}

/* ---- the activity ---- */

static void begin(struct activity *activity)
{
	struct attempts *attempts = attempts_of(activity);
	uint64_t begin_ns = attempts->worker->begin_ns;
	schedule_init(&attempts->schedule, begin_ns, attempts->plan->attempts.rate_per_second);
	schedule_cursor_init(&attempts->cursor, &attempts->schedule, 1, 0, 1);
	unanswered_begin(&attempts->unanswered, begin_ns);
	attempts->pacer.due_ns = attempts->cursor.due_ns;
	loop_add_pacer(attempts->worker->loop, &attempts->pacer);
}

static void end(struct activity *activity)
{
	struct attempts *attempts = attempts_of(activity);
	if (attempts->worker->begin_ns == UINT64_MAX)
		return;
	fall_due(attempts, attempts->worker->end_ns);
	loop_remove_pacer(attempts->worker->loop, &attempts->pacer);
}

static bool is_done(const struct activity *activity)
{
	return list_is_empty(&attempts_of(activity)->live);
}

static void finish(struct activity *activity)
{
	struct attempts *attempts = attempts_of(activity);
	struct gap_span span;
	if (attempts->worker->begin_ns == UINT64_MAX)
		return;
	while (!list_is_empty(&attempts->live))
		attempt_abandon(container_of(attempts->live.next, struct attempt, node));
	if (gap_finish(&attempts->outage, attempts->worker->end_ns, &span))
		log_outage(attempts, &span);
	unanswered_finish(&attempts->unanswered, loop_now(attempts->worker->loop));
}

static void free_attempts(struct activity *activity)
{
	struct attempts *attempts = attempts_of(activity);
	for (struct list *node = attempts->live.next; node != &attempts->live; node = node->next)
		attempt_close(container_of(node, struct attempt, node));
	slab_deinit(&attempts->slab);
	speakers_deinit(&attempts->speakers);
	unanswered_deinit(&attempts->unanswered);
	source_pool_free(attempts->sources);
	free(attempts->window_storage);
	free(attempts);
}

static const struct activity_kind attempts_kind = {
	.name = "attempts",
	.begin = begin,
	.end = end,
	.is_done = is_done,
	.finish = finish,
	.free = free_attempts,
};

static uint32_t pending_max(const struct plan *plan)
{
	double seconds = (double)(plan->connect_timeout_ns + plan->reply_timeout_ns) / NS_PER_S;
	double pending = plan->attempts.rate_per_second * seconds + PENDING_MIN;
	return pending < PENDING_MAX ? (uint32_t)pending : PENDING_MAX;
}

static int new_parts(struct attempts *attempts)
{
	const struct plan *plan = attempts->plan;
	uint32_t pending = pending_max(plan);
	attempts->window_storage = malloc(window_storage_size(pending));
	if (!attempts->window_storage)
		return -ENOMEM;
	window_init(&attempts->window, attempts->window_storage, pending);
	int result = unanswered_init(&attempts->unanswered,
				     recorder_hist(attempts->recorder, LATENCY_RESPONSE),
				     plan->reply_timeout_ns);
	if (result >= 0 && plan->sources)
		result = source_pool_split(plan->sources, 0, 1, &attempts->sources);
	return result;
}

int attempts_add(struct worker *worker)
{
	struct attempts *attempts = calloc(1, sizeof(*attempts));
	if (!attempts)
		return -ENOMEM;
	attempts->worker = worker;
	attempts->plan = worker->plan;
	attempts->recorder = worker->recorders[PLAN_NEW];
	attempts->counters = &attempts->recorder->counters;
	pacer_init(&attempts->pacer, run_schedule);
	list_init(&attempts->live);
	gap_init(&attempts->outage, OUTAGE_AFTER);
	worker_add_activity(worker, &attempts->activity, &attempts_kind);
	int result = speakers_init(&attempts->speakers, worker, attempts->plan->targets,
				   attempts->plan->target_count);
	slab_init(&attempts->slab, sizeof(struct attempt) + attempts->speakers.speech_bytes, 64);
	return result < 0 ? result : new_parts(attempts);
}
