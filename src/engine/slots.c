#include "engine/slots.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "engine/slot.h"
#include "engine/slot_io.h"
#include "engine/slot_ledger.h"

/* Connections that were begun and have not answered yet, a worker: a kernel completes handshakes
 * that the program behind it has not accepted, so without this bound a start of thousands floods
 * the listen queue (somaxconn 4096) and waits out SYN retries. A peer that is silent holds its
 * place for HOLD_NS only. */
#define HELD_MAX 256

#define CATCH_UP_NS (10 * NS_PER_MS)

#define PORT_WINDOW 32

/* Beyond what this host can send, the schedule does not keep the loop from its other work. */
#define DUE_A_TURN 65536

/* A loop that comes so late for a message says so. */
#define BEHIND_NS (100 * NS_PER_MS)

static struct slots *slots_of(const struct activity *activity)
{
	return container_of(activity, struct slots, activity);
}

uint32_t slots_number(const struct slots *slots, const struct slot *slot)
{
	return slot->own * slots->plan->workers + slots->worker->index;
}

uint64_t slots_due(const struct slots *slots, const struct slot *slot, uint64_t round)
{
	uint64_t number = round * slots->plan->slots.count + slots_number(slots, slot);
	return schedule_due(&slots->schedule, number);
}

/* ---- connecting ---- */

static bool can_connect(const struct slots *slots)
{
	return !list_is_empty(&slots->queue) && slots->held < HELD_MAX;
}

static void plan_connector(struct slots *slots)
{
	slots->connector.due_ns = can_connect(slots) ? slots->connect_next_ns : UINT64_MAX;
}

void slots_enqueue(struct slots *slots, struct slot *slot)
{
	list_append(&slots->queue, &slot->queued);
	plan_connector(slots);
}

void slots_release(struct slots *slots, struct slot *slot)
{
	if (!slot->is_held)
		return;
	slot->is_held = false;
	slots->held--;
	plan_connector(slots);
}

static void connect_next(struct slots *slots, uint64_t now_ns)
{
	struct list *node = list_take_first(&slots->queue);
	struct slot *slot = container_of(node, struct slot, queued);
	if (!slot->started_ns && --slots->unstarted == 0)
		loop_set_timer(slots->worker->loop, &slots->patience,
			       now_ns + slots->plan->connect_timeout_ns);
	slot->is_held = true;
	slots->held++;
	slot_connect(slot);
}

/* Lets one slot after the other connect. What a late turn of the loop held up is made good, but
 * no more than CATCH_UP_NS of it: the rate is a promise to the peer. */
static void run_connector(struct pacer *pacer, uint64_t now_ns)
{
	struct slots *slots = container_of(pacer, struct slots, connector);
	if (slots->connect_next_ns + CATCH_UP_NS < now_ns)
		slots->connect_next_ns = now_ns - CATCH_UP_NS;
	while (slots->connect_next_ns <= now_ns && can_connect(slots)) {
		slots->connect_next_ns += slots->connect_interval_ns;
		connect_next(slots, now_ns);
	}
	plan_connector(slots);
}

/* Each connection's window of ports begins one behind the last one's. */
void slots_choose_local(struct slots *slots, struct stream_connect *connect)
{
	const struct plan *plan = slots->plan;
	uint32_t ports = (uint32_t)plan->port_high - plan->port_low + 1;
	if (slots->sources)
		connect->local = source_pool_next(slots->sources);
	if (plan->port_low == 0 || ports < PORT_WINDOW)
		return;
	connect->port_low =
		(uint16_t)(plan->port_low + slots->next_port++ % (ports - PORT_WINDOW + 1));
	connect->port_high = (uint16_t)(connect->port_low + PORT_WINDOW - 1);
}

static uint64_t interval_ns(double per_second, unsigned workers)
{
	return per_second > 0 ? (uint64_t)((double)NS_PER_S * workers / per_second) : 0;
}

static void on_patience_over(struct timer *timer)
{
	struct slots *slots = container_of(timer, struct slots, patience);
	slots->is_patience_over = true;
	worker_check(slots->worker);
}

/* ---- the schedule ---- */

static void flush_listed(struct slots *slots)
{
	for (uint32_t i = 0; i < slots->listed_count; i++) {
		struct slot *slot = &slots->items[slots->listed[i]];
		slot->is_listed = false;
		slot_flush(slot);
	}
	slots->listed_count = 0;
}

/* What falls due before `until_ns` does, `most` messages of it; slots that can send are listed once
 * each, so that a late turn sends several messages of a slot in one call. */
static void fall_due(struct slots *slots, uint64_t until_ns, uint64_t most)
{
	struct schedule_cursor *cursor = &slots->cursor;
	for (; most > 0 && cursor->due_ns < until_ns; most--, schedule_cursor_next(cursor)) {
		struct slot *slot = &slots->items[cursor->own];
		if (!slot_due(slot, cursor->due_ns) || slot->is_listed)
			continue;
		slot->is_listed = true;
		slots->listed[slots->listed_count++] = cursor->own;
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Told at most once a second. */
static void tell_if_behind(struct slots *slots, uint64_t now_ns)
{
	uint64_t late_ns = now_ns - slots->cursor.due_ns;
	if (late_ns < BEHIND_NS || now_ns < slots->told_behind_ns + NS_PER_S ||
	    !worker_is_counting(slots->worker))
		return;
	slots->told_behind_ns = now_ns;
	worker_event(slots->worker, &(struct event){ .kind = EVENT_SATURATED,
						     .stream = PLAN_PERSISTENT,
						     .span_ns = late_ns,
						     .backend = BACKEND_UNKNOWN });
}

static void run_schedule(struct pacer *pacer, uint64_t now_ns)
{
	struct slots *slots = container_of(pacer, struct slots, pacer);
	uint64_t end_ns = slots->worker->end_ns;
	tell_if_behind(slots, now_ns);
	fall_due(slots, earlier(now_ns + 1, end_ns), DUE_A_TURN);
	flush_listed(slots);
	uint64_t due_ns = slots->cursor.due_ns;
	pacer->due_ns = due_ns < end_ns ? due_ns : UINT64_MAX;
}

static void start_schedule(struct slots *slots, uint64_t start_ns)
{
	const struct plan *plan = slots->plan;
	schedule_init_planned(&slots->schedule, start_ns, plan->slots.rate_per_second,
			      plan->slots.ramp);
	schedule_cursor_init(&slots->cursor, &slots->schedule, plan->slots.count,
			     slots->worker->index, plan->workers);
	slots->pacer.due_ns = slots->cursor.due_ns;
}

/* ---- the activity ---- */

static void start(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	uint64_t now_ns = loop_now(slots->worker->loop);
	const struct plan_slots *plan = &slots->plan->slots;
	slots->connect_interval_ns =
		plan->connect_over_ns
			? plan->connect_over_ns / slots->count
			: interval_ns(plan->connect_rate_per_second, slots->plan->workers);
	loop_add_pacer(slots->worker->loop, &slots->connector);
	loop_add_pacer(slots->worker->loop, &slots->pacer);
	start_schedule(slots, now_ns);
	for (uint32_t i = 0; i < slots->count; i++)
		slots_enqueue(slots, &slots->items[i]);
}

static bool is_settled(const struct activity *activity)
{
	const struct slots *slots = slots_of(activity);
	return slots->is_patience_over || slots->answering == slots->count;
}

static void begin(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	const struct plan *plan = slots->plan;
	slots->connect_interval_ns =
		interval_ns(plan->slots.connect_rate_per_second, plan->workers);
	unanswered_begin(&slots->unanswered, slots->worker->begin_ns);
	start_schedule(slots, slots->worker->begin_ns);
	for (uint32_t i = 0; i < slots->count; i++)
		slot_begin(&slots->items[i]);
}

static void end(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	if (slots->worker->begin_ns != UINT64_MAX) {
		fall_due(slots, slots->worker->end_ns, UINT64_MAX);
		flush_listed(slots);
	}
	slots->pacer.due_ns = UINT64_MAX;
	slots->connector.due_ns = UINT64_MAX;
	loop_remove_pacer(slots->worker->loop, &slots->pacer);
	loop_remove_pacer(slots->worker->loop, &slots->connector);
	for (uint32_t i = 0; i < slots->count; i++) {
		slot_stop_connecting(&slots->items[i]);
		slot_end_schedule(&slots->items[i]);
	}
}

static bool is_done(const struct activity *activity)
{
	return slots_of(activity)->counters->in_flight == 0;
}

static void finish(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	for (uint32_t i = 0; i < slots->count; i++)
		slot_finish(&slots->items[i]);
	if (slots->worker->begin_ns != UINT64_MAX)
		unanswered_finish(&slots->unanswered, loop_now(slots->worker->loop));
}

static void free_slots(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	for (uint32_t i = 0; slots->items && i < slots->count; i++)
		stream_close(&slots->items[i].stream);
	stamp_pool_deinit(&slots->stamps);
	unanswered_deinit(&slots->unanswered);
	source_pool_free(slots->sources);
	free(slots->listed);
	free(slots->items);
	free(slots);
}

static void account(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	uint32_t count = tcp_sample_share(slots->count);
	if (!worker_is_counting(slots->worker))
		return;
	slots->counters->cwnd_bytes = 0;
	slots->counters->cwnd_connections = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct stream_info info;
		slots->sampled = (slots->sampled + 1) % slots->count;
		struct slot *slot = &slots->items[slots->sampled];
		if (!slot->state->is_up || !slot_sample(slot, &info))
			continue;
		slots->counters->cwnd_bytes += info.congestion_window_bytes;
		slots->counters->cwnd_connections++;
	}
}

static const struct activity_kind slots_kind = {
	.name = "slots",
	.start = start,
	.is_settled = is_settled,
	.begin = begin,
	.end = end,
	.is_done = is_done,
	.finish = finish,
	.account = account,
	.free = free_slots,
};

static void bind_recorder(struct slots *slots)
{
	struct recorder *recorder = slots->worker->recorders[PLAN_PERSISTENT];
	slots->recorder = recorder;
	slots->counters = &recorder->counters;
	slots->response = recorder_hist(recorder, LATENCY_RESPONSE);
	slots->service = recorder_hist(recorder, LATENCY_SERVICE);
	slots->send_error = recorder_hist(recorder, LATENCY_SEND_ERROR);
}

static int new_parts(struct slots *slots)
{
	const struct plan *plan = slots->plan;
	slots->items = calloc(slots->count, sizeof(*slots->items));
	slots->listed = calloc(slots->count, sizeof(*slots->listed));
	if (!slots->items || !slots->listed)
		return -ENOMEM;
	for (uint32_t i = 0; i < slots->count; i++)
		slot_init(&slots->items[i], slots, i);
	int result = unanswered_init(&slots->unanswered, slots->response, plan->reply_timeout_ns);
	if (result >= 0 && plan->sources)
		result = source_pool_split(plan->sources, slots->worker->index, plan->workers,
					   &slots->sources);
	return result;
}

int slots_add(struct worker *worker)
{
	struct slots *slots = calloc(1, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	slots->worker = worker;
	slots->plan = worker->plan;
	slots->count = worker->slot_count;
	slots->unstarted = worker->slot_count;
	/* Anywhere, so that a run does not begin among the last one's ports in TIME-WAIT. */
	slots->next_port = (uint32_t)(loop_read_clock(worker->loop) / NS_PER_MS) +
			   worker->index * (UINT16_MAX / worker->plan->workers);
	slots->zeros = (struct iovec){ (void *)worker->zeros, WORKER_SCRATCH_BYTES };
	slots->pacer = (struct pacer){ .due_ns = UINT64_MAX, .run = run_schedule };
	slots->connector = (struct pacer){ .due_ns = UINT64_MAX, .run = run_connector };
	list_init(&slots->queue);
	timer_init(&slots->patience, on_patience_over);
	stamp_pool_init(&slots->stamps);
	bind_recorder(slots);
	worker_add_activity(worker, &slots->activity, &slots_kind);
	return new_parts(slots);
}
