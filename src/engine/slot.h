/* One persistent slot: its connections follow one another, its messages belong to rounds of the
 * schedule. slots.c paces them all; slot.c is the life of one, slot_io.c its bytes, slot_ledger.c
 * what becomes of them in counters, logs and events. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/message.h"
#include "engine/schedule.h"
#include "engine/stamps.h"
#include "engine/tcp_sample.h"
#include "engine/unanswered.h"
#include "engine/worker.h"
#include "metric/gap.h"
#include "metric/stall.h"
#include "metric/survival.h"

struct slots;
struct slot;

/* Where a slot stands. A handler returns the state that follows. */
struct slot_state {
	const char *name;
	bool is_up;
	const struct slot_state *(*ready)(struct slot *slot, unsigned events);
	const struct slot_state *(*timeout)(struct slot *slot);
};

/* Rounds: of the slot's messages, [0, answered) are settled, [answered, next) are sent and owed,
 * [next, due) are debt. On the wire the counted ones follow `warm` uncounted ones. */
struct slot {
	struct stream stream;
	struct timer timer;
	struct list queued; /* waits in slots->queue for its turn to connect */
	struct slots *slots;
	const struct slot_state *state;
	uint64_t due_round;
	uint64_t next_round;
	uint64_t answered_round;
	uint64_t missed_last; /* debt that was left when the schedule ended */
	struct message_place sending;
	struct message_place receiving;
	uint64_t started_ns;
	uint64_t connected_ns;
	struct gap interruption;
	struct stall stall;
	struct stamp_queue stamps;
	struct tcp_sample tcp;
	uint32_t own;  /* which of the worker's slots */
	uint32_t sent; /* counted, on this connection */
	uint32_t received;
	uint32_t warm; /* uncounted messages that are still owed; they come first */
	uint16_t backend;
	uint16_t gap_backend; /* when the run of unanswered messages began */
	uint16_t tries;       /* attempts since the last good connection */
	struct survival_state survival;
	bool is_warm_wanted; /* an uncounted message waits to be sent */
	bool is_blocked;     /* the transport takes nothing more for now */
	bool is_listed;      /* in slots->listed */
	bool is_answered;    /* this connection had its first reply */
	bool is_held;        /* counts in slots->held */
	bool has_connected;  /* ever */
	uint8_t name[WIRE_NAME_BYTES];
};

/* DESIGN: at most 512 bytes a connection in steady state, with its records. */
_Static_assert(sizeof(struct slot) + sizeof(struct slot_record) <= 512, "a slot grew too large");

struct slots {
	struct activity activity;
	struct worker *worker;
	const struct plan *plan;
	struct counters *counters;
	struct recorder *recorder;
	struct hist *response;
	struct hist *service;
	struct hist *send_error;
	struct slot *items;
	uint32_t count;
	struct iovec zeros;

	struct schedule schedule;
	struct schedule_cursor cursor;
	struct pacer pacer;
	uint64_t told_behind_ns; /* when this host's lateness was last told */
	uint32_t *listed;        /* slots with something to send, in order of due time */
	uint32_t listed_count;
	struct message_parts parts;
	struct stamp_pool stamps;
	struct unanswered unanswered;

	struct source_pool *sources;
	uint32_t next_port; /* of the window for the next connection */
	struct list queue;  /* slots that want to connect */
	struct pacer connector;
	uint64_t connect_interval_ns;
	uint64_t connect_next_ns; /* the earliest moment of the next attempt */
	uint32_t held;            /* connections begun that have not answered yet, see slots.c */
	uint32_t unstarted;       /* slots without a first attempt */
	uint32_t sampled;         /* the slot whose kernel was asked last */
	uint32_t answering;       /* slots whose connection has answered */
	bool is_patience_over;    /* every slot had its connect timeout */
	struct timer patience;
};

/* Of slots.c. */
void slots_enqueue(struct slots *slots, struct slot *slot);
void slots_release(struct slots *slots, struct slot *slot);
uint64_t slots_due(const struct slots *slots, const struct slot *slot, uint64_t round);
uint32_t slots_number(const struct slots *slots, const struct slot *slot);
/* Where the next connection is to come from. */
void slots_choose_local(struct slots *slots, struct stream_connect *connect);

/* Of slot.c. */
void slot_init(struct slot *slot, struct slots *slots, uint32_t own);
void slot_connect(struct slot *slot);
void slot_begin(struct slot *slot);
void slot_stop_connecting(struct slot *slot);
void slot_finish(struct slot *slot);
/* The connection is over, for this reason; returns the state that follows. */
const struct slot_state *slot_end_connection(struct slot *slot, enum phase phase,
					     enum outcome outcome, int code);
