#include "engine/slot.h"

#include <errno.h>

#include "base/units.h"

/* How long a connection that has not answered yet may hold up others (slots.c). */
#define HOLD_NS (100 * NS_PER_MS)

/* The first retry comes at once, the later ones after 100 ms, 200 ms ... 1 s, each ± a quarter. */
#define BACK_OFF_STEP_NS   (100 * NS_PER_MS)
#define BACK_OFF_STEPS_MAX 10

/* More than this after the moment due counts as sent late. */
#define LATE_NS NS_PER_MS

static const struct slot_state state_off;
static const struct slot_state state_waiting;
static const struct slot_state state_connecting;
static const struct slot_state state_up;

static struct worker *worker_of(const struct slot *slot)
{
	return slot->slots->worker;
}

static struct loop *loop_of(const struct slot *slot)
{
	return slot->slots->worker->loop;
}

static struct slot_record *record_of(const struct slot *slot)
{
	return &slot->slots->worker->slots[slot->own];
}

static uint64_t now_of(const struct slot *slot)
{
	return loop_now(slot->slots->worker->loop);
}

static void tell(const struct slot *slot, enum event_kind kind, const struct event *more)
{
	struct event event = *more;
	event.kind = (uint8_t)kind;
	event.stream = PLAN_PERSISTENT;
	event.slot = slots_number(slot->slots, slot);
	event.backend = slot->backend;
	worker_event(worker_of(slot), &event);
}

/* Messages on the wire or in our socket that are still to be answered. */
static uint64_t owed(const struct slot *slot)
{
	return slot->sending.sequence + (slot->sending.offset > 0) - slot->receiving.sequence;
}

/* ---- interruptions ---- */

static void log_interval(struct slot *slot, enum interval_kind kind, struct interval interval)
{
	interval.kind = (uint8_t)kind;
	interval.stream = PLAN_PERSISTENT;
	interval.slot = slots_number(slot->slots, slot);
	interval_log_add(&worker_of(slot)->intervals, &interval);
}

static void log_interruption(struct slot *slot, const struct gap_span *span, bool is_open)
{
	struct slot_record *record = record_of(slot);
	uint64_t length_ns = span->end_ns - span->start_ns;
	if (length_ns > record->longest_ns)
		record->longest_ns = length_ns;
	record->is_interrupted = true;
	record->is_longest_open = is_open;
	log_interval(slot, INTERVAL_INTERRUPTION,
		     (struct interval){ .start_ns = span->start_ns,
					.end_ns = span->end_ns,
					.unanswered = span->unanswered,
					.backend = slot->gap_backend,
					.is_open = is_open });
}

static void count_unanswered(struct slot *slot, uint64_t due_ns)
{
	if (slot->interruption.unanswered == 0)
		slot->gap_backend = slot->backend;
	if (gap_unanswered(&slot->interruption, due_ns))
		slot->slots->counters->interrupted++;
}

static void count_answered(struct slot *slot, uint64_t due_ns)
{
	struct gap_span span;
	if (!gap_answered(&slot->interruption, due_ns, &span))
		return;
	slot->slots->counters->interrupted--;
	log_interruption(slot, &span, false);
}

/* ---- silence ---- */

static void arm(struct slot *slot, uint64_t at_ns)
{
	if (!timer_is_set(&slot->timer))
		loop_set_timer(loop_of(slot), &slot->timer, at_ns);
}

static void begin_silence(struct slot *slot, uint64_t now_ns)
{
	slot->slots->counters->silent++;
	survival_stall_began(&slot->survival);
	tell(slot, EVENT_SLOT_SILENT,
	     &(struct event){ .span_ns = now_ns - slot->stall.since_ns, .at_ns = now_ns });
}

static void end_silence(struct slot *slot, uint64_t start_ns, uint64_t end_ns, bool is_open)
{
	slot->slots->counters->silent--;
	if (worker_is_counting(worker_of(slot)))
		log_interval(
			slot, INTERVAL_STALL,
			(struct interval){ .start_ns = start_ns,
					   .end_ns = end_ns,
					   .unanswered = slot->next_round - slot->answered_round,
					   .backend = slot->backend,
					   .is_open = is_open });
}

/* In-order bytes came. */
static void note_progress(struct slot *slot, uint64_t now_ns)
{
	uint64_t start_ns;
	uint64_t oldest_ns = mark_oldest(&slot->slots->marks, &slot->marks);
	if (!stall_progress(&slot->stall, now_ns, oldest_ns, &start_ns))
		return;
	end_silence(slot, start_ns, now_ns, false);
	survival_stall_ended(&slot->survival);
	tell(slot, EVENT_SLOT_ANSWERS, &(struct event){ .span_ns = now_ns - start_ns });
	/* The timer stands at the moment to give up, far ahead. */
	loop_clear_timer(loop_of(slot), &slot->timer);
	if (slot->stall.is_owed)
		arm(slot, stall_deadline(&slot->stall));
}

/* ---- the end of a connection ---- */

static void queue_now(struct slot *slot)
{
	slots_enqueue(slot->slots, slot);
}

static const struct slot_state *try_again(struct slot *slot)
{
	struct worker *worker = worker_of(slot);
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
	loop_set_timer(worker->loop, &slot->timer, now_of(slot) + delay_ns);
	return &state_waiting;
}

/* What was sent and not answered is lost with its connection; what was due and could not be sent
 * is missed: the peer took nothing more. Both in order of due time. */
static uint64_t settle_rounds(struct slot *slot, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	uint64_t lost = slot->next_round - slot->answered_round;
	for (uint64_t round = slot->answered_round; round < slot->due_round; round++) {
		uint64_t due_ns = slots_due(slots, slot, round);
		if (round < slot->next_round)
			unanswered_lost(&slots->unanswered, due_ns, now_ns);
		else
			unanswered_missed(&slots->unanswered, due_ns);
		count_unanswered(slot, due_ns);
	}
	counters->lost += lost;
	counters->in_flight -= lost;
	counters->missed_peer += slot->due_round - slot->next_round;
	counters->debt -= slot->due_round - slot->next_round;
	record_of(slot)->lost += lost;
	record_of(slot)->missed += slot->due_round - slot->next_round;
	slot->answered_round = slot->next_round = slot->due_round;
	return lost;
}

static void log_connection(struct slot *slot, enum outcome outcome, uint64_t lost,
			   struct connection_log *log)
{
	struct connection_record record = {
		.started_ns = slot->started_ns,
		.connected_ns = slot->connected_ns,
		.ended_ns = outcome == OUTCOME_OPEN ? 0 : now_of(slot),
		.sent = slot->sent,
		.received = slot->received,
		.lost = (uint32_t)lost,
		.slot = slots_number(slot->slots, slot),
		.backend = slot->is_answered ? slot->backend : BACKEND_UNKNOWN,
		.stream = PLAN_PERSISTENT,
		.outcome = (uint8_t)outcome,
	};
	struct stream_info info = { 0 };
	(void)stream_endpoints(&slot->stream, &record.local, &record.remote);
	if (slot->connected_ns && stream_info(&slot->stream, &info) >= 0 && info.is_known) {
		record.retransmits = (uint32_t)info.retransmitted_segments;
		record.rtt_ns = info.rtt_ns;
		slot->slots->counters->retransmitted_segments += info.retransmitted_segments;
		hist_add(recorder_hist(slot->slots->recorder, LATENCY_RTT), info.rtt_ns);
	}
	connection_log_add(log, &record);
}

static void forget_connection(struct slot *slot)
{
	slots_release(slot->slots, slot);
	loop_clear_timer(loop_of(slot), &slot->timer);
	mark_clear(&slot->slots->marks, &slot->marks);
	stall_init(&slot->stall, slot->slots->plan->stall_after_ns);
	if (slot->is_answered)
		slot->slots->answering--;
	slot->is_answered = false;
	slot->is_blocked = false;
	slot->is_warm_wanted = false;
	slot->warm = 0;
}

static void note_outcome(struct slot *slot, enum phase phase, enum outcome outcome, int code)
{
	struct worker *worker = worker_of(slot);
	if (worker->stage < WORKER_DONE)
		recorder_error(slot->slots->recorder, phase, outcome, code, now_of(slot));
}

static const struct slot_state *end_connection(struct slot *slot, enum phase phase,
					       enum outcome outcome, int code)
{
	struct counters *counters = slot->slots->counters;
	uint64_t now_ns = now_of(slot);
	if (slot->stall.is_stalled)
		end_silence(slot, slot->stall.since_ns, now_ns, false);
	uint64_t lost = settle_rounds(slot, now_ns);
	log_connection(slot, outcome, lost, &worker_of(slot)->ended);
	note_outcome(slot, phase, outcome, code);
	counters->connections--;
	counters->disconnects++;
	if (worker_is_counting(worker_of(slot)))
		survival_ended(&slot->survival, outcome);
	tell(slot, EVENT_SLOT_ENDED,
	     &(struct event){ .outcome = (uint8_t)outcome, .count = lost, .code = (uint8_t)code });
	forget_connection(slot);
	if (outcome == OUTCOME_CLOSED)
		stream_close(&slot->stream);
	else
		stream_reset(&slot->stream);
	worker_check(worker_of(slot));
	return try_again(slot);
}

static const struct slot_state *fail_connecting(struct slot *slot, enum outcome outcome, int code)
{
	struct counters *counters = slot->slots->counters;
	counters->connecting--;
	counters->connect_failures++;
	log_connection(slot, outcome, 0, &worker_of(slot)->ended);
	note_outcome(slot, PHASE_CONNECT, outcome, code);
	tell(slot, EVENT_SLOT_REFUSED,
	     &(struct event){ .outcome = (uint8_t)outcome, .code = (uint8_t)code });
	forget_connection(slot);
	stream_close(&slot->stream);
	return try_again(slot);
}

/* ---- sending ---- */

static void count_sent(struct slot *slot, uint32_t started, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	for (uint32_t i = 0; i < started; i++) {
		uint64_t due_ns = slots_due(slots, slot, slot->next_round++);
		uint64_t late_ns = now_ns > due_ns ? now_ns - due_ns : 0;
		hist_add(slots->send_error, late_ns);
		if (late_ns > counters->debt_max_ns)
			counters->debt_max_ns = late_ns;
		counters->sent_late += late_ns > LATE_NS;
	}
	slot->sent += started;
	counters->sent += started;
	counters->in_flight += started;
	counters->debt -= started;
}

/* `size` bytes were taken. */
static void note_sent(struct slot *slot, size_t size)
{
	struct slots *slots = slot->slots;
	uint64_t before = slot->sending.sequence + (slot->sending.offset > 0);
	bool was_owed = owed(slot) > 0;
	(void)message_advance(&slot->sending, slots->plan->slots.message_bytes, size);
	uint32_t started = (uint32_t)(slot->sending.sequence + (slot->sending.offset > 0) - before);
	if (worker_is_counting(worker_of(slot)))
		slots->counters->bytes_sent += size;
	if (started == 0)
		return;
	uint64_t now_ns = loop_read_clock(loop_of(slot));
	(void)mark_add(&slots->marks, &slot->marks, now_ns, started);
	if (!was_owed) {
		stall_owed(&slot->stall, now_ns);
		arm(slot, stall_deadline(&slot->stall));
	}
	if (slot->is_warm_wanted) {
		slot->is_warm_wanted = false;
		slot->warm++;
		started--;
	}
	count_sent(slot, started, now_ns);
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
			slot->state = end_connection(slot, PHASE_SEND,
						     outcome_from_errno((int)-taken), (int)-taken);
	}
}

bool slot_due(struct slot *slot, uint64_t due_ns)
{
	struct slots *slots = slot->slots;
	if (!worker_is_counting(worker_of(slot))) {
		slot->is_warm_wanted = slot->state->is_up && slot->is_answered;
		return slot->is_warm_wanted && !slot->is_blocked;
	}
	slot->due_round++;
	slots->counters->scheduled++;
	if (slot->state->is_up) {
		slots->counters->debt++;
		return !slot->is_blocked;
	}
	slots->counters->missed_no_connection++;
	record_of(slot)->missed++;
	slot->next_round = slot->answered_round = slot->due_round;
	unanswered_missed(&slots->unanswered, due_ns);
	count_unanswered(slot, due_ns);
	return false;
}

/* ---- receiving ---- */

static void learn_backend(struct slot *slot)
{
	char name[WIRE_NAME_BYTES];
	struct worker *worker = worker_of(slot);
	struct slot_record *record = record_of(slot);
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
	bool is_later = slot->slots->worker->slots[slot->own].reconnects > 0;
	slot->is_answered = true;
	slot->tries = 0;
	slots->answering++;
	slots_release(slots, slot);
	hist_add(recorder_hist(slots->recorder, LATENCY_FIRST_REPLY), now_ns - slot->started_ns);
	learn_backend(slot);
	if (is_later)
		tell(slot, EVENT_SLOT_CONNECTED, &(struct event){ 0 });
	worker_check(slots->worker);
}

static void note_answer(struct slot *slot, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	uint64_t written_ns = mark_take(&slots->marks, &slot->marks);
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
	counters->overdue += now_ns - written_ns > slots->plan->reply_timeout_ns;
	hist_add(slots->response, now_ns - due_ns);
	hist_add(slots->service, now_ns - written_ns);
	count_answered(slot, due_ns);
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

static const struct slot_state *receive(struct slot *slot)
{
	struct slots *slots = slot->slots;
	uint8_t *scratch = slots->worker->scratch;
	for (;;) {
		ssize_t size = stream_receive(&slot->stream, scratch, WORKER_SCRATCH_BYTES);
		if (size == -EAGAIN)
			return &state_up;
		if (size == 0)
			return end_connection(slot, PHASE_RECEIVE, OUTCOME_CLOSED, 0);
		if (size < 0)
			return end_connection(slot, PHASE_RECEIVE, outcome_from_errno((int)-size),
					      (int)-size);
		uint64_t now_ns = loop_read_clock(loop_of(slot));
		if (worker_is_counting(slots->worker))
			slots->counters->bytes_received += (size_t)size;
		if (!take_bytes(slot, scratch, (size_t)size, now_ns)) {
			slots->counters->corrupted++;
			return end_connection(slot, PHASE_REPLY, OUTCOME_CORRUPTED, 0);
		}
		note_progress(slot, now_ns);
		if (size < WORKER_SCRATCH_BYTES)
			return &state_up;
	}
}

/* ---- states ---- */

static const struct slot_state *connected(struct slot *slot)
{
	struct slots *slots = slot->slots;
	uint64_t now_ns = loop_read_clock(loop_of(slot));
	slot->connected_ns = now_ns;
	slots->counters->connecting--;
	slots->counters->connections++;
	slots->counters->connects++;
	hist_add(recorder_hist(slots->recorder, LATENCY_CONNECT), now_ns - slot->started_ns);
	if (worker_is_counting(slots->worker)) {
		survival_connected(&slot->survival);
		record_of(slot)->reconnects += slot->has_connected;
	}
	slot->has_connected = true;
	loop_clear_timer(loop_of(slot), &slot->timer);
	arm(slot, now_ns + HOLD_NS);
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
		next = receive(slot);
	if (next == &state_up && (events & STREAM_FAILED)) {
		int code = stream_error(&slot->stream);
		next = end_connection(slot, PHASE_RECEIVE, outcome_from_errno(code), code);
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
	uint64_t now_ns = now_of(slot);
	slots_release(slot->slots, slot);
	if (!stall->is_owed)
		return &state_up;
	if (!stall->is_stalled && stall_check(stall, now_ns))
		begin_silence(slot, now_ns);
	if (!stall->is_stalled) {
		arm(slot, stall_deadline(stall));
		return &state_up;
	}
	uint64_t give_up_ns = stall->since_ns + slot->slots->plan->give_up_ns;
	if (now_ns >= give_up_ns)
		return end_connection(slot, PHASE_REPLY, OUTCOME_TIMED_OUT, 0);
	arm(slot, give_up_ns);
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
	mark_queue_init(&slot->marks);
	gap_init(&slot->interruption, 2);
	stall_init(&slot->stall, slots->plan->stall_after_ns);
	survival_init(&slot->survival);
	*record_of(slot) = (struct slot_record){ .first_backend = BACKEND_UNKNOWN,
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
	slot->started_ns = loop_read_clock(loop_of(slot));
	slot->connected_ns = 0;
	slot->sent = slot->received = 0;
	slot->sending = slot->receiving = (struct message_place){ 0 };
	memset(slot->name, 0, sizeof(slot->name));
	slots->counters->attempts++;
	slots->counters->connecting++;
	slot->state = &state_connecting;
	int result = stream_connect(&slot->stream, plan->stream, loop_of(slot), &connect, on_ready);
	if (result < 0)
		slot->state = fail_connecting(slot, outcome_from_errno(-result), -result);
	else
		loop_set_timer(loop_of(slot), &slot->timer,
			       slot->started_ns + plan->connect_timeout_ns);
}

void slot_begin(struct slot *slot)
{
	struct slot_record *record = record_of(slot);
	slot->is_warm_wanted = slot->is_warm_wanted && slot->is_blocked;
	survival_init(&slot->survival);
	if (!slot->state->is_up)
		return;
	survival_connected(&slot->survival);
	record->first_backend = slot->backend;
	if (slot->stall.is_stalled)
		survival_stall_began(&slot->survival);
}

void slot_end_schedule(struct slot *slot)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	uint64_t debt = slot->due_round - slot->next_round;
	for (uint64_t round = slot->next_round; round < slot->due_round; round++)
		unanswered_missed(&slots->unanswered, slots_due(slots, slot, round));
	*(slot->is_blocked ? &counters->missed_peer : &counters->missed_generator) += debt;
	counters->debt -= debt;
	record_of(slot)->missed += debt;
	slot->missed_last = debt;
	slot->due_round = slot->next_round;
	list_remove(&slot->queued);
	if (slot->state == &state_waiting) {
		loop_clear_timer(loop_of(slot), &slot->timer);
		slot->state = &state_off;
	}
}

/* What is still owed stays in flight; it was waited for, so its lower bound is known. */
static void settle_owed(struct slot *slot)
{
	struct slots *slots = slot->slots;
	uint64_t now_ns = now_of(slot);
	uint64_t end = slot->next_round + slot->missed_last;
	for (uint64_t round = slot->answered_round; round < end; round++) {
		uint64_t due_ns = slots_due(slots, slot, round);
		if (round < slot->next_round)
			unanswered_lost(&slots->unanswered, due_ns, now_ns);
		count_unanswered(slot, due_ns);
	}
}

void slot_finish(struct slot *slot)
{
	struct worker *worker = worker_of(slot);
	struct slot_record *record = record_of(slot);
	struct gap_span span;
	if (worker->begin_ns != UINT64_MAX) {
		settle_owed(slot);
		if (gap_finish(&slot->interruption, worker->end_ns, &span))
			log_interruption(slot, &span, true);
		if (slot->stall.is_stalled)
			end_silence(slot, slot->stall.since_ns, now_of(slot), true);
	}
	record->survival = (uint8_t)survival_class(&slot->survival);
	record->is_connected_at_end = slot->state->is_up;
	if (slot->state->is_up) {
		record->last_backend = slot->backend;
		log_connection(slot, OUTCOME_OPEN, 0, &worker->open);
	}
	stream_close(&slot->stream);
	slot->state = &state_off;
}
