/* A slot on its way up: its turn to connect, the transport, what opens the protocol; and how it
 * tries again. */
#include <errno.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/slot.h"
#include "engine/slot_io.h"
#include "engine/slot_ledger.h"

/* How long a connection that has not answered yet may hold up others (connector.c). */
#define HOLD_NS (100 * NS_PER_MS)

/* The first retry comes at once, the later ones after 100 ms, 200 ms ... 1 s, each ± a quarter. */
#define BACK_OFF_STEP_NS   (100 * NS_PER_MS)
#define BACK_OFF_STEPS_MAX 10

/* ---- waiting ---- */

void slot_release(struct slot *slot)
{
	if (slot->is_held)
		connector_release(&slot->slots->connector);
	slot->is_held = false;
}

const struct slot_state *slot_queue(struct slot *slot)
{
	connector_enqueue(&slot->slots->connector, slot->own);
	return &slot_state_waiting;
}

const struct slot_state *slot_try_again(struct slot *slot)
{
	struct worker *worker = slot_worker(slot);
	if (worker->stage >= WORKER_LINGER || !slot->slots->shape->has_reconnect)
		return &slot_state_off;
	uint64_t steps = slot->tries < BACK_OFF_STEPS_MAX ? slot->tries : BACK_OFF_STEPS_MAX;
	slot->tries++;
	if (steps == 0)
		return slot_queue(slot);
	uint64_t delay_ns = steps * BACK_OFF_STEP_NS;
	delay_ns += random_below(&worker->random, delay_ns / 2) - delay_ns / 4;
	loop_set_timer(worker->loop, &slot->timer, slot_now(slot) + delay_ns);
	return &slot_state_waiting;
}

const struct slot_state *slot_fail_connecting(struct slot *slot, enum phase phase,
					      enum outcome outcome, int code)
{
	struct counters *counters = slot->slots->counters;
	counters->connecting--;
	counters->connect_failures++;
	slot_log_connection(slot, outcome, 0, &slot_worker(slot)->logs.ended);
	slot_note_outcome(slot, phase, outcome, code);
	slot_tell(slot, EVENT_SLOT_REFUSED,
		  &(struct event){ .outcome = (uint8_t)outcome, .code = (uint16_t)code });
	slot_forget_connection(slot);
	stream_close(&slot->stream);
	return slot_try_again(slot);
}

/* ---- coming up ---- */

void slot_note_settled(struct slot *slot)
{
	struct slots *slots = slot->slots;
	slot->is_settled = true;
	slots->settled++;
	slot_release(slot);
	slot_tell(slot, EVENT_SLOT_CONNECTED,
		  &(struct event){ .count = slot_record_of(slot)->reconnects });
	worker_check(slots->worker);
}

const struct slot_state *slot_come_up(struct slot *slot)
{
	struct slots *slots = slot->slots;
	const struct script *script = slot_speaker(slot)->script;
	uint64_t now_ns = slot_now(slot);
	if (slot->state == &slot_state_opening)
		hist_add(recorder_hist(slots->recorder, LATENCY_UPGRADE),
			 now_ns - slot->exchange->first_byte_ns);
	if (slot->exchange)
		slot->exchange->first_byte_ns = 0;
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
	slot->state = &slot_state_up;
	slot->warm_wanted = (uint16_t)(script->first_count + slots->shape->has_greeting);
	slots_note_up(slots, slot);
	if (slot->warm_wanted == 0 || !script->is_answered)
		slot_note_settled(slot);
	slot_flush(slot);
	return slot->state == &slot_state_up ? slot_leave_if_done(slot) : slot->state;
}

/* The transport below is connected. */
static void note_linked(struct slot *slot)
{
	struct slots *slots = slot->slots;
	slot->is_linked = true;
	slot->connected_ns = loop_read_clock(slot_loop(slot));
	tcp_sample_connected(&slot->tcp, slot->connected_ns);
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
	slot->uid = slots->next_uid;
	slots->next_uid += slots->workers;
	slot->is_urgent = speaker->kind->speaks_first || speaker->kind->has_opening;
	if (!speaker->kind->has_opening)
		return slot_come_up(slot);
	if (!slot_wake(slot))
		return slot_fail_connecting(slot, PHASE_UPGRADE, OUTCOME_NO_MEMORY, ENOMEM);
	slot->state = &slot_state_opening;
	slot->exchange->first_byte_ns = now_ns;
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
		return &slot_state_connecting;
	int code = stream_error(&slot->stream);
	enum outcome outcome =
		code == ETIMEDOUT ? OUTCOME_CONNECT_TIMEOUT : outcome_from_errno(code);
	return slot_fail_connecting(slot, slot->is_linked ? PHASE_TLS : PHASE_CONNECT, outcome,
				    code);
}

static enum phase connecting_phase(const struct slot *slot)
{
	if (slot->state == &slot_state_opening)
		return PHASE_UPGRADE;
	return slot->is_linked ? PHASE_TLS : PHASE_CONNECT;
}

static const struct slot_state *connect_timed_out(struct slot *slot)
{
	enum phase phase = connecting_phase(slot);
	return slot_fail_connecting(
		slot, phase, phase == PHASE_CONNECT ? OUTCOME_CONNECT_TIMEOUT : OUTCOME_NO_REPLY,
		0);
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct slot *slot = container_of(stream, struct slot, stream);
	bool was_connecting = slot->state == &slot_state_connecting;
	if (slot->state->ready)
		slot->state = slot->state->ready(slot, events);
	/* Bytes may have come with the connection. */
	if (was_connecting && slot->state->is_talking)
		slot->state = slot_ready_talking(slot, events);
}

static void start_connection(struct slot *slot)
{
	slot->started_ns = loop_read_clock(slot_loop(slot));
	slot->connected_ns = 0;
	slot->is_linked = false;
	slot->begun = slot->sent = slot->received = 0;
	slot->slots->counters->attempts++;
	slot->slots->counters->connecting++;
	slot->state = &slot_state_connecting;
}

void slot_connect(struct connector *connector, uint32_t own)
{
	struct slots *slots = container_of(connector, struct slots, connector);
	struct slot *slot = &slots->items[own];
	const struct plan *plan = slots->plan;
	/* A far end of our own is this worker's alone. */
	uint32_t shift = plan->far_ends ? 0 : slot->tries;
	slot->is_held = true;
	slot->remote = (slots_number(slots, slot) + shift) % slots->remote_count;
	slot->target = slots->remote_targets ? slots->remote_targets[slot->remote] : 0;
	struct stream_connect connect =
		plan_connect(plan, &slots->remotes[slot->remote], &slots->targets[slot->target]);
	connector_choose_local(&slots->connector, &connect);
	start_connection(slot);
	int result =
		stream_connect(&slot->stream, plan->stream, slot_loop(slot), &connect, on_ready);
	if (result < 0)
		slot->state = slot_fail_connecting(slot, PHASE_CONNECT, outcome_from_errno(-result),
						   -result);
	else
		loop_set_timer(slot_loop(slot), &slot->timer,
			       slot->started_ns + plan->connect_timeout_ns);
}

/* ---- states ---- */

const struct slot_state slot_state_off = { .name = "off" };
const struct slot_state slot_state_waiting = { .name = "waiting", .timeout = slot_queue };
const struct slot_state slot_state_connecting = { .name = "connecting",
						  .ready = ready_connecting,
						  .timeout = connect_timed_out };
const struct slot_state slot_state_opening = { .name = "opening",
					       .is_talking = true,
					       .ready = slot_ready_talking,
					       .timeout = connect_timed_out };
