#include "engine/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/slot_io.h"
#include "engine/slot_ledger.h"

/* A connection that answered and stayed up for so long was a good one: the back-off begins anew. */
#define GOOD_AFTER_NS NS_PER_S

/* How long the peer has to answer our goodbye. */
#define GOODBYE_NS NS_PER_S

/* ---- the end of a connection ---- */

void slot_forget_connection(struct slot *slot)
{
	slot_release(slot);
	connector_forget(&slot->slots->connector, slot->own);
	loop_clear_timer(slot_loop(slot), &slot->timer);
	slot_drop_exchange(slot);
	if (slot->is_settled)
		slot->slots->settled--;
	slot->is_settled = slot->is_blocked = slot->is_partial = slot->is_urgent = false;
	slot->is_choked = slot->is_unread = slot->is_leaving = false;
	slot->warm_wanted = 0;
	slot->owed = slot->warm = 0;
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
	slot_log_connection(slot, outcome, lost, &slot_worker(slot)->logs.ended);
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
	struct stream_info info;
	if (slot_is_silent(slot))
		slot_end_silence(slot, slot->exchange->stall.since_ns, now_ns);
	uint64_t lost = slot_settle_rounds(slot, now_ns);
	if (is_ours)
		(void)slot_sample_last(slot, &info);
	else
		tell_end(slot, phase, outcome, code, lost);
	if (is_ours || (slot->is_settled && now_ns - slot->connected_ns >= GOOD_AFTER_NS))
		slot->tries = 0;
	counters->connections--;
	counters->disconnects += !is_ours;
	counters->completed += is_ours;
	counters->untold += slot_speaker(slot)->script->tells_count;
	slot_forget_connection(slot);
	close_stream(slot, outcome);
	worker_check(slot_worker(slot));
	return is_ours && slot_worker(slot)->stage < WORKER_LINGER ? slot_queue(slot)
								   : slot_try_again(slot);
}

const struct slot_state *slot_fail(struct slot *slot, enum phase phase, enum outcome outcome,
				   int code)
{
	if (slot->state == &slot_state_opening)
		return slot_fail_connecting(slot, PHASE_UPGRADE, outcome, code);
	return slot_end_connection(slot, phase, outcome, code);
}

/* ---- leaving ---- */

/* Where the protocol has a goodbye. */
static bool says_goodbye(struct slot *slot)
{
	struct speaker *speaker = slot_speaker(slot);
	return speaker->kind->leave && slot_wake(slot) && speaker_leave(speaker, slot_speech(slot));
}

const struct slot_state *slot_leave_if_done(struct slot *slot)
{
	const struct slots *slots = slot->slots;
	uint64_t most = slots->shape->messages_per_connection;
	if (most && slot->begun >= most)
		slot->is_leaving = true;
	if (!slot->is_leaving || !slot->state->is_up || slot->owed > 0 || slot->is_partial)
		return slot->state;
	if (!says_goodbye(slot))
		return slot_end_connection(slot, PHASE_RECEIVE, OUTCOME_DONE, 0);
	slot->state = &slot_state_leaving;
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

/* ---- talking ---- */

const struct slot_state *slot_ready_talking(struct slot *slot, unsigned events)
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
	if (slot->state == &slot_state_up)
		slot->state = slot_leave_if_done(slot);
	return slot->state;
}

static const struct slot_state *silence(struct slot *slot)
{
	uint64_t now_ns = slot_now(slot);
	slot_release(slot);
	if (slot->exchange && now_ns >= stall_deadline(&slot->exchange->stall)) {
		/* What came while this thread didn't run is no silence. */
		const struct slot_state *next = slot_receive(slot);
		if (next != &slot_state_up)
			return next;
	}
	struct stall *stall = slot->exchange ? &slot->exchange->stall : NULL;
	if (!stall || !stall->is_owed)
		return &slot_state_up;
	if (!stall->is_stalled && stall_check(stall, now_ns))
		slot_begin_silence(slot, now_ns);
	if (!stall->is_stalled) {
		slot_arm(slot, stall_deadline(stall));
		return &slot_state_up;
	}
	uint64_t give_up_ns = stall->since_ns + slot->slots->plan->give_up_ns;
	if (now_ns >= give_up_ns)
		return slot_end_connection(slot, PHASE_REPLY, OUTCOME_TIMED_OUT, 0);
	slot_arm(slot, give_up_ns);
	return &slot_state_up;
}

/* ---- the receiver's count ---- */

static const struct slot_state slot_state_finishing;
static const struct slot_state slot_state_finished;

/* From when on bytes were sent that are in its count. */
static uint64_t told_since_ns(const struct slot *slot)
{
	uint64_t begin_ns = slot_worker(slot)->begin_ns;
	bool is_idle_before = slot->slots->counters->warm_up_bytes == 0;
	if (!is_idle_before || begin_ns == UINT64_MAX || begin_ns < slot->connected_ns)
		return slot->connected_ns;
	return begin_ns;
}

static const struct slot_state *end_finishing(struct slot *slot)
{
	struct slots *slots = slot->slots;
	struct counters *counters = slots->counters;
	const struct discard_answer *answer = &slot_troubles_of(slot)->answer;
	uint64_t took_ns = slot_now(slot) - told_since_ns(slot);
	if (answer->state == DISCARD_ANSWER_DONE) {
		counters->told_bytes += answer->bytes;
		counters->told++;
		counters->told_ns = took_ns > counters->told_ns ? took_ns : counters->told_ns;
	} else {
		counters->untold++;
	}
	slots->finishing--;
	worker_check(slots->worker);
	return &slot_state_finished;
}

static const struct slot_state *ready_finishing(struct slot *slot, unsigned events)
{
	uint8_t line[DISCARD_ANSWER_MAX];
	struct discard_answer *answer = &slot_troubles_of(slot)->answer;
	if (!(events & (STREAM_READABLE | STREAM_FAILED)))
		return &slot_state_finishing;
	ssize_t size = 1;
	while (size > 0) {
		size = stream_receive(&slot->stream, line, sizeof(line));
		if (size > 0)
			(void)discard_answer_read(answer, line, (size_t)size);
	}
	bool is_over = size != -EAGAIN || answer->state != DISCARD_ANSWER_PART;
	return is_over ? end_finishing(slot) : &slot_state_finishing;
}

void slot_finish_sending(struct slot *slot)
{
	if (slot->state != &slot_state_up || !slot_speaker(slot)->script->tells_count ||
	    stream_finish(&slot->stream) < 0)
		return;
	slot_troubles_of(slot)->answer = (struct discard_answer){ 0 };
	slot->slots->finishing++;
	slot->state = &slot_state_finishing;
}

/* ---- states ---- */

const struct slot_state slot_state_up = { .name = "up",
					  .is_up = true,
					  .is_talking = true,
					  .ready = slot_ready_talking,
					  .timeout = silence };
const struct slot_state slot_state_leaving = { .name = "leaving",
					       .is_talking = true,
					       .ready = slot_ready_talking,
					       .timeout = goodbye_timed_out };
/* Up for who counts connections, but nothing is said any more. */
static const struct slot_state slot_state_finishing = { .name = "finishing",
							.is_up = true,
							.ready = ready_finishing };
static const struct slot_state slot_state_finished = { .name = "finished", .is_up = true };

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
	slot->state = &slot_state_waiting;
	slot->stream.watch.fd = -1;
	slot->backend = BACKEND_UNKNOWN;
	timer_init(&slot->timer, on_timer);
	survival_init(&slot->survival);
}

void slot_begin(struct slot *slot)
{
	if (!slot->is_blocked && slot->is_settled)
		slot->warm_wanted = 0;
	survival_init(&slot->survival);
	if (!slot->state->is_up)
		return;
	survival_connected(&slot->survival);
	tcp_sample_begin(&slot->tcp, &slot->stream, slot_now(slot));
	slot_record_begin(slot_record_of(slot), slot->backend);
	if (slot_is_silent(slot))
		survival_stall_began(&slot->survival);
}

void slot_stop_connecting(struct slot *slot)
{
	connector_forget(&slot->slots->connector, slot->own);
	if (slot->state != &slot_state_waiting)
		return;
	loop_clear_timer(slot_loop(slot), &slot->timer);
	slot->state = &slot_state_off;
}

/* The run is over: the peer is told so as far as there is room, and not waited for. */
static void say_goodbye(struct slot *slot)
{
	struct speaker *speaker = slot_speaker(slot);
	struct speech_parts *parts = &slot->slots->parts;
	if (!slot->state->is_up || slot->is_blocked || slot->is_partial || !says_goodbye(slot))
		return;
	speaker_write(speaker, slot_speech(slot), 0, slot_now(slot), parts);
	(void)stream_send(&slot->stream, parts->parts, parts->count);
}

static void finish_record(const struct slot *slot)
{
	struct slot_record *record = slot_record_of(slot);
	bool is_up = slot->state->is_up;
	record->survival = (uint8_t)survival_class(&slot->survival);
	record->is_connected_at_end = is_up;
	slot_record_end(record, is_up ? slot->backend : BACKEND_UNKNOWN);
}

void slot_finish(struct slot *slot)
{
	struct worker *worker = slot_worker(slot);
	slot->slots->counters->untold += slot->state == &slot_state_finishing;
	if (worker->begin_ns != UINT64_MAX) {
		slot_settle_owed(slot);
		slot_leave_interruption_open(slot, worker->end_ns);
		if (slot_is_silent(slot))
			slot_leave_silence_open(slot, slot_now(slot));
	}
	finish_record(slot);
	if (slot->state->is_up && slot->slots->stream != PLAN_PROBE)
		slot_log_connection(slot, OUTCOME_OPEN, 0, &worker->logs.open);
	say_goodbye(slot);
	slot_free(slot);
	slot->state = &slot_state_off;
}

void slot_free(struct slot *slot)
{
	if (slot->slots->shape->is_reset_at_close)
		stream_reset(&slot->stream);
	else
		stream_close(&slot->stream);
	loop_clear_timer(slot_loop(slot), &slot->timer);
	slot_drop_exchange(slot);
}
