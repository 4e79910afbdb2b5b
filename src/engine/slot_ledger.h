/* What a slot's fate counts as: interruptions, silences, lost and missed messages, connections;
 * into counters, histograms, logs and events. */
#pragma once

#include "engine/slot.h"

static inline struct worker *slot_worker(const struct slot *slot)
{
	return slot->slots->worker;
}

static inline struct loop *slot_loop(const struct slot *slot)
{
	return slot->slots->worker->loop;
}

static inline struct slot_record *slot_record_of(const struct slot *slot)
{
	return &slot->slots->records[slot->own];
}

static inline uint64_t slot_now(const struct slot *slot)
{
	return loop_now(slot->slots->worker->loop);
}

/* Bytes that are written and read now are the run's. */
static inline bool slots_are_counting(const struct slots *slots)
{
	return slots->is_paced ? worker_is_counting(slots->worker)
			       : slots->is_running || slots->worker->stage == WORKER_LINGER;
}

/* Before this one all is settled. */
static inline uint64_t slot_answered_round(const struct slot *slot)
{
	return slot->next_round - (slot->owed - slot->warm);
}

/* By its peer: the socket is full, or too much is unanswered. */
static inline bool slot_is_held_up(const struct slot *slot)
{
	const struct plan_slots *shape = slot->slots->shape;
	return slot->is_blocked || (shape->in_flight > 0 && slot->owed >= shape->in_flight);
}

/* Puts the event with the slot's number and backend. */
void slot_tell(const struct slot *slot, enum event_kind kind, const struct event *more);

/* Sets the slot's timer unless it is set. */
void slot_arm(struct slot *slot, uint64_t at_ns);
void slot_begin_silence(struct slot *slot, uint64_t now_ns);
void slot_end_silence(struct slot *slot, uint64_t start_ns, uint64_t end_ns);
/* The run ends within it. */
void slot_leave_silence_open(struct slot *slot, uint64_t end_ns);
/* In-order bytes came. */
void slot_note_progress(struct slot *slot, uint64_t now_ns);

/* `started` counted messages had their first byte written. */
void slot_count_sent(struct slot *slot, uint32_t started, uint64_t now_ns);
/* The next owed message was answered, well or not. */
void slot_count_answered(struct slot *slot, const struct heard *heard, uint64_t now_ns);
/* A message fell due that has no connection. */
void slot_count_missed(struct slot *slot, uint64_t due_ns);
/* The connection is gone: returns how many messages went with it. */
uint64_t slot_settle_rounds(struct slot *slot, uint64_t now_ns);
/* Nothing falls due any more: debt that will never be sent. */
void slot_end_schedule(struct slot *slot);
/* The run is over: what is still owed. */
void slot_settle_owed(struct slot *slot);
/* The run ends, perhaps within an interruption. */
void slot_leave_interruption_open(struct slot *slot, uint64_t end_ns);

/* Asks the kernel for the round-trip time and what was sent again since the last time; false: it
 * does not know. */
bool slot_sample(struct slot *slot, struct stream_info *ret);
/* The same before the connection is closed. slot_log_connection() does it. */
bool slot_sample_last(struct slot *slot, struct stream_info *ret);
void slot_log_connection(struct slot *slot, enum outcome outcome, uint64_t lost,
			 struct connection_log *log);
void slot_note_outcome(struct slot *slot, enum phase phase, enum outcome outcome, int code);
