/* What the owner of a worker reads of it: made before any process that shares it is forked. */
#include "engine/worker.h"

#define EVENT_RING_CAPACITY 16384

static uint32_t own_slots(const struct plan *plan, unsigned index)
{
	return (plan->slots.count + plan->workers - 1 - index) / plan->workers;
}

/* New connections and probes are the first worker's. */
static bool has_stream(const struct plan *plan, unsigned index, enum plan_stream stream)
{
	bool is_first_only = stream == PLAN_NEW || stream == PLAN_PATH || stream == PLAN_PROBE;
	if (stream == PLAN_SERVED && plan->serve.listen_count == 0)
		return false; /* a far end's */
	return plan_has_stream(plan, stream) && (index == 0 || !is_first_only);
}

static enum pages_sharing sharing_of(const struct plan *plan)
{
	return plan->processes > 1 ? PAGES_SHARED : PAGES_PRIVATE;
}

static int new_publications(struct worker *worker)
{
	for (int i = 0; i < PLAN_STREAMS; i++) {
		if (!has_stream(worker->plan, worker->index, i))
			continue;
		int result = publication_new(&worker->publications[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

static int new_lists(struct worker *worker)
{
	const struct plan *plan = worker->plan;
	enum pages_sharing sharing = sharing_of(plan);
	struct worker_logs *logs = &worker->logs;
	uint32_t ended = CONNECTIONS_ENDED_MAX / plan->workers + 1;
	bool has_attempts = has_stream(plan, worker->index, PLAN_NEW);
	int result = interval_log_new(INTERVALS_MAX, sharing, &logs->intervals);
	if (result >= 0)
		result = connection_log_new(ended, sharing, &logs->ended);
	if (result >= 0)
		result = connection_log_new(worker->slot_count + 1, sharing, &logs->open);
	if (result >= 0 && has_attempts)
		result = attempt_log_new(ATTEMPTS_LOGGED_MAX, sharing, &logs->attempts);
	return result;
}

static size_t slots_bytes(const struct worker *worker)
{
	return (worker->slot_count + 1) * sizeof(*worker->slots);
}

static int new_logs(struct worker *worker)
{
	const struct plan *plan = worker->plan;
	int result = event_ring_new(EVENT_RING_CAPACITY, &worker->events);
	if (result >= 0)
		result = new_lists(worker);
	if (result >= 0)
		result = pages_new(slots_bytes(worker), sharing_of(plan), (void **)&worker->slots);
	if (result >= 0)
		result = pages_new(hist_size(HIST_STREAM_RANGE), sharing_of(plan),
				   (void **)&worker->lag);
	if (result >= 0 && plan->processes > 1)
		result = names_share(&worker->names);
	if (result >= 0)
		hist_init(worker->lag, HIST_STREAM_RANGE);
	return result;
}

int worker_reserve(const struct plan *plan, unsigned index, struct worker **ret)
{
	void *pages = NULL;
	int result = pages_new(sizeof(struct worker), sharing_of(plan), &pages);
	if (result < 0)
		return result;
	struct worker *worker = pages;
	worker->plan = plan;
	worker->index = index;
	worker->begin_ns = UINT64_MAX;
	worker->end_ns = UINT64_MAX;
	worker->slot_count = own_slots(plan, index);
	worker->path.verdict = FLOWS_NOT_TRIED;
	names_init(&worker->names);
	result = new_publications(worker);
	if (result >= 0)
		result = new_logs(worker);
	if (result < 0) {
		worker_release(worker);
		return result;
	}
	*ret = worker;
	return 0;
}

void worker_release(struct worker *worker)
{
	for (int i = 0; i < PLAN_STREAMS; i++)
		publication_free(worker->publications[i]);
	event_ring_free(worker->events);
	interval_log_free(&worker->logs.intervals);
	connection_log_free(&worker->logs.ended);
	connection_log_free(&worker->logs.open);
	attempt_log_free(&worker->logs.attempts);
	names_deinit(&worker->names);
	pages_free(worker->slots, slots_bytes(worker));
	pages_free(worker->lag, hist_size(HIST_STREAM_RANGE));
	pages_free(worker, sizeof(*worker));
}
