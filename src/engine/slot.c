#include "engine/slot.h"

#include <errno.h>

#include "base/units.h"
#include "engine/slot_io.h"
#include "engine/slot_ledger.h"

/* How long a connection that has not answered yet may hold up others (slots.c). */
#define HOLD_NS (100 * NS_PER_MS)

/* The first retry comes at once, the later ones after 100 ms, 200 ms ... 1 s, each ± a quarter. */
#define BACK_OFF_STEP_NS   (100 * NS_PER_MS)
#define BACK_OFF_STEPS_MAX 10

/* A connection that answered and stayed up for so long was a good one: the back-off begins anew. */
#define GOOD_AFTER_NS NS_PER_S

static const struct slot_state state_off;
static const struct slot_state state_waiting;
static const struct slot_state state_connecting;
static const struct slot_state state_up;

/* ---- the end of a connection ---- */

static void queue_now(struct slot *slot)
{
	slots_enqueue(slot->slots, slot);
}

static const struct slot_state *try_again(struct slot *slot)
{
	struct worker *worker = slot_worker(slot);
	if (worker->stage >= WORKER_LINGER || !worker->plan->slots.has_reconnect)
		return &state_off;
	uint64_t steps = slot->tries < BACK_OFF_STEPS_MAX ? slot->tries : BACK_OFF_STEPS_MAX;
	slot->tries++;
	if (steps == 0) {
		queue_now(slot);
		return &state_waiting;
	}
	uint64_t delay_ns = steps * BACK_OFF_STEP_NS;
	delay_ns += random_below(&worker->random, delay_ns / 2) - delay_ns / 4;
	loop_set_timer(worker->loop, &slot->timer, slot_now(slot) + delay_ns);
	return &state_waiting;
}

static void forget_connection(struct slot *slot)
{
	slots_release(slot->slots, slot);
	loop_clear_timer(slot_loop(slot), &slot->timer);
	stamp_clear(&slot->slots->stamps, &slot->stamps);
	stall_init(&slot->stall, slot->slots->plan->stall_after_ns);
	if (slot->is_answered)
		slot->slots->answering--;
	slot->is_answered = false;
	slot->is_blocked = false;
	slot->is_warm_wanted = false;
	slot->warm = 0;
}

const struct slot_state *slot_end_connection(struct slot *slot, enum phase phase,
					     enum outcome outcome, int code)
{
	struct counters *counters = slot->slots->counters;
	uint64_t now_ns = slot_now(slot);
	if (slot->stall.is_stalled)
		slot_end_silence(slot, slot->stall.since_ns, now_ns);
	uint64_t lost = slot_settle_rounds(slot, now_ns);
	slot_log_connection(slot, outcome, lost, &slot_worker(slot)->ended);
	slot_note_outcome(slot, phase, outcome, code);
	if (slot->is_answered && now_ns - slot->connected_ns >= GOOD_AFTER_NS)
		slot->tries = 0;
	counters->connections--;
	counters->disconnects++;
	if (worker_is_counting(slot_worker(slot)))
		survival_ended(&slot->survival, outcome);
	slot_tell(slot, EVENT_SLOT_ENDED,
		  &(struct event){
			  .outcome = (uint8_t)outcome, .count = lost, .code = (uint16_t)code });
	forget_connection(slot);
	if (outcome == OUTCOME_CLOSED)
		stream_close(&slot->stream);
	else
		stream_reset(&slot->stream);
	worker_check(slot_worker(slot));
	return try_again(slot);
}

static const struct slot_state *fail_connecting(struct slot *slot, enum outcome outcome, int code)
{
	struct counters *counters = slot->slots->counters;
	counters->connecting--;
	counters->connect_failures++;
	slot_log_connection(slot, outcome, 0, &slot_worker(slot)->ended);
	slot_note_outcome(slot, PHASE_CONNECT, outcome, code);
	slot_tell(slot, EVENT_SLOT_REFUSED,
		  &(struct event){ .outcome = (uint8_t)outcome, .code = (uint16_t)code });
	forget_connection(slot);
	stream_close(&slot->stream);
	return try_again(slot);
}

/* ---- states ---- */

static const struct slot_state *connected(struct slot *slot)
{
	struct slots *slots = slot->slots;
	uint64_t now_ns = loop_read_clock(slot_loop(slot));
	slot->connected_ns = now_ns;
	tcp_sample_connected(&slot->tcp, now_ns);
	slots->counters->connecting--;
	slots->counters->connections++;
	slots->counters->connects++;
	hist_add(recorder_hist(slots->recorder, LATENCY_CONNECT), now_ns - slot->started_ns);
	if (worker_is_counting(slots->worker)) {
		survival_connected(&slot->survival);
		slot_record_of(slot)->reconnects += slot->has_connected;
	}
	slot->has_connected = true;
	loop_clear_timer(slot_loop(slot), &slot->timer);
	slot_arm(slot, now_ns + HOLD_NS);
	/* One message ahead of the schedule: tells which backend it is and that it lives. */
	slot->state = &state_up;
	slot->is_warm_wanted = true;
	slot_flush(slot);
	return slot->state;
}

/* A connection that was reset as soon as it was up was up: both are told at once. */
static const struct slot_state *ready_connecting(struct slot *slot, unsigned events)
{
	if (events & STREAM_CONNECTED)
		return connected(slot);
	if (!(events & STREAM_FAILED))
		return &state_connecting;
	int code = stream_error(&slot->stream);
	enum outcome outcome =
		code == ETIMEDOUT ? OUTCOME_CONNECT_TIMEOUT : outcome_from_errno(code);
	return fail_connecting(slot, outcome, code);
}

static const struct slot_state *connect_timed_out(struct slot *slot)
{
	return fail_connecting(slot, OUTCOME_CONNECT_TIMEOUT, 0);
}

static const struct slot_state *ready_up(struct slot *slot, unsigned events)
{
	const struct slot_state *next = &state_up;
	if (events & STREAM_READABLE)
		next = slot_receive(slot);
	if (next == &state_up && (events & STREAM_FAILED)) {
		int code = stream_error(&slot->stream);
		next = slot_end_connection(slot, PHASE_RECEIVE, outcome_from_errno(code), code);
	}
	if (next == &state_up && (events & STREAM_WRITABLE)) {
		slot->is_blocked = false;
		slot_flush(slot);
		next = slot->state;
	}
	return next;
}

static const struct slot_state *silence(struct slot *slot)
{
	struct stall *stall = &slot->stall;
	uint64_t now_ns = slot_now(slot);
	slots_release(slot->slots, slot);
	if (now_ns >= stall_deadline(stall)) {
		/* What came while this thread didn't run is no silence. */
		const struct slot_state *next = slot_receive(slot);
		if (next != &state_up)
			return next;
	}
	if (!stall->is_owed)
		return &state_up;
	if (!stall->is_stalled && stall_check(stall, now_ns))
		slot_begin_silence(slot, now_ns);
	if (!stall->is_stalled) {
		slot_arm(slot, stall_deadline(stall));
		return &state_up;
	}
	uint64_t give_up_ns = stall->since_ns + slot->slots->plan->give_up_ns;
	if (now_ns >= give_up_ns)
		return slot_end_connection(slot, PHASE_REPLY, OUTCOME_TIMED_OUT, 0);
	slot_arm(slot, give_up_ns);
	return &state_up;
}

static const struct slot_state *waited(struct slot *slot)
{
	queue_now(slot);
	return &state_waiting;
}

static const struct slot_state state_off = { .name = "off" };
static const struct slot_state state_waiting = { .name = "waiting", .timeout = waited };
static const struct slot_state state_connecting = { .name = "connecting",
						    .ready = ready_connecting,
						    .timeout = connect_timed_out };
static const struct slot_state state_up = {
	.name = "up", .is_up = true, .ready = ready_up, .timeout = silence
};

static void on_ready(struct stream *stream, unsigned events)
{
	struct slot *slot = container_of(stream, struct slot, stream);
	if (slot->state == &state_connecting)
		slot->state = ready_connecting(slot, events);
	/* Bytes may have come with the connection. */
	if (slot->state == &state_up)
		slot->state = ready_up(slot, events);
}

static void on_timer(struct timer *timer)
{
	struct slot *slot = container_of(timer, struct slot, timer);
	if (slot->state->timeout)
		slot->state = slot->state->timeout(slot);
}

/* ---- for slots.c ---- */

void slot_init(struct slot *slot, struct slots *slots, uint32_t own)
{
	slot->slots = slots;
	slot->own = own;
	slot->state = &state_waiting;
	slot->stream.watch.fd = -1;
	slot->backend = BACKEND_UNKNOWN;
	timer_init(&slot->timer, on_timer);
	list_init(&slot->queued);
	stamp_queue_init(&slot->stamps);
	gap_init(&slot->interruption, 2);
	stall_init(&slot->stall, slots->plan->stall_after_ns);
	survival_init(&slot->survival);
	*slot_record_of(slot) = (struct slot_record){ .first_backend = BACKEND_UNKNOWN,
						      .last_backend = BACKEND_UNKNOWN };
}

void slot_connect(struct slot *slot)
{
	struct slots *slots = slot->slots;
	const struct plan *plan = slots->plan;
	uint32_t remote = slots_number(slots, slot) + slot->tries;
	struct stream_connect connect = {
		.remote = plan->remotes[remote % plan->remote_count],
		.options = &plan->socket_options,
		.network = plan->network,
	};
	slots_choose_local(slots, &connect);
	slot->started_ns = loop_read_clock(slot_loop(slot));
	slot->connected_ns = 0;
	slot->sent = slot->received = 0;
	slot->sending = slot->receiving = (struct message_place){ 0 };
	memset(slot->name, 0, sizeof(slot->name));
	slots->counters->attempts++;
	slots->counters->connecting++;
	slot->state = &state_connecting;
	int result =
		stream_connect(&slot->stream, plan->stream, slot_loop(slot), &connect, on_ready);
	if (result < 0)
		slot->state = fail_connecting(slot, outcome_from_errno(-result), -result);
	else
		loop_set_timer(slot_loop(slot), &slot->timer,
			       slot->started_ns + plan->connect_timeout_ns);
}

void slot_begin(struct slot *slot)
{
	struct slot_record *record = slot_record_of(slot);
	slot->is_warm_wanted = slot->is_warm_wanted && slot->is_blocked;
	survival_init(&slot->survival);
	if (!slot->state->is_up)
		return;
	survival_connected(&slot->survival);
	tcp_sample_begin(&slot->tcp, &slot->stream, slot_now(slot));
	record->first_backend = slot->backend;
	if (slot->stall.is_stalled)
		survival_stall_began(&slot->survival);
}

void slot_stop_connecting(struct slot *slot)
{
	list_remove(&slot->queued);
	if (slot->state != &state_waiting)
		return;
	loop_clear_timer(slot_loop(slot), &slot->timer);
	slot->state = &state_off;
}

void slot_finish(struct slot *slot)
{
	struct worker *worker = slot_worker(slot);
	struct slot_record *record = slot_record_of(slot);
	struct gap_span span;
	if (worker->begin_ns != UINT64_MAX) {
		slot_settle_owed(slot);
		if (gap_finish(&slot->interruption, worker->end_ns, &span))
			slot_log_interruption(slot, &span);
		if (slot->stall.is_stalled)
			slot_leave_silence_open(slot, slot_now(slot));
	}
	record->survival = (uint8_t)survival_class(&slot->survival);
	record->is_connected_at_end = slot->state->is_up;
	if (slot->state->is_up) {
		record->last_backend = slot->backend;
		slot_log_connection(slot, OUTCOME_OPEN, 0, &worker->open);
	}
	stream_close(&slot->stream);
	slot->state = &state_off;
}
