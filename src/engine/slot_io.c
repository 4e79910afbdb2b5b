#include "engine/slot_io.h"

#include <errno.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/slot_ledger.h"

/* A slot that can send for ever lets the others have their turn after so much. */
#define SENT_A_TURN     (1024 * 1024)
#define RECEIVES_A_TURN 8

/* ---- sending ---- */

/* What is begun now is uncounted. */
static bool is_warm(const struct slot *slot)
{
	const struct slots *slots = slot->slots;
	return slot->warm_wanted > 0 || (!slots->is_paced && !slots->is_running);
}

/* What may be begun as far as this connection is concerned. */
static uint32_t room_of(const struct slot *slot)
{
	const struct plan_slots *shape = slot->slots->shape;
	uint64_t room = SPEECH_SAME_MAX;
	if (!slot->state->is_up || slot->is_leaving)
		return 0;
	if (shape->in_flight)
		room = shape->in_flight > slot->owed ? shape->in_flight - slot->owed : 0;
	if (shape->messages_per_connection && shape->messages_per_connection - slot->begun < room)
		room = shape->messages_per_connection - slot->begun;
	return room < SPEECH_SAME_MAX ? (uint32_t)room : SPEECH_SAME_MAX;
}

/* How many messages are to be begun now. */
static uint32_t startable(const struct slot *slot)
{
	const struct slots *slots = slot->slots;
	uint64_t wanted = slot->due_round - slot->next_round;
	if (slot->warm_wanted > 0)
		wanted = slot->warm_wanted;
	else if (!slots->is_paced && slots->is_running)
		wanted = slots->is_paused ? 0 : SPEECH_SAME_MAX;
	else if (!slots->is_paced)
		wanted = slots->shape->warms_up && slots->worker->stage <= WORKER_MEASURE
				 ? SPEECH_SAME_MAX
				 : 0;
	uint32_t room = wanted > 0 ? room_of(slot) : 0;
	return wanted < room ? (uint32_t)wanted : room;
}

/* `started` messages had their first byte taken, in a send that was called at `now_ns`. */
static void note_started(struct slot *slot, uint32_t started, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct exchange *exchange = slot->exchange;
	uint32_t warm = is_warm(slot) ? started : 0;
	slot->begun += started;
	if (slot->warm_wanted > 0)
		slot->warm_wanted -= (uint16_t)started;
	if (slot_speaker(slot)->script->is_answered) {
		(void)stamp_add(&slots->stamps, &exchange->stamps, now_ns, started);
		if (slot->owed == 0) {
			stall_owed(&exchange->stall, now_ns);
			slot_arm(slot, stall_deadline(&exchange->stall));
		}
		slot->owed += started;
		slot->warm += warm;
	}
	slot_count_sent(slot, started - warm, now_ns);
}

/* `size` bytes were taken, in a send that was called at `now_ns`. */
static void note_sent(struct slot *slot, size_t size, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	const struct speaker *speaker = slot_speaker(slot);
	bool is_partial = false;
	slots->counters->writes += slots_are_counting(slots);
	uint32_t started =
		speaker->kind->wrote(slot_speaker(slot), slot_speech(slot), size, &is_partial);
	slot->is_partial = is_partial;
	if (!speaker->script->message_bytes && slots_are_counting(slots))
		slots->counters->bytes_sent += size;
	else if (!speaker->script->message_bytes)
		slots->counters->warm_up_bytes += size;
	if (started > 0)
		note_started(slot, started, now_ns);
}

/* Whether there is more to send at once. A message counts as sent when its send was called: on
 * loopback its answer may be there before that returns. */
static bool send_once(struct slot *slot, uint32_t count)
{
	struct slots *slots = slot->slots;
	struct speech_parts *parts = &slots->parts;
	struct speaker *speaker = slot_speaker(slot);
	if (!slot_wake(slot)) {
		slot->state = slot_fail(slot, PHASE_SEND, OUTCOME_NO_MEMORY, ENOMEM);
		return false;
	}
	uint64_t now_ns = loop_read_clock(slot_loop(slot));
	speaker_write(speaker, slot_speech(slot), count, now_ns, parts);
	slot->is_urgent = false;
	if (parts->size == 0)
		return false;
	ssize_t taken = stream_send(&slot->stream, parts->parts, parts->count);
	if (taken > 0)
		note_sent(slot, (size_t)taken, now_ns);
	if (taken == -EAGAIN || (taken > 0 && (size_t)taken < parts->size)) {
		slot->is_blocked = true;
		/* What was urgent may be what is left. */
		slot->is_urgent = true;
	} else if (taken < 0) {
		slot->state =
			slot_fail(slot, PHASE_SEND, outcome_from_errno((int)-taken), (int)-taken);
	}
	return taken > 0;
}

/* How many messages the next send carries at most, with what is left of one. */
static uint32_t sendable(const struct slot *slot)
{
	uint32_t count = startable(slot) + slot->is_partial;
	bool is_single = slot->slots->shape->is_one_a_send;
	return is_single && count > 1 ? 1 : count;
}

static void send_what_may_go(struct slot *slot)
{
	size_t sent = 0;
	while (slot->state->is_talking && !slot->is_blocked) {
		uint32_t count = sendable(slot);
		if (count == 0 && !slot->is_urgent)
			return;
		if (sent >= SENT_A_TURN) {
			slots_go_on(slot->slots, slot);
			return;
		}
		if (!send_once(slot, count))
			return;
		sent += slot->slots->parts.size;
	}
}

void slot_flush(struct slot *slot)
{
	send_what_may_go(slot);
	slot_rest(slot);
}

bool slot_due(struct slot *slot, uint64_t due_ns)
{
	struct slots *slots = slot->slots;
	if (!worker_is_counting(slots->worker)) {
		if (slot->state->is_up && slot->is_settled && slots->shape->warms_up)
			slot->warm_wanted = 1;
		return slot->warm_wanted > 0 && !slot->is_blocked;
	}
	bool was_held = slot->next_round < slot->due_round &&
			slot_troubles_of(slot)->held_round == slot->due_round;
	slot->due_round++;
	slots->counters->scheduled++;
	if (slot->state->is_up) {
		slots->counters->debt++;
		if (was_held || slot_is_held_up(slot))
			slot_troubles_of(slot)->held_round = slot->due_round;
		return !slot->is_blocked;
	}
	slot_count_missed(slot, due_ns);
	return false;
}

/* ---- receiving ---- */

static void learn_backend(struct slot *slot, const char *name)
{
	struct worker *worker = slot_worker(slot);
	struct slot_record *record = slot_record_of(slot);
	uint16_t before = slot->backend;
	slot->backend = *name ? names_index(&worker->names, name, before) : BACKEND_UNKNOWN;
	if (worker_is_counting(worker) && record->reconnects == 0 &&
	    slot_record_first_backend(record) == BACKEND_UNKNOWN)
		slot_record_begin(record, slot->backend);
	if (slot->backend != before && record->reconnects > 0)
		record->has_backend_changed = true;
}

static void note_first_reply(struct slot *slot, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	hist_add(recorder_hist(slots->recorder, LATENCY_FIRST_REPLY), now_ns - slot->started_ns);
	slot_note_settled(slot);
}

static void count_answer(struct slot *slot, const struct heard *heard, uint64_t written_ns,
			 uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	slot->received++;
	counters->received++;
	counters->in_flight--;
	counters->bytes_received += slot_speaker(slot)->script->message_bytes;
	counters->overdue += now_ns - written_ns > slots->plan->reply_timeout_ns;
	counters->mismatched += heard->is_mismatched;
	hist_add(slots->service, now_ns - written_ns);
	if (slots->first_byte)
		hist_add(slots->first_byte, slot->exchange->first_byte_ns - written_ns);
	if (heard->code)
		recorder_status(slots->recorder, heard->code);
	slot_count_answered(slot, heard, now_ns);
	if (counters->in_flight == 0)
		worker_check(slots->worker);
}

/* Uncounted messages come first on a connection. */
static bool is_warm_reply(const struct slot *slot, const struct heard *heard)
{
	return heard->is_numbered ? heard->number < slot->begun - slot->sent : slot->warm > 0;
}

static void note_answer(struct slot *slot, const struct heard *heard, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	uint64_t written_ns =
		stamp_take_behind(&slots->stamps, &slot->exchange->stamps, heard->ahead);
	slot->owed--;
	if (heard->backend)
		learn_backend(slot, heard->backend);
	if (!slot->is_settled)
		note_first_reply(slot, now_ns);
	if (is_warm_reply(slot, heard))
		slot->warm--;
	else
		count_answer(slot, heard, written_ns, now_ns);
	slot->exchange->first_byte_ns = 0;
}

/* The answer that comes next is to a counted message; else what comes wrong is the connection's
 * outcome and nothing more. */
static bool is_counted_owed(const struct slot *slot)
{
	return slot->warm == 0 && slot->owed > 0;
}

static const struct slot_state *note_wrong(struct slot *slot, const struct heard *heard,
					   size_t unused)
{
	struct counters *counters = slot->slots->counters;
	if (heard->used == 0 && slot->owed == 0)
		counters->unasked_bytes += unused;
	counters->corrupted += is_counted_owed(slot);
	slot->slots->why = heard->why;
	const struct slot_state *next =
		slot_fail(slot, PHASE_REPLY, heard->outcome, (int)heard->code);
	slot->slots->why = NULL;
	return next;
}

static const struct slot_state *take_goodbye(struct slot *slot, const struct heard *heard)
{
	/* It may want an answer, which goes as far as there is room for it. */
	if (heard->is_urgent)
		slot_flush(slot);
	if (!slot->state->is_talking)
		return slot->state;
	return slot_fail(slot, PHASE_RECEIVE, slot->is_leaving ? OUTCOME_DONE : OUTCOME_CLOSED,
			 (int)heard->code);
}

/* The peer closes behind its answer (Connection: close), which is no failure to hold back after. */
static const struct slot_state *end_as_told(struct slot *slot)
{
	slot->tries = 0;
	return slot_end_connection(slot, PHASE_RECEIVE, OUTCOME_CLOSED, 0);
}

static const struct slot_state *act_on(struct slot *slot, const struct heard *heard, size_t size,
				       uint64_t now_ns)
{
	switch (heard->what) {
	case HEARD_OPENED:
		return slot_come_up(slot);
	case HEARD_REPLY:
		note_answer(slot, heard, now_ns);
		return heard->is_last ? end_as_told(slot) : slot_leave_if_done(slot);
	case HEARD_GOODBYE:
		return take_goodbye(slot, heard);
	case HEARD_WRONG:
		return note_wrong(slot, heard, size);
	case HEARD_STOP:
		slot_tell(slot, EVENT_STOP, &(struct event){ .count = 1 });
		return slot->state;
	case HEARD_ALL:
		break;
	}
	return slot->state;
}

/* Returns the state that follows; what is left of `data` belongs to the one that ended. */
static const struct slot_state *take_bytes(struct slot *slot, const uint8_t *data, size_t size,
					   uint64_t now_ns)
{
	struct speaker *speaker = slot_speaker(slot);
	const struct slot_state *state = slot->state;
	bool has_more = true;
	while (has_more && state->is_talking) {
		struct heard heard;
		if (!slot_wake(slot))
			return slot_fail(slot, PHASE_RECEIVE, OUTCOME_NO_MEMORY, ENOMEM);
		if (slot->exchange->first_byte_ns == 0 && slot->owed > 0)
			slot->exchange->first_byte_ns = now_ns;
		speaker_hear(speaker, slot_speech(slot), data, size, &heard);
		slot->is_urgent |= heard.is_urgent;
		state = slot->state = act_on(slot, &heard, size - heard.used, now_ns);
		data += heard.used;
		size -= heard.used;
		has_more = size > 0 && heard.what != HEARD_WRONG;
	}
	return state;
}

/* The peer's end, which may complete an answer. */
static const struct slot_state *take_end(struct slot *slot, uint64_t now_ns)
{
	const struct slot_state *state = take_bytes(slot, NULL, 0, now_ns);
	if (!state->is_talking)
		return state;
	return slot_fail(slot, PHASE_RECEIVE, slot->is_leaving ? OUTCOME_DONE : OUTCOME_CLOSED, 0);
}

static size_t readable(const struct slot *slot)
{
	const struct slots *slots = slot->slots;
	bool is_limited =
		slots->read_quota > 0 && slots->read_left[slot->own] < WORKER_SCRATCH_BYTES;
	return is_limited ? slots->read_left[slot->own] : WORKER_SCRATCH_BYTES;
}

static void note_received(struct slot *slot, size_t size)
{
	struct slots *slots = slot->slots;
	slots->counters->reads += slots_are_counting(slots);
	if (slots->read_quota > 0)
		slots->read_left[slot->own] -= (uint32_t)size;
	if (!slot_speaker(slot)->script->message_bytes && slots_are_counting(slots))
		slots->counters->bytes_received += size;
}

/* One receive. The state that follows; `ret_has_more`: there may be more. */
static const struct slot_state *receive_once(struct slot *slot, bool *ret_has_more)
{
	uint8_t *scratch = slot_worker(slot)->scratch;
	size_t room = readable(slot);
	*ret_has_more = false;
	if (room == 0) {
		slot->is_choked = true;
		return slot->state;
	}
	ssize_t size = stream_receive(&slot->stream, scratch, room);
	if (size == -EAGAIN)
		return slot->state;
	if (size < 0)
		return slot_fail(slot, PHASE_RECEIVE, outcome_from_errno((int)-size), (int)-size);
	uint64_t now_ns = loop_read_clock(slot_loop(slot));
	if (size == 0)
		return take_end(slot, now_ns);
	note_received(slot, (size_t)size);
	const struct slot_state *next = take_bytes(slot, scratch, (size_t)size, now_ns);
	*ret_has_more = next->is_talking && (size_t)size == room;
	if (next->is_up)
		slot_note_progress(slot, now_ns);
	return next;
}

const struct slot_state *slot_receive(struct slot *slot)
{
	bool has_more = true;
	for (int i = 0; has_more && i < RECEIVES_A_TURN; i++)
		slot->state = receive_once(slot, &has_more);
	slot->is_unread = has_more;
	if (has_more || slot->slots->is_running)
		slots_go_on(slot->slots, slot);
	/* Answers make room for messages, and pings want an answer. In a closed loop, though, all
	 * that came in this turn is received before anything is sent: the ends hand each other
	 * batches, which on two cpus makes 4 % more round trips of 64 B over 50 connections. */
	if (has_more || !slot->slots->is_running)
		slot_flush(slot);
	return slot->state;
}
