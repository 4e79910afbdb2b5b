#include "engine/flows.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "engine/flow.h"
#include "net/source_pool.h"

/* A persistent flow that has no answer yet is greeted again after a quarter of the connect
 * timeout; the path is asked at most three times, a second apart. */
#define GREETINGS_PER_TIMEOUT 4
#define PATH_GREETINGS_MAX    3
#define PATH_GREETING_NS      NS_PER_S

/* How often the path probes look whether a TCP reply has named its host. */
#define NAME_POLL_NS (20 * NS_PER_MS)

#define PENDING_SPARE 64
#define PENDING_MAX   (UINT32_C(1) << 20)

/* An interruption takes two unanswered messages; load knows none. */
#define INTERRUPTED_AFTER 2
#define NEVER_INTERRUPTED UINT32_MAX

static struct flows *flows_of(const struct activity *activity)
{
	return container_of(activity, struct flows, activity);
}

static bool is_path(const struct flows *flows)
{
	return flows->stream == PLAN_PATH;
}

uint32_t flows_number(const struct flows *flows, const struct flow *flow)
{
	return is_path(flows) ? flow->own : flow->own * flows->plan->workers + flows->worker->index;
}

uint64_t flows_due(const struct flows *flows, const struct flow *flow, uint64_t round)
{
	return schedule_due(&flows->schedule, round * flows->total + flows_number(flows, flow));
}

/* ---- the schedule ---- */

static void fall_due(struct flows *flows, uint64_t until_ns)
{
	struct schedule_cursor *cursor = &flows->cursor;
	for (; cursor->due_ns < until_ns; schedule_cursor_next(cursor)) {
		struct flow *flow = &flows->items[cursor->own];
		flow->due_round++;
		flows->counters->scheduled++;
		flows->counters->debt++;
		if (!flow->is_listed)
			flows->listed[flows->listed_count++] = cursor->own;
		flow->is_listed = true;
	}
	for (uint32_t i = 0; i < flows->listed_count; i++) {
		flows->items[flows->listed[i]].is_listed = false;
		flow_flush(&flows->items[flows->listed[i]]);
	}
	flows->listed_count = 0;
}

static void run_schedule(struct pacer *pacer, uint64_t now_ns)
{
	struct flows *flows = container_of(pacer, struct flows, pacer);
	uint64_t end_ns = flows->worker->end_ns;
	if (!is_path(flows))
		end_ns = worker_paced(flows->worker, end_ns);
	fall_due(flows, now_ns < end_ns ? now_ns + 1 : end_ns);
	uint64_t due_ns = flows->cursor.due_ns;
	pacer->due_ns = due_ns < end_ns ? due_ns : UINT64_MAX;
}

static void start_schedule(struct flows *flows, uint64_t start_ns)
{
	unsigned index = is_path(flows) ? 0 : flows->worker->index;
	unsigned workers = is_path(flows) ? 1 : flows->plan->workers;
	flows->is_measuring = true;
	flows->state.verdict = FLOWS_MEASURED;
	flows->state.begin_ns = start_ns;
	schedule_init_planned(&flows->schedule, start_ns, flows->rate_per_second,
			      is_path(flows) ? NULL : flows->plan->slots.ramp);
	schedule_cursor_init(&flows->cursor, &flows->schedule, flows->total, index, workers);
	unanswered_begin(&flows->unanswered, start_ns);
	for (uint32_t i = 0; i < flows->count; i++)
		flow_begin(&flows->items[i]);
	flows->pacer.due_ns = flows->cursor.due_ns;
	loop_add_pacer(flows->worker->loop, &flows->pacer);
}

/* ---- a change of the rate ---- */

/* Datagrams of a flow that may wait for an answer at once, with room for late ones behind. */
static uint32_t pending_max(const struct flows *flows, double rate_per_second)
{
	double per_flow = rate_per_second / flows->total;
	double seconds = (double)flows->plan->reply_timeout_ns / NS_PER_S;
	double pending = 2 * per_flow * seconds + PENDING_SPARE;
	return pending < PENDING_MAX ? (uint32_t)pending : PENDING_MAX;
}

/* More of them wait at a higher rate. Without memory for it some are missed, and counted so. */
static void widen_windows(struct flows *flows, double rate_per_second)
{
	uint32_t pending = pending_max(flows, rate_per_second);
	size_t size = window_storage_size(pending);
	if (pending <= flows->pending)
		return;
	char *windows = calloc(flows->count, size);
	if (!windows)
		return;
	for (uint32_t i = 0; i < flows->count; i++)
		window_move(&flows->items[i].window, windows + i * size, pending);
	free(flows->windows);
	flows->windows = windows;
	flows->pending = pending;
}

/* The oldest of the run whose time may still be asked for: a window knows those that were sent. */
static uint64_t oldest_number(const struct flows *flows)
{
	uint64_t oldest = flows->cursor.number;
	for (uint32_t i = 0; i < flows->count; i++) {
		const struct flow *flow = &flows->items[i];
		uint64_t number = flow->next_round * flows->total + flows_number(flows, flow);
		if (flow->next_round < flow->due_round && number < oldest)
			oldest = number;
	}
	return oldest;
}

static bool has_room(struct activity *activity)
{
	struct flows *flows = flows_of(activity);
	if (is_path(flows) || schedule_has_room(&flows->schedule))
		return true;
	schedule_forget(&flows->schedule, oldest_number(flows));
	schedule_cursor_settle(&flows->cursor);
	return schedule_has_room(&flows->schedule);
}

static void change(struct activity *activity, const struct pace_change *change)
{
	struct flows *flows = flows_of(activity);
	if (is_path(flows))
		return;
	bool is_made = schedule_change(&flows->schedule, change->at_ns, change->rate_per_second);
	assert(is_made);
	schedule_cursor_settle(&flows->cursor);
	flows->pacer.due_ns = flows->cursor.due_ns;
	widen_windows(flows, change->rate_per_second);
}

/* ---- the path ---- */

/* The path's record begins as soon as both hold: counting has begun, and the peer answers. */
static void start_path_when_ready(struct flows *flows)
{
	struct worker *worker = flows->worker;
	bool is_wanted = flows->plan->path.mode == PLAN_PROBE_ON || flows->answered > 0;
	if (!is_path(flows) || flows->is_measuring || worker->stage != WORKER_MEASURE || !is_wanted)
		return;
	uint64_t now_ns = loop_now(worker->loop);
	start_schedule(flows, now_ns > worker->begin_ns ? now_ns : worker->begin_ns);
}

void flows_note_answered(struct flows *flows)
{
	if (is_path(flows) && flows->answered == 1)
		worker_event(flows->worker, &(struct event){ .kind = EVENT_PATH_ANSWERED,
							     .stream = PLAN_PATH,
							     .backend = BACKEND_UNKNOWN });
	start_path_when_ready(flows);
	worker_check(flows->worker);
}

/* ---- greeting ---- */

static void greet_path(struct flows *flows, uint64_t now_ns)
{
	if (flows->answered > 0 || flows->worker->stage >= WORKER_LINGER)
		return;
	if (flows->worker->names.count == 0) {
		loop_set_timer(flows->worker->loop, &flows->greeter, now_ns + NAME_POLL_NS);
		return;
	}
	flows->state.verdict = FLOWS_UNANSWERED;
	if (flows->state.tried == PATH_GREETINGS_MAX) {
		worker_event(flows->worker, &(struct event){ .kind = EVENT_PATH_SILENT,
							     .stream = PLAN_PATH,
							     .count = flows->state.tried,
							     .backend = BACKEND_UNKNOWN });
		return;
	}
	flows->state.tried++;
	flow_greet(&flows->items[0]);
	loop_set_timer(flows->worker->loop, &flows->greeter, now_ns + PATH_GREETING_NS);
}

static void greet_silent_flows(struct flows *flows, uint64_t now_ns)
{
	if (flows->answered == flows->count || flows->worker->stage != WORKER_RAMP)
		return;
	for (uint32_t i = 0; i < flows->count; i++)
		if (!flows->items[i].answered_ns)
			flow_greet(&flows->items[i]);
	loop_set_timer(flows->worker->loop, &flows->greeter,
		       now_ns + flows->plan->connect_timeout_ns / GREETINGS_PER_TIMEOUT);
}

static void on_greeter(struct timer *timer)
{
	struct flows *flows = container_of(timer, struct flows, greeter);
	uint64_t now_ns = loop_now(flows->worker->loop);
	if (is_path(flows))
		greet_path(flows, now_ns);
	else
		greet_silent_flows(flows, now_ns);
}

static void on_patience_over(struct timer *timer)
{
	struct flows *flows = container_of(timer, struct flows, patience);
	flows->is_patience_over = true;
	worker_check(flows->worker);
}

/* ---- the activity ---- */

static void start(struct activity *activity)
{
	struct flows *flows = flows_of(activity);
	struct loop *loop = flows->worker->loop;
	flows->state.verdict = FLOWS_NOT_TRIED;
	if (!is_path(flows))
		loop_set_timer(loop, &flows->patience,
			       loop_now(loop) + flows->plan->connect_timeout_ns);
	if (!is_path(flows) || flows->plan->path.mode == PLAN_PROBE_AUTO)
		on_greeter(&flows->greeter);
}

static bool is_settled(const struct activity *activity)
{
	const struct flows *flows = flows_of(activity);
	return is_path(flows) || flows->is_patience_over || flows->answered == flows->count;
}

static void begin(struct activity *activity)
{
	struct flows *flows = flows_of(activity);
	if (is_path(flows))
		start_path_when_ready(flows);
	else
		start_schedule(flows, flows->worker->begin_ns);
}

static void end(struct activity *activity)
{
	struct flows *flows = flows_of(activity);
	loop_clear_timer(flows->worker->loop, &flows->greeter);
	if (!flows->is_measuring)
		return;
	fall_due(flows, flows->worker->end_ns);
	loop_remove_pacer(flows->worker->loop, &flows->pacer);
	for (uint32_t i = 0; i < flows->count; i++)
		flow_end_schedule(&flows->items[i]);
}

static bool is_done(const struct activity *activity)
{
	return flows_of(activity)->counters->in_flight == 0;
}

static void account(struct activity *activity)
{
	struct flows *flows = flows_of(activity);
	uint64_t overflows = 0;
	for (uint32_t i = 0; i < flows->count; i++)
		overflows += flows->items[i].socket.queue_overflows;
	flows->counters->queue_overflows = overflows;
	if (is_path(flows))
		flows->worker->path = flows->state;
}

static void finish(struct activity *activity)
{
	struct flows *flows = flows_of(activity);
	for (uint32_t i = 0; i < flows->count; i++)
		flow_finish(&flows->items[i]);
	if (flows->is_measuring)
		unanswered_finish(&flows->unanswered, loop_now(flows->worker->loop));
}

static void free_flows(struct activity *activity)
{
	struct flows *flows = flows_of(activity);
	for (uint32_t i = 0; flows->items && i < flows->count; i++)
		datagram_close(&flows->items[i].socket);
	unanswered_deinit(&flows->unanswered);
	source_pool_free(flows->sources);
	free(flows->windows);
	free(flows->delays);
	free(flows->datagram);
	free(flows->listed);
	free(flows->items);
	free(flows);
}

static const struct activity_kind flows_kind = {
	.name = "flows",
	.start = start,
	.is_settled = is_settled,
	.begin = begin,
	.change = change,
	.has_room = has_room,
	.end = end,
	.is_done = is_done,
	.finish = finish,
	.account = account,
	.free = free_flows,
};

static void take_plan(struct flows *flows)
{
	const struct plan *plan = flows->plan;
	if (is_path(flows)) {
		flows->count = plan->path.flows;
		flows->total = plan->path.flows;
		flows->message_bytes = plan->path.message_bytes;
		flows->lost_in_a_row = plan->path.outage_after;
		flows->rate_per_second = plan->path.rate_per_second * plan->path.flows;
	} else {
		flows->count = flows->worker->slot_count;
		flows->total = plan->slots.count;
		flows->message_bytes = plan->slots.message_bytes;
		flows->lost_in_a_row =
			flows->stream == PLAN_LOAD ? NEVER_INTERRUPTED : INTERRUPTED_AFTER;
		flows->rate_per_second = plan->slots.rate_per_second;
	}
}

static void bind_recorder(struct flows *flows)
{
	struct recorder *recorder = flows->worker->recorders[flows->stream];
	flows->recorder = recorder;
	flows->counters = &recorder->counters;
	flows->response = recorder_hist(recorder, LATENCY_RESPONSE);
	flows->service = recorder_hist(recorder, LATENCY_SERVICE);
	flows->send_error = recorder_hist(recorder, LATENCY_SEND_ERROR);
}

static int new_parts(struct flows *flows)
{
	uint32_t pending = pending_max(flows, flows->rate_per_second);
	size_t window_size = window_storage_size(pending);
	bool has_delays = flows->stream == PLAN_LOAD;
	flows->pending = pending;
	flows->items = calloc(flows->count, sizeof(*flows->items));
	flows->listed = calloc(flows->count, sizeof(*flows->listed));
	flows->windows = calloc(flows->count, window_size);
	if (has_delays)
		flows->delays = calloc(flows->count, sizeof(*flows->delays));
	flows->datagram = malloc(flows->message_bytes);
	if (!flows->items || !flows->listed || !flows->windows || !flows->datagram ||
	    (has_delays && !flows->delays))
		return -ENOMEM;
	for (uint32_t i = 0; i < flows->count; i++)
		flow_init(&flows->items[i], flows, i, (char *)flows->windows + i * window_size,
			  pending);
	int result =
		unanswered_init(&flows->unanswered, flows->response, flows->plan->reply_timeout_ns);
	/* The path's flows are all this worker's. */
	if (result >= 0 && flows->plan->sources)
		result = source_pool_split(flows->plan->sources, flows->worker->index,
					   is_path(flows) ? 1 : flows->plan->workers,
					   &flows->sources);
	return result;
}

int flows_add(struct worker *worker, enum plan_stream stream)
{
	struct flows *flows = calloc(1, sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	flows->worker = worker;
	flows->plan = worker->plan;
	flows->stream = stream;
	pacer_init(&flows->pacer, run_schedule);
	timer_init(&flows->greeter, on_greeter);
	timer_init(&flows->patience, on_patience_over);
	take_plan(flows);
	bind_recorder(flows);
	worker_add_activity(worker, &flows->activity, &flows_kind);
	return new_parts(flows);
}
