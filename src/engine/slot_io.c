#include "engine/slot_io.h"

#include <errno.h>

#include "base/units.h"
#include "engine/slot_ledger.h"

/* Messages on the wire or in our socket that are still to be answered. */
static uint64_t owed(const struct slot *slot)
{
	return slot->sending.sequence + (slot->sending.offset > 0) - slot->receiving.sequence;
}

/* The reply that comes next is to a counted message; else what comes wrong is the connection's
 * outcome and nothing more. */
static bool is_counted_owed(const struct slot *slot)
{
	return slot->warm == 0 && slot->answered_round < slot->next_round;
}

/* ---- sending ---- */

/* `size` bytes were taken. */
static void note_sent(struct slot *slot, size_t size)
{
	struct slots *slots = slot->slots;
	uint64_t before = slot->sending.sequence + (slot->sending.offset > 0);
	bool was_owed = owed(slot) > 0;
	(void)message_advance(&slot->sending, slots->plan->slots.message_bytes, size);
	uint32_t started = (uint32_t)(slot->sending.sequence + (slot->sending.offset > 0) - before);
	if (started == 0)
		return;
	uint64_t now_ns = loop_read_clock(slot_loop(slot));
	(void)stamp_add(&slots->stamps, &slot->stamps, now_ns, started);
	if (!was_owed) {
		stall_owed(&slot->stall, now_ns);
		slot_arm(slot, stall_deadline(&slot->stall));
	}
	if (slot->is_warm_wanted) {
		slot->is_warm_wanted = false;
		slot->warm++;
		started--;
	}
	slot_count_sent(slot, started, now_ns);
}

static uint32_t wanted(const struct slot *slot)
{
	uint64_t debt = slot->due_round - slot->next_round;
	uint64_t all = debt + (slot->sending.offset > 0) + slot->is_warm_wanted;
	return all < MESSAGE_BATCH_MAX ? (uint32_t)all : MESSAGE_BATCH_MAX;
}

void slot_flush(struct slot *slot)
{
	struct slots *slots = slot->slots;
	uint32_t count;
	while (slot->state->is_up && !slot->is_blocked && (count = wanted(slot)) > 0) {
		size_t size = message_build(&slots->parts, slot->sending, count,
					    slots->plan->slots.message_bytes, &slots->zeros);
		ssize_t taken = stream_send(&slot->stream, slots->parts.parts, slots->parts.count);
		if (taken > 0)
			note_sent(slot, (size_t)taken);
		if (taken == -EAGAIN || (taken > 0 && (size_t)taken < size))
			slot->is_blocked = true;
		else if (taken < 0)
			slot->state = slot_end_connection(
				slot, PHASE_SEND, outcome_from_errno((int)-taken), (int)-taken);
	}
}

bool slot_due(struct slot *slot, uint64_t due_ns)
{
	struct slots *slots = slot->slots;
	if (!worker_is_counting(slot_worker(slot))) {
		slot->is_warm_wanted = slot->state->is_up && slot->is_answered;
		return slot->is_warm_wanted && !slot->is_blocked;
	}
	slot->due_round++;
	slots->counters->scheduled++;
	if (slot->state->is_up) {
		slots->counters->debt++;
		return !slot->is_blocked;
	}
	slot_count_missed(slot, due_ns);
	return false;
}

/* ---- receiving ---- */

static void learn_backend(struct slot *slot)
{
	char name[WIRE_NAME_BYTES];
	struct worker *worker = slot_worker(slot);
	struct slot_record *record = slot_record_of(slot);
	uint16_t before = slot->backend;
	size_t length = wire_read_name(slot->name, WIRE_NAME_BYTES, name);
	slot->backend = length ? names_index(&worker->names, name, before) : BACKEND_UNKNOWN;
	if (worker_is_counting(worker) && record->first_backend == BACKEND_UNKNOWN &&
	    record->reconnects == 0)
		record->first_backend = slot->backend;
	if (slot->backend != before && record->reconnects > 0)
		record->has_backend_changed = true;
}

static void note_first_reply(struct slot *slot, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	slot->is_answered = true;
	slots->answering++;
	slots_release(slots, slot);
	hist_add(recorder_hist(slots->recorder, LATENCY_FIRST_REPLY), now_ns - slot->started_ns);
	learn_backend(slot);
	slot_tell(slot, EVENT_SLOT_CONNECTED,
		  &(struct event){ .count = slot_record_of(slot)->reconnects });
	worker_check(slots->worker);
}

static void note_answer(struct slot *slot, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	uint64_t written_ns = stamp_take(&slots->stamps, &slot->stamps);
	if (!slot->is_answered)
		note_first_reply(slot, now_ns);
	if (slot->warm > 0) {
		slot->warm--;
		return;
	}
	uint64_t due_ns = slots_due(slots, slot, slot->answered_round++);
	slot->received++;
	counters->received++;
	counters->in_flight--;
	counters->bytes_received += slots->plan->slots.message_bytes;
	counters->overdue += now_ns - written_ns > slots->plan->reply_timeout_ns;
	hist_add(slots->response, now_ns - due_ns);
	hist_add(slots->service, now_ns - written_ns);
	slot_count_answered(slot, due_ns);
	if (counters->in_flight == 0)
		worker_check(slots->worker);
}

/* How much of `size` bytes may belong to the reply under way: not beyond its end, and not beyond
 * what was sent. 0: nobody asked for these bytes. */
static size_t reply_room(const struct slot *slot, size_t size)
{
	uint32_t end = slot->receiving.sequence == slot->sending.sequence
			       ? slot->sending.offset
			       : slot->slots->plan->slots.message_bytes;
	size_t room = end > slot->receiving.offset ? end - slot->receiving.offset : 0;
	return room < size ? room : size;
}

static void keep_name(struct slot *slot, const uint8_t *data, size_t size)
{
	if (slot->receiving.sequence > 0 || slot->receiving.offset >= WIRE_NAME_BYTES)
		return;
	size_t room = WIRE_NAME_BYTES - slot->receiving.offset;
	memcpy(slot->name + slot->receiving.offset, data, size < room ? size : room);
}

/* False: these are not the bytes that were asked for. */
static bool take_bytes(struct slot *slot, const uint8_t *data, size_t size, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	uint32_t message_bytes = slots->plan->slots.message_bytes;
	while (size > 0) {
		size_t piece = reply_room(slot, size);
		if (piece == 0) {
			slots->counters->unasked_bytes += size;
			return false;
		}
		if (!message_is_echo(slot->receiving, message_bytes, data, piece, &slots->zeros))
			return false;
		keep_name(slot, data, piece);
		if (message_advance(&slot->receiving, message_bytes, piece))
			note_answer(slot, now_ns);
		data += piece;
		size -= piece;
	}
	return true;
}

const struct slot_state *slot_receive(struct slot *slot)
{
	struct slots *slots = slot->slots;
	uint8_t *scratch = slots->worker->scratch;
	for (;;) {
		ssize_t size = stream_receive(&slot->stream, scratch, WORKER_SCRATCH_BYTES);
		if (size == -EAGAIN)
			return slot->state;
		if (size == 0)
			return slot_end_connection(slot, PHASE_RECEIVE, OUTCOME_CLOSED, 0);
		if (size < 0)
			return slot_end_connection(slot, PHASE_RECEIVE,
						   outcome_from_errno((int)-size), (int)-size);
		uint64_t now_ns = loop_read_clock(slot_loop(slot));
		if (!take_bytes(slot, scratch, (size_t)size, now_ns)) {
			slots->counters->corrupted += is_counted_owed(slot);
			return slot_end_connection(slot, PHASE_REPLY, OUTCOME_CORRUPTED, 0);
		}
		slot_note_progress(slot, now_ns);
		if (size < WORKER_SCRATCH_BYTES)
			return slot->state;
	}
}
