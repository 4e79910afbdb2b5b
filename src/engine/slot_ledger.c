#include "engine/slot_ledger.h"

#include "engine/lateness.h"
#include "engine/script.h"

void slot_tell(const struct slot *slot, enum event_kind kind, const struct event *more)
{
	struct event event = *more;
	event.kind = (uint8_t)kind;
	event.stream = (uint8_t)slot->slots->stream;
	event.slot = slots_number(slot->slots, slot);
	event.backend = slot->backend;
	worker_event(slot_worker(slot), &event);
}

/* ---- interruptions ---- */

static void log_interval(struct slot *slot, enum interval_kind kind, struct interval interval)
{
	interval.kind = (uint8_t)kind;
	interval.stream = (uint8_t)slot->slots->stream;
	interval.slot = slots_number(slot->slots, slot);
	interval_log_add(&slot_worker(slot)->logs.intervals, &interval);
}

/* So many messages in a row make an interruption. */
#define GAP_MESSAGES 2

static void log_interruption(struct slot *slot, const struct gap_span *span)
{
	struct slot_record *record = slot_record_of(slot);
	uint64_t length_ns = span->end_ns - span->start_ns;
	if (length_ns > record->longest_ns)
		record->longest_ns = length_ns;
	record->is_interrupted = true;
	record->is_longest_open = span->is_open;
	log_interval(slot, INTERVAL_INTERRUPTION,
		     (struct interval){ .start_ns = span->start_ns,
					.end_ns = span->end_ns,
					.unanswered = span->unanswered,
					.backend = slot_troubles_of(slot)->gap_backend,
					.is_open = span->is_open });
}

/* `count` messages in a row, the first due at `due_ns`. */
static void count_unanswered(struct slot *slot, uint64_t due_ns, uint64_t count)
{
	struct slot_troubles *troubles = slot_troubles_of(slot);
	if (!slot->has_gap) {
		gap_init(&troubles->interruption, GAP_MESSAGES);
		troubles->gap_backend = slot->backend;
	}
	slot->has_gap = true;
	if (gap_unanswered_many(&troubles->interruption, due_ns, count))
		slot->slots->counters->interrupted++;
}

static void end_interruption(struct slot *slot, uint64_t due_ns)
{
	struct gap_span span;
	if (!slot->has_gap)
		return;
	slot->has_gap = false;
	if (!gap_answered(&slot_troubles_of(slot)->interruption, due_ns, &span))
		return;
	slot->slots->counters->interrupted--;
	log_interruption(slot, &span);
}

void slot_leave_interruption_open(struct slot *slot, uint64_t end_ns)
{
	struct gap_span span;
	if (slot->has_gap && gap_finish(&slot_troubles_of(slot)->interruption, end_ns, &span))
		log_interruption(slot, &span);
}

/* When the answered message was due. On a connection the counted messages come last, in the order
 * of their rounds. */
static uint64_t due_of(const struct slot *slot, const struct heard *heard, uint64_t next_answered)
{
	uint64_t round = heard->is_numbered ? slot->next_round - (slot->begun - heard->number)
					    : next_answered;
	return slots_due(slot->slots, slot, round);
}

/* Interruptions are told by how many are unanswered, in the order in which answers come. */
void slot_count_answered(struct slot *slot, const struct heard *heard, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	uint64_t round = slot_answered_round(slot) - 1; /* it is owed no more */
	bool is_good = heard->outcome == OUTCOME_DONE;
	if (!is_good) {
		slots->counters->rejected++;
		slots->why = heard->why;
		slot_note_outcome(slot, PHASE_REPLY, heard->outcome, (int)heard->code);
		slots->why = NULL;
	}
	if (!slots->response)
		return;
	uint64_t due_ns = slots_due(slots, slot, round);
	hist_add(slots->response, now_ns - due_of(slot, heard, round));
	if (is_good)
		end_interruption(slot, due_ns);
	else
		count_unanswered(slot, due_ns, 1);
}

/* ---- silence ---- */

void slot_arm(struct slot *slot, uint64_t at_ns)
{
	if (!timer_is_set(&slot->timer))
		loop_set_timer(slot_loop(slot), &slot->timer, at_ns);
}

void slot_begin_silence(struct slot *slot, uint64_t now_ns)
{
	slot->slots->counters->silent++;
	survival_stall_began(&slot->survival);
	slot_tell(slot, EVENT_SLOT_SILENT,
		  &(struct event){ .span_ns = now_ns - slot->exchange->stall.since_ns,
				   .at_ns = now_ns });
}

static void log_silence(struct slot *slot, struct interval silence)
{
	slot->slots->counters->silent--;
	if (!worker_is_counting(slot_worker(slot)))
		return;
	silence.unanswered = slot->owed - slot->warm;
	silence.backend = slot->backend;
	log_interval(slot, INTERVAL_STALL, silence);
}

void slot_end_silence(struct slot *slot, uint64_t start_ns, uint64_t end_ns)
{
	log_silence(slot, (struct interval){ .start_ns = start_ns, .end_ns = end_ns });
}

void slot_leave_silence_open(struct slot *slot, uint64_t end_ns)
{
	log_silence(slot, (struct interval){ .start_ns = slot->exchange->stall.since_ns,
					     .end_ns = end_ns,
					     .is_open = true });
}

/* In-order bytes came. */
void slot_note_progress(struct slot *slot, uint64_t now_ns)
{
	uint64_t start_ns;
	struct exchange *exchange = slot->exchange;
	if (!exchange)
		return;
	uint64_t oldest_ns = stamp_oldest(&slot->slots->stamps, &exchange->stamps);
	if (!stall_progress(&exchange->stall, now_ns, oldest_ns, &start_ns))
		return;
	slot_end_silence(slot, start_ns, now_ns);
	survival_stall_ended(&slot->survival);
	slot_tell(slot, EVENT_SLOT_ANSWERS, &(struct event){ .span_ns = now_ns - start_ns });
	/* The timer stands at the moment to give up, far ahead. */
	loop_clear_timer(slot_loop(slot), &slot->timer);
	if (exchange->stall.is_owed)
		slot_arm(slot, stall_deadline(&exchange->stall));
}

/* ---- messages ---- */

void slot_count_sent(struct slot *slot, uint32_t started, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	const struct script *script = slot_speaker(slot)->script;
	for (uint32_t i = 0; slots->is_paced && i < started; i++) {
		uint64_t round = slot->next_round + i;
		bool is_late = lateness_count(counters, slots->send_error,
					      slots_due(slots, slot, round), now_ns);
		counters->held_up += is_late && round < slot_troubles_of(slot)->held_round;
	}
	slot->next_round += started;
	slot->sent += started;
	counters->sent += started;
	counters->bytes_sent += (uint64_t)started * script->message_bytes;
	if (slots->is_paced) {
		counters->debt -= started;
	} else {
		slot->due_round += started;
		counters->scheduled += started;
	}
	if (script->is_answered)
		counters->in_flight += started;
	else
		counters->one_way += started;
}

void slot_count_missed(struct slot *slot, uint64_t due_ns)
{
	slot->slots->counters->missed_no_connection++;
	slot_record_of(slot)->missed++;
	slot->next_round = slot->due_round;
	if (!slot->slots->response)
		return;
	unanswered_missed(&slot->slots->unanswered, due_ns, 1);
	count_unanswered(slot, due_ns, 1);
}

/* Debt is given up in at most this many steps: at millions a second a slot may owe more messages
 * than can be walked one by one. A step's messages count as due with its first. */
#define DEBT_STEPS 1000

static void miss_debt(struct slot *slot, uint64_t *counter)
{
	struct slots *slots = slot->slots;
	uint64_t debt = slot->due_round - slot->next_round;
	uint64_t step = debt / DEBT_STEPS + 1;
	if (debt == 0)
		return;
	for (uint64_t round = slot->next_round; slots->response && round < slot->due_round;
	     round += step) {
		uint64_t left = slot->due_round - round;
		unanswered_missed(&slots->unanswered, slots_due(slots, slot, round),
				  left < step ? left : step);
	}
	*counter += debt;
	slots->counters->debt -= debt;
	slot_record_of(slot)->missed += debt;
}

static void count_debt_unanswered(struct slot *slot, uint64_t first, uint64_t end)
{
	if (first < end && slot->slots->response)
		count_unanswered(slot, slots_due(slot->slots, slot, first), end - first);
}

/* All that are sent and not answered. */
static void count_owed_unanswered(struct slot *slot, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	if (!slots->response)
		return;
	for (uint64_t round = slot_answered_round(slot); round < slot->next_round; round++) {
		uint64_t due_ns = slots_due(slots, slot, round);
		unanswered_lost(&slots->unanswered, due_ns, now_ns);
		count_unanswered(slot, due_ns, 1);
	}
}

/* What was sent and not answered is lost with its connection; what was due and could not be sent
 * is missed: the peer took nothing more. Both in order of due time. */
uint64_t slot_settle_rounds(struct slot *slot, uint64_t now_ns)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	uint64_t lost = slot->owed - slot->warm;
	count_owed_unanswered(slot, now_ns);
	counters->lost += lost;
	counters->in_flight -= lost;
	if (lost > 0)
		slot_record_of(slot)->lost += lost;
	count_debt_unanswered(slot, slot->next_round, slot->due_round);
	miss_debt(slot, &counters->missed_peer);
	slot->owed = slot->warm = 0;
	slot->next_round = slot->due_round;
	return lost;
}

void slot_end_schedule(struct slot *slot)
{
	struct counters *counters = slot->slots->counters;
	if (slot->due_round == slot->next_round)
		return;
	slot_troubles_of(slot)->missed_last = slot->due_round - slot->next_round;
	miss_debt(slot,
		  slot_is_held_up(slot) ? &counters->missed_peer : &counters->missed_generator);
	slot->due_round = slot->next_round;
}

/* What is still owed stays in flight; it was waited for, so its lower bound is known. */
void slot_settle_owed(struct slot *slot)
{
	uint64_t now_ns = slot_now(slot);
	count_owed_unanswered(slot, now_ns);
	count_debt_unanswered(slot, slot->next_round,
			      slot->next_round + slot_troubles_of(slot)->missed_last);
}

/* ---- connections ---- */

bool slot_sample(struct slot *slot, struct stream_info *ret)
{
	if (!slot->connected_ns)
		return false;
	if (!worker_is_counting(slot_worker(slot)))
		return stream_info(&slot->stream, ret) >= 0 && ret->is_known;
	return tcp_sample_take(&slot->tcp, &slot->stream, slot_now(slot), slot->slots->recorder,
			       ret);
}

bool slot_sample_last(struct slot *slot, struct stream_info *ret)
{
	if (!slot_sample(slot, ret))
		return false;
	tcp_sample_end(&slot->stream, ret, slot->slots->recorder);
	return true;
}

void slot_log_connection(struct slot *slot, enum outcome outcome, uint64_t lost,
			 struct connection_log *log)
{
	struct connection_record record = {
		.started_ns = slot->started_ns,
		.connected_ns = slot->connected_ns,
		.ended_ns = outcome == OUTCOME_OPEN ? 0 : slot_now(slot),
		.sent = slot->sent,
		.received = slot->received,
		.lost = (uint32_t)lost,
		.slot = slots_number(slot->slots, slot),
		.backend = slot->is_settled ? slot->backend : BACKEND_UNKNOWN,
		.stream = (uint8_t)slot->slots->stream,
		.outcome = (uint8_t)outcome,
	};
	struct stream_info info = { 0 };
	/* Where both sides have ended, the kernel no longer says whom it was with. */
	if (stream_endpoints(&slot->stream, &record.local, &record.remote) < 0 &&
	    record.local.family != 0)
		record.remote = slot->slots->remotes[slot->remote];
	if (slot_sample_last(slot, &info)) {
		record.retransmits = (uint32_t)info.retransmitted_segments;
		record.rtt_ns = info.rtt_ns;
	}
	connection_log_add(log, &record);
}

void slot_note_outcome(struct slot *slot, enum phase phase, enum outcome outcome, int code)
{
	struct worker *worker = slot_worker(slot);
	if (worker->stage < WORKER_DONE)
		recorder_error_why(slot->slots->recorder, phase, outcome, code, slot_now(slot),
				   slot->slots->why);
}
