#include "engine/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/slot_io.h"
#include "engine/slot_ledger.h"

/* How long a connection that has not answered yet may hold up others (connector.c). */
#define HOLD_NS (100 * NS_PER_MS)

/* The first retry comes at once, the later ones after 100 ms, 200 ms ... 1 s, each ± a quarter. */
#define BACK_OFF_STEP_NS   (100 * NS_PER_MS)
#define BACK_OFF_STEPS_MAX 10

/* A connection that answered and stayed up for so long was a good one: the back-off begins anew. */
#define GOOD_AFTER_NS NS_PER_S

/* How long the peer has to answer our goodbye. */
#define GOODBYE_NS NS_PER_S

static const struct slot_state state_off;
static const struct slot_state state_waiting;
static const struct slot_state state_connecting;
static const struct slot_state state_opening;
static const struct slot_state state_up;
static const struct slot_state state_leaving;

/* ---- the end of a connection ---- */

static const struct slot_state *queue_now(struct slot *slot)
{
	connector_enqueue(&slot->slots->connector, &slot->place);
	return &state_waiting;
}

static const struct slot_state *try_again(struct slot *slot)
{
	struct worker *worker = slot_worker(slot);
	if (worker->stage >= WORKER_LINGER || !slot->slots->shape->has_reconnect)
		return &state_off;
	uint64_t steps = slot->tries < BACK_OFF_STEPS_MAX ? slot->tries : BACK_OFF_STEPS_MAX;
	slot->tries++;
	if (steps == 0)
		return queue_now(slot);
	uint64_t delay_ns = steps * BACK_OFF_STEP_NS;
	delay_ns += random_below(&worker->random, delay_ns / 2) - delay_ns / 4;
	loop_set_timer(worker->loop, &slot->timer, slot_now(slot) + delay_ns);
	return &state_waiting;
}

static void forget_connection(struct slot *slot)
{
	struct speaker *speaker = slot_speaker(slot);
	connector_release(&slot->slots->connector, &slot->place);
	list_remove(&slot->place.node);
	loop_clear_timer(slot_loop(slot), &slot->timer);
	stamp_clear(&slot->slots->stamps, &slot->stamps);
	stall_init(&slot->stall, slot->slots->plan->stall_after_ns);
	if (speaker->kind->end)
		speaker->kind->end(speaker, slot_speech(slot));
	if (slot->is_settled)
		slot->slots->settled--;
	slot->is_settled = slot->is_blocked = slot->is_partial = slot->is_urgent = false;
	slot->is_choked = slot->is_unread = slot->is_leaving = false;
	slot->warm_wanted = 0;
	slot->owed = slot->warm = 0;
	slot->first_byte_ns = 0;
}

static void close_stream(struct slot *slot, enum outcome outcome)
{
	bool is_regular = outcome == OUTCOME_CLOSED ||
			  (outcome == OUTCOME_DONE && !slot->slots->shape->is_reset_at_close);
	if (is_regular)
		stream_close(&slot->stream);
	else
		stream_reset(&slot->stream);
}

static void tell_end(struct slot *slot, enum phase phase, enum outcome outcome, int code,
		     uint64_t lost)
{
	slot_log_connection(slot, outcome, lost, &slot_worker(slot)->ended);
	slot_note_outcome(slot, phase, outcome, code);
	if (worker_is_counting(slot_worker(slot)))
		survival_ended(&slot->survival, outcome);
	slot_tell(slot, EVENT_SLOT_ENDED,
		  &(struct event){
			  .outcome = (uint8_t)outcome, .count = lost, .code = (uint16_t)code });
}

const struct slot_state *slot_end_connection(struct slot *slot, enum phase phase,
					     enum outcome outcome, int code)
{
	struct counters *counters = slot->slots->counters;
	uint64_t now_ns = slot_now(slot);
	bool is_ours = outcome == OUTCOME_DONE;
	if (slot->stall.is_stalled)
		slot_end_silence(slot, slot->stall.since_ns, now_ns);
	uint64_t lost = slot_settle_rounds(slot, now_ns);
	if (!is_ours)
		tell_end(slot, phase, outcome, code, lost);
	if (is_ours || (slot->is_settled && now_ns - slot->connected_ns >= GOOD_AFTER_NS))
		slot->tries = 0;
	counters->connections--;
	counters->disconnects += !is_ours;
	counters->completed += is_ours;
	forget_connection(slot);
	close_stream(slot, outcome);
	worker_check(slot_worker(slot));
	return is_ours && slot_worker(slot)->stage < WORKER_LINGER ? queue_now(slot)
								   : try_again(slot);
}

static const struct slot_state *fail_connecting(struct slot *slot, enum phase phase,
						enum outcome outcome, int code)
{
	struct counters *counters = slot->slots->counters;
	counters->connecting--;
	counters->connect_failures++;
	slot_log_connection(slot, outcome, 0, &slot_worker(slot)->ended);
	slot_note_outcome(slot, phase, outcome, code);
	slot_tell(slot, EVENT_SLOT_REFUSED,
		  &(struct event){ .outcome = (uint8_t)outcome, .code = (uint16_t)code });
	forget_connection(slot);
	stream_close(&slot->stream);
	return try_again(slot);
}

const struct slot_state *slot_fail(struct slot *slot, enum phase phase, enum outcome outcome,
				   int code)
{
	if (slot->state == &state_opening)
		return fail_connecting(slot, PHASE_UPGRADE, outcome, code);
	return slot_end_connection(slot, phase, outcome, code);
}

/* ---- leaving ---- */

const struct slot_state *slot_leave_if_done(struct slot *slot)
{
	const struct slots *slots = slot->slots;
	struct speaker *speaker = slot_speaker(slot);
	uint64_t most = slots->shape->messages_per_connection;
	if (most && slot->begun >= most)
		slot->is_leaving = true;
	if (!slot->is_leaving || !slot->state->is_up || slot->owed > 0 || slot->is_partial)
		return slot->state;
	if (!speaker->kind->leave || !speaker->kind->leave(speaker, slot_speech(slot)))
		return slot_end_connection(slot, PHASE_RECEIVE, OUTCOME_DONE, 0);
	slot->state = &state_leaving;
	slot->is_urgent = true;
	loop_clear_timer(slot_loop(slot), &slot->timer);
	slot_arm(slot, slot_now(slot) + GOODBYE_NS);
	slot_flush(slot);
	return slot->state;
}

static const struct slot_state *goodbye_timed_out(struct slot *slot)
{
	return slot_end_connection(slot, PHASE_RECEIVE, OUTCOME_DONE, 0);
}

/* ---- coming up ---- */

void slot_note_settled(struct slot *slot)
{
	struct slots *slots = slot->slots;
	slot->is_settled = true;
	slots->settled++;
	connector_release(&slots->connector, &slot->place);
	slot_tell(slot, EVENT_SLOT_CONNECTED,
		  &(struct event){ .count = slot_record_of(slot)->reconnects });
	worker_check(slots->worker);
}

const struct slot_state *slot_come_up(struct slot *slot)
{
	struct slots *slots = slot->slots;
	const struct script *script = slot_speaker(slot)->script;
	uint64_t now_ns = slot_now(slot);
	if (slot->state == &state_opening)
		hist_add(recorder_hist(slots->recorder, LATENCY_UPGRADE),
			 now_ns - slot->first_byte_ns);
	slot->first_byte_ns = 0;
	slots->counters->connecting--;
	slots->counters->connections++;
	slots->counters->connects++;
	if (worker_is_counting(slots->worker)) {
		survival_connected(&slot->survival);
		slot_record_of(slot)->reconnects += slot->has_connected;
	}
	slot->has_connected = true;
	loop_clear_timer(slot_loop(slot), &slot->timer);
	slot_arm(slot, now_ns + HOLD_NS);
	slot->state = &state_up;
	slot->warm_wanted = (uint16_t)(script->first_count + slots->shape->has_greeting);
	slots_note_up(slots, slot);
	if (slot->warm_wanted == 0 || !script->is_answered)
		slot_note_settled(slot);
	slot_flush(slot);
	return slot->state;
}

/* The transport below is connected. */
static void note_linked(struct slot *slot)
{
	struct slots *slots = slot->slots;
	slot->is_linked = true;
	slot->connected_ns = loop_read_clock(slot_loop(slot));
	hist_add(recorder_hist(slots->recorder, LATENCY_CONNECT),
		 slot->connected_ns - slot->started_ns);
}

static const struct slot_state *connected(struct slot *slot)
{
	struct slots *slots = slot->slots;
	struct speaker *speaker = slot_speaker(slot);
	uint64_t now_ns = loop_read_clock(slot_loop(slot));
	if (slot->is_linked)
		hist_add(recorder_hist(slots->recorder, LATENCY_TLS), now_ns - slot->connected_ns);
	else
		note_linked(slot);
	speaker->kind->begin(speaker, slot_speech(slot),
			     &(struct speech_start){ .uid = slots->next_uid++,
						     .slot = slots_number(slots, slot),
						     .started_ns = slot->started_ns });
	if (!speaker->kind->has_opening)
		return slot_come_up(slot);
	slot->state = &state_opening;
	slot->is_urgent = true;
	slot->first_byte_ns = now_ns;
	slot_flush(slot);
	return slot->state;
}

/* A connection that was reset as soon as it was up was up: both are told at once. */
static const struct slot_state *ready_connecting(struct slot *slot, unsigned events)
{
	if ((events & STREAM_LINKED) && !slot->is_linked)
		note_linked(slot);
	if (events & STREAM_CONNECTED)
		return connected(slot);
	if (!(events & STREAM_FAILED))
		return &state_connecting;
	int code = stream_error(&slot->stream);
	enum outcome outcome =
		code == ETIMEDOUT ? OUTCOME_CONNECT_TIMEOUT : outcome_from_errno(code);
	return fail_connecting(slot, slot->is_linked ? PHASE_TLS : PHASE_CONNECT, outcome, code);
}

static enum phase connecting_phase(const struct slot *slot)
{
	if (slot->state == &state_opening)
		return PHASE_UPGRADE;
	return slot->is_linked ? PHASE_TLS : PHASE_CONNECT;
}

static const struct slot_state *connect_timed_out(struct slot *slot)
{
	return fail_connecting(slot, connecting_phase(slot), OUTCOME_CONNECT_TIMEOUT, 0);
}

/* ---- talking ---- */

static const struct slot_state *ready_talking(struct slot *slot, unsigned events)
{
	if (events & STREAM_READABLE)
		slot->state = slot_receive(slot);
	if (slot->state->is_talking && (events & STREAM_FAILED)) {
		int code = stream_error(&slot->stream);
		slot->state = slot_fail(slot, PHASE_RECEIVE, outcome_from_errno(code), code);
	}
	if (slot->state->is_talking && (events & STREAM_WRITABLE)) {
		slot->is_blocked = false;
		slot_flush(slot);
	}
	if (slot->state == &state_up)
		slot->state = slot_leave_if_done(slot);
	return slot->state;
}

static const struct slot_state *silence(struct slot *slot)
{
	struct stall *stall = &slot->stall;
	uint64_t now_ns = slot_now(slot);
	connector_release(&slot->slots->connector, &slot->place);
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

/* ---- states ---- */

static const struct slot_state state_off = { .name = "off" };
static const struct slot_state state_waiting = { .name = "waiting", .timeout = queue_now };
static const struct slot_state state_connecting = { .name = "connecting",
						    .ready = ready_connecting,
						    .timeout = connect_timed_out };
static const struct slot_state state_opening = {
	.name = "opening", .is_talking = true, .ready = ready_talking, .timeout = connect_timed_out
};
static const struct slot_state state_up = {
	.name = "up", .is_up = true, .is_talking = true, .ready = ready_talking, .timeout = silence
};
static const struct slot_state state_leaving = {
	.name = "leaving", .is_talking = true, .ready = ready_talking, .timeout = goodbye_timed_out
};

static void on_ready(struct stream *stream, unsigned events)
{
	struct slot *slot = container_of(stream, struct slot, stream);
	bool was_connecting = slot->state == &state_connecting;
	if (slot->state->ready)
		slot->state = slot->state->ready(slot, events);
	/* Bytes may have come with the connection. */
	if (was_connecting && slot->state->is_talking)
		slot->state = slot->state->ready(slot, events);
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
	connector_place_init(&slot->place);
	stamp_queue_init(&slot->stamps);
	gap_init(&slot->interruption, 2);
	stall_init(&slot->stall, slots->plan->stall_after_ns);
	survival_init(&slot->survival);
	*slot_record_of(slot) = (struct slot_record){ .first_backend = BACKEND_UNKNOWN,
						      .last_backend = BACKEND_UNKNOWN };
}

static void start_connection(struct slot *slot)
{
	slot->started_ns = loop_read_clock(slot_loop(slot));
	slot->connected_ns = 0;
	slot->is_linked = false;
	slot->retransmits = 0;
	slot->begun = slot->sent = slot->received = 0;
	slot->slots->counters->attempts++;
	slot->slots->counters->connecting++;
	slot->state = &state_connecting;
}

void slot_connect(struct connector_place *place)
{
	struct slot *slot = container_of(place, struct slot, place);
	struct slots *slots = slot->slots;
	const struct plan *plan = slots->plan;
	uint32_t remote = (slots_number(slots, slot) + slot->tries) % slots->remote_count;
	slot->target = slots->remote_targets ? slots->remote_targets[remote] : 0;
	struct stream_connect connect = {
		.remote = slots->remotes[remote],
		.options = &plan->socket_options,
		.network = plan->network,
		.below = plan->below,
		.tls = plan->tls,
		.server_name = slots->targets[slot->target].name,
	};
	connector_choose_local(&slots->connector, &connect);
	start_connection(slot);
	int result =
		stream_connect(&slot->stream, plan->stream, slot_loop(slot), &connect, on_ready);
	if (result < 0)
		slot->state =
			fail_connecting(slot, PHASE_CONNECT, outcome_from_errno(-result), -result);
	else
		loop_set_timer(slot_loop(slot), &slot->timer,
			       slot->started_ns + plan->connect_timeout_ns);
}

void slot_begin(struct slot *slot)
{
	struct slot_record *record = slot_record_of(slot);
	if (!slot->is_blocked && slot->is_settled)
		slot->warm_wanted = 0;
	survival_init(&slot->survival);
	if (!slot->state->is_up)
		return;
	survival_connected(&slot->survival);
	record->first_backend = slot->backend;
	if (slot->stall.is_stalled)
		survival_stall_began(&slot->survival);
}

void slot_stop_connecting(struct slot *slot)
{
	list_remove(&slot->place.node);
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
		if (slot->slots->stream != PLAN_PROBE)
			slot_log_connection(slot, OUTCOME_OPEN, 0, &worker->open);
	}
	slot_free(slot);
	slot->state = &state_off;
}

void slot_free(struct slot *slot)
{
	struct speaker *speaker = slot_speaker(slot);
	if (slot->slots->shape->is_reset_at_close)
		stream_reset(&slot->stream);
	else
		stream_close(&slot->stream);
	if (speaker->kind->end)
		speaker->kind->end(speaker, slot_speech(slot));
}
