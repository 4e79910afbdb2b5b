#include "engine/slots.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/slot.h"
#include "engine/slot_io.h"
#include "engine/slot_ledger.h"

/* Beyond what this host can send, the schedule does not keep the loop from its other work. */
#define DUE_A_TURN 65536

/* A loop that comes so late for a message says so. */
#define BEHIND_NS (100 * NS_PER_MS)

#define EXCHANGES_AT_ONCE 64

/* --bandwidth-down gives bytes in periods of this. */
#define READING_PERIOD_NS (10 * NS_PER_MS)

static struct slots *slots_of(const struct activity *activity)
{
	return container_of(activity, struct slots, activity);
}

uint32_t slots_number(const struct slots *slots, const struct slot *slot)
{
	uint32_t worker = slots->workers > 1 ? slots->worker->index : 0;
	return slot->own * slots->workers + worker;
}

uint64_t slots_due(const struct slots *slots, const struct slot *slot, uint64_t round)
{
	uint64_t number = round * slots->shape->count + slots_number(slots, slot);
	return schedule_due(&slots->schedule, number);
}

/* ---- lifetimes ---- */

static void on_lifetime(struct timer *timer)
{
	struct slots *slots = container_of(timer, struct slots, lifetime);
	uint64_t now_ns = loop_now(slots->worker->loop);
	while (!list_is_empty(&slots->aging)) {
		uint32_t own = connector_place(&slots->connector, slots->aging.next);
		struct slot *slot = &slots->items[own];
		uint64_t end_ns = slot->connected_ns + slots->shape->lifetime_ns;
		if (end_ns > now_ns) {
			loop_set_timer(slots->worker->loop, timer, end_ns);
			return;
		}
		connector_forget(&slots->connector, own);
		slot->is_leaving = true;
		slot->state = slot_leave_if_done(slot);
	}
}

void slots_note_up(struct slots *slots, struct slot *slot)
{
	uint64_t lifetime_ns = slots->shape->lifetime_ns;
	if (!lifetime_ns)
		return;
	list_append(&slots->aging, connector_node(&slots->connector, slot->own));
	if (!timer_is_set(&slots->lifetime))
		loop_set_timer(slots->worker->loop, &slots->lifetime,
			       slot->connected_ns + lifetime_ns);
}

/* ---- reading no faster than asked for ---- */

static void on_reading(struct timer *timer)
{
	struct slots *slots = container_of(timer, struct slots, reading);
	loop_set_timer(slots->worker->loop, timer,
		       loop_now(slots->worker->loop) + READING_PERIOD_NS);
	for (uint32_t i = 0; i < slots->count; i++) {
		struct slot *slot = &slots->items[i];
		slots->read_left[i] = slots->read_quota;
		if (!slot->is_choked || !slot->state->is_talking)
			continue;
		slot->is_choked = false;
		slot->state = slot_receive(slot);
	}
}

static void start_reading(struct slots *slots)
{
	double bits = slots->shape->receive_bits_per_second;
	if (bits <= 0)
		return;
	double quota = bits / 8 * READING_PERIOD_NS / NS_PER_S;
	slots->read_quota = quota < 1 ? 1 : quota < UINT32_MAX ? (uint32_t)quota : UINT32_MAX;
	on_reading(&slots->reading);
}

/* ---- the schedule ---- */

static void list_slot(struct slots *slots, struct slot *slot)
{
	if (slot->is_listed)
		return;
	slot->is_listed = true;
	slots->listed[slots->listed_count++] = slot->own;
}

/* Slots may be listed again meanwhile. */
static void flush_listed(struct slots *slots)
{
	uint32_t count = slots->listed_count;
	uint32_t *now = slots->listed;
	slots->listed = slots->flushing;
	slots->flushing = now;
	slots->listed_count = 0;
	for (uint32_t i = 0; i < count; i++)
		slots->items[now[i]].is_listed = false;
	for (uint32_t i = 0; i < count; i++) {
		struct slot *slot = &slots->items[now[i]];
		if (slot->is_unread && slot->state->is_talking)
			slot->state = slot_receive(slot);
		else
			slot_flush(slot);
		/* Where nothing is answered, its last message may be sent now. */
		if (slot->state == &slot_state_up)
			slot->state = slot_leave_if_done(slot);
	}
}

static void go_on(struct deferred *deferred)
{
	flush_listed(container_of(deferred, struct slots, go_on));
}

void slots_go_on(struct slots *slots, struct slot *slot)
{
	list_slot(slots, slot);
	loop_defer(slots->worker->loop, &slots->go_on);
}

/* What falls due before `until_ns` does, `most` messages of it; slots that can send are listed once
 * each, so that a late turn sends several messages of a slot in one call. */
static void fall_due(struct slots *slots, uint64_t until_ns, uint64_t most)
{
	struct schedule_cursor *cursor = &slots->cursor;
	for (; most > 0 && cursor->due_ns < until_ns; most--, schedule_cursor_next(cursor)) {
		struct slot *slot = &slots->items[cursor->own];
		if (slot_due(slot, cursor->due_ns))
			list_slot(slots, slot);
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
						     .stream = (uint8_t)slots->stream,
						     .span_ns = late_ns,
						     .backend = BACKEND_UNKNOWN });
}

/* A closed loop starts, or goes on: from now on answers and room to send keep it going. */
static void start_all(struct slots *slots)
{
	slots->pacer.due_ns = UINT64_MAX;
	slots->is_running = true;
	slots->is_paused = false;
	for (uint32_t i = 0; i < slots->count; i++)
		list_slot(slots, &slots->items[i]);
	flush_listed(slots);
}

static bool is_changeable(const struct slots *slots)
{
	return slots->stream == slots->plan->slots_stream;
}

/* Up to when messages may fall due. */
static uint64_t limit_ns(const struct slots *slots)
{
	uint64_t end_ns = slots->worker->end_ns;
	return is_changeable(slots) ? worker_paced(slots->worker, end_ns) : end_ns;
}

static void run_schedule(struct pacer *pacer, uint64_t now_ns)
{
	struct slots *slots = container_of(pacer, struct slots, pacer);
	if (!slots->is_paced) {
		start_all(slots);
		return;
	}
	uint64_t end_ns = limit_ns(slots);
	tell_if_behind(slots, now_ns);
	fall_due(slots, earlier(now_ns + 1, end_ns), DUE_A_TURN);
	flush_listed(slots);
	uint64_t due_ns = slots->cursor.due_ns;
	pacer->due_ns = due_ns < end_ns ? due_ns : UINT64_MAX;
}

static void start_schedule(struct slots *slots, uint64_t start_ns)
{
	if (!slots->is_paced)
		return;
	schedule_init_planned(&slots->schedule, start_ns, slots->shape->rate_per_second,
			      slots->shape->ramp);
	schedule_cursor_init(&slots->cursor, &slots->schedule, slots->shape->count,
			     slots->workers > 1 ? slots->worker->index : 0, slots->workers);
	slots->pacer.due_ns = slots->cursor.due_ns;
}

/* ---- a change of the rate ---- */

/* The oldest of the run whose time may still be asked for. */
static uint64_t oldest_number(const struct slots *slots)
{
	uint64_t oldest = slots->cursor.number;
	for (uint32_t i = 0; i < slots->count; i++) {
		const struct slot *slot = &slots->items[i];
		uint64_t answered = slot_answered_round(slot);
		uint64_t number = answered * slots->shape->count + slots_number(slots, slot);
		if (answered < slot->due_round && number < oldest)
			oldest = number;
	}
	return oldest;
}

static bool has_room(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	if (!is_changeable(slots) || !slots->is_paced || schedule_has_room(&slots->schedule))
		return true;
	schedule_forget(&slots->schedule, oldest_number(slots));
	schedule_cursor_settle(&slots->cursor);
	return schedule_has_room(&slots->schedule);
}

static void change_paced(struct slots *slots, const struct pace_change *change)
{
	bool is_made = schedule_change(&slots->schedule, change->at_ns, change->rate_per_second);
	assert(is_made);
	schedule_cursor_settle(&slots->cursor);
	slots->pacer.due_ns = slots->cursor.due_ns;
}

static void change(struct activity *activity, const struct pace_change *change)
{
	struct slots *slots = slots_of(activity);
	if (!is_changeable(slots))
		return;
	if (slots->is_paced)
		change_paced(slots, change);
	else if (change->rate_per_second > 0)
		start_all(slots);
	else
		slots->is_paused = true;
}

/* ---- the activity ---- */

static void start(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	connector_start(&slots->connector, slots->shape->connect_rate_per_second,
			slots->shape->connect_over_ns);
	loop_add_pacer(slots->worker->loop, &slots->pacer);
	start_reading(slots);
	start_schedule(slots, loop_now(slots->worker->loop));
}

static bool is_settled(const struct activity *activity)
{
	const struct slots *slots = slots_of(activity);
	return slots->connector.is_patience_over || slots->settled == slots->count;
}

static void begin(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	connector_set_rate(&slots->connector, slots->shape->connect_rate_per_second);
	if (slots->response)
		unanswered_begin(&slots->unanswered, slots->worker->begin_ns);
	start_schedule(slots, slots->worker->begin_ns);
	for (uint32_t i = 0; i < slots->count; i++)
		slot_begin(&slots->items[i]);
	if (slots->is_paced)
		return;
	/* A closed loop has no schedule to wake it: it begins when counting does. */
	slots->pacer.due_ns = slots->worker->begin_ns;
}

static void end(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	if (slots->worker->begin_ns != UINT64_MAX && slots->is_paced) {
		fall_due(slots, slots->worker->end_ns, UINT64_MAX);
		flush_listed(slots);
	}
	slots->is_running = false;
	slots->pacer.due_ns = UINT64_MAX;
	loop_remove_pacer(slots->worker->loop, &slots->pacer);
	connector_stop(&slots->connector);
	loop_clear_timer(slots->worker->loop, &slots->lifetime);
	for (uint32_t i = 0; i < slots->count; i++) {
		slot_stop_connecting(&slots->items[i]);
		slot_end_schedule(&slots->items[i]);
		slot_finish_sending(&slots->items[i]);
	}
}

static bool is_done(const struct activity *activity)
{
	const struct slots *slots = slots_of(activity);
	return slots->counters->in_flight == 0 && slots->finishing == 0;
}

static void finish(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	for (uint32_t i = 0; i < slots->count; i++)
		slot_finish(&slots->items[i]);
	list_remove(&slots->go_on.node);
	loop_clear_timer(slots->worker->loop, &slots->reading);
	if (slots->worker->begin_ns != UINT64_MAX && slots->response)
		unanswered_finish(&slots->unanswered, loop_now(slots->worker->loop));
}

static void free_slots(struct activity *activity)
{
	struct slots *slots = slots_of(activity);
	for (uint32_t i = 0; slots->items && i < slots->count; i++)
		slot_free(&slots->items[i]);
	stamp_pool_deinit(&slots->stamps);
	unanswered_deinit(&slots->unanswered);
	connector_deinit(&slots->connector);
	speakers_deinit(&slots->speakers);
	slab_deinit(&slots->exchanges);
	free(slots->troubles);
	free(slots->read_left);
	free(slots->listed);
	free(slots->flushing);
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
	.change = change,
	.has_room = has_room,
	.end = end,
	.is_done = is_done,
	.finish = finish,
	.account = account,
	.free = free_slots,
};

/* ---- set-up ---- */

static void bind_recorder(struct slots *slots, const struct script *script)
{
	struct recorder *recorder = slots->worker->recorders[slots->stream];
	slots->recorder = recorder;
	slots->counters = &recorder->counters;
	if (slots->is_paced && script->is_answered)
		slots->response = recorder_hist(recorder, LATENCY_RESPONSE);
	if (script->kind != &speaker_echo && script->is_answered)
		slots->first_byte = recorder_hist(recorder, LATENCY_FIRST_BYTE);
	slots->service = recorder_hist(recorder, LATENCY_SERVICE);
	slots->send_error = recorder_hist(recorder, LATENCY_SEND_ERROR);
}

static int new_slots(struct slots *slots)
{
	slots->listed = calloc(slots->count, sizeof(*slots->listed));
	slots->flushing = calloc(slots->count, sizeof(*slots->flushing));
	slots->troubles = calloc(slots->count, sizeof(*slots->troubles));
	slots->read_left = calloc(slots->count, sizeof(*slots->read_left));
	if (!slots->listed || !slots->flushing || !slots->troubles || !slots->read_left)
		return -ENOMEM;
	slab_init(&slots->exchanges, sizeof(struct exchange) + slots->speakers.speech_bytes,
		  EXCHANGES_AT_ONCE);
	slots->items = calloc(slots->count, sizeof(*slots->items));
	if (!slots->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < slots->count; i++)
		slot_init(&slots->items[i], slots, i);
	return 0;
}

static int new_parts(struct slots *slots, uint32_t target_count)
{
	int result = speakers_init(&slots->speakers, slots->worker, slots->targets, target_count);
	if (result >= 0 && slots->response)
		result = unanswered_init(&slots->unanswered, slots->response,
					 slots->plan->reply_timeout_ns);
	if (result >= 0)
		result = connector_init(&slots->connector, slots->worker, slots->count,
					slot_connect);
	return result < 0 ? result : new_slots(slots);
}

static struct slots *new_activity(struct worker *worker, enum plan_stream stream,
				  const struct plan_slots *shape)
{
	struct slots *slots = calloc(1, sizeof(*slots));
	if (!slots)
		return NULL;
	slots->worker = worker;
	slots->plan = worker->plan;
	slots->shape = shape;
	slots->stream = stream;
	slots->is_paced = shape->rate_per_second > 0;
	pacer_init(&slots->pacer, run_schedule);
	list_init(&slots->aging);
	timer_init(&slots->lifetime, on_lifetime);
	timer_init(&slots->reading, on_reading);
	deferred_init(&slots->go_on, go_on);
	stamp_pool_init(&slots->stamps);
	worker_add_activity(worker, &slots->activity, &slots_kind);
	return slots;
}

int slots_add(struct worker *worker)
{
	const struct plan *plan = worker->plan;
	struct slots *slots = new_activity(worker, plan->slots_stream, &plan->slots);
	if (!slots)
		return -ENOMEM;
	slots->remotes = plan->remotes;
	slots->remote_targets = plan->remote_targets;
	slots->remote_count = plan->remote_count;
	slots->targets = plan->targets;
	slots->count = worker->slot_count;
	slots->workers = plan->workers;
	slots->next_uid = worker->index;
	slots->records = worker->slots;
	bind_recorder(slots, slots->targets[0].script);
	return new_parts(slots, plan->target_count);
}

int slots_add_probe(struct worker *worker)
{
	const struct plan *plan = worker->plan;
	struct slots *slots = new_activity(worker, PLAN_PROBE, &plan->probe);
	if (!slots)
		return -ENOMEM;
	slots->remotes = plan->probe_remotes;
	slots->remote_count = plan->probe_remote_count;
	slots->targets = plan->probe_target;
	slots->count = plan->probe.count;
	slots->workers = 1;
	slots->records = &slots->own_record;
	bind_recorder(slots, slots->targets[0].script);
	return new_parts(slots, 1);
}
