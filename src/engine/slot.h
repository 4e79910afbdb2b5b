/* One place that a run keeps filled with a connection: its connections follow one another. A slot's
 * life is slot.c, its bytes are slot_io.c, what counts is slot_ledger.c; slots.c paces them all.
 * What it needs only now and then lies elsewhere, so that many that wait take little memory: an
 * exchange while something is under way (slot_rest.c), and its troubles if it has any. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slab.h"
#include "engine/connector.h"
#include "engine/schedule.h"
#include "engine/speaker.h"
#include "engine/stamps.h"
#include "engine/tcp_sample.h"
#include "engine/unanswered.h"
#include "engine/worker.h"
#include "metric/gap.h"
#include "metric/stall.h"
#include "metric/survival.h"
#include "proto/discard_answer.h"

struct slots;
struct slot;

/* Where a slot stands. A handler returns the state that follows. */
struct slot_state {
	const char *name;
	bool is_up;      /* messages may be sent */
	bool is_talking; /* what the speaker says may be sent */
	const struct slot_state *(*ready)(struct slot *slot, unsigned events);
	const struct slot_state *(*timeout)(struct slot *slot);
};

/* What a connection needs while it is opened, and from a message's first byte to the last one of
 * its answer. Between messages it has none. */
struct exchange {
	uint64_t first_byte_ns; /* of the answer under way; 0: none is. Opening: when it was sent */
	struct stall stall;
	struct stamp_queue stamps;
	max_align_t speech[];
};

/* Untouched, and so without memory, while all goes well. */
struct slot_troubles {
	struct gap interruption;      /* while slot->has_gap */
	uint64_t held_round;          /* debt before this one had to wait for its peer */
	uint64_t missed_last;         /* debt that was left when the schedule ended */
	struct discard_answer answer; /* the receiver's count, at the end */
	uint16_t gap_backend;         /* when the run of unanswered messages began */
};

/* Rounds: of the slot's counted messages, [0, answered) are settled, [answered, next) are sent and
 * owed, [next, due) are debt. On a connection its uncounted (warm) messages come before them. */
struct slot {
	struct stream stream;
	struct timer timer;
	struct slots *slots;
	const struct slot_state *state;
	struct exchange *exchange; /* NULL: nothing is under way */
	uint64_t due_round;
	uint64_t next_round;
	uint64_t started_ns;
	uint64_t connected_ns; /* of the transport below all others */
	uint64_t begun;        /* messages on this connection */
	struct tcp_sample tcp;
	uint32_t own;         /* which of the worker's slots */
	uint32_t remote;      /* which of slots->remotes this connection went to */
	uint32_t uid;         /* of this connection in the run */
	uint32_t owed;        /* of the begun messages not answered */
	uint32_t warm;        /* of the owed ones uncounted */
	uint32_t sent;        /* counted, on this connection */
	uint32_t received;    /* the same */
	uint16_t warm_wanted; /* uncounted messages that wait to be sent */
	uint16_t target;
	uint16_t backend;
	uint16_t tries; /* attempts since the last good connection */
	struct survival_state survival;
	bool is_partial : 1;    /* a message is partly sent */
	bool is_urgent : 1;     /* the speaker has something to say besides messages */
	bool is_blocked : 1;    /* the transport takes nothing more for now */
	bool is_listed : 1;     /* in slots->listed */
	bool is_settled : 1;    /* this connection had its first reply, or needs none */
	bool has_connected : 1; /* ever */
	bool is_linked : 1;     /* the transport below is connected */
	bool has_gap : 1;       /* messages have gone unanswered */
	bool is_held : 1;       /* its connector counts it among those that have not answered */
	bool is_leaving : 1;    /* no more messages: its lifetime is over */
	bool is_choked : 1;     /* stopped reading before the end (--bandwidth-down) */
	bool is_unread : 1;     /* the same, to let others have their turn */
};
static_assert(sizeof(struct slot) <= 224, "memory of an idle connection");

struct slots {
	struct activity activity;
	struct worker *worker;
	const struct plan *plan;
	const struct plan_slots *shape;
	enum plan_stream stream;
	const struct endpoint *remotes;
	const uint16_t *remote_targets; /* NULL: all are of target 0 */
	uint32_t remote_count;
	const struct plan_target *targets;
	struct speakers speakers;
	struct slab exchanges;
	struct slot_troubles *troubles;
	uint32_t *read_left; /* bytes that slots may read in this period (--bandwidth-down) */
	struct slot_record *records;
	struct slot_record own_record; /* of the probe, which is in no list */
	struct counters *counters;
	struct recorder *recorder;
	struct hist *response; /* NULL: nothing is due at a time, or nothing is answered */
	struct hist *service;
	struct hist *first_byte; /* NULL: it tells no more than `service` */
	struct hist *send_error;
	struct slot *items;
	uint32_t count;
	uint32_t workers;  /* that have slots of this stream */
	uint32_t next_uid; /* steps by `workers`, so that no two workers give the same */

	bool is_paced;   /* open loop */
	bool is_running; /* closed loop: what is sent counts */
	bool is_paused;  /* closed loop: nothing more is begun */
	struct schedule schedule;
	struct schedule_cursor cursor;
	struct pacer pacer;
	const char *why;         /* what the peer did wrong, while that is acted on; else NULL */
	uint64_t told_behind_ns; /* when this host's lateness was last told */
	uint32_t *listed;        /* slots with something to send, in order of due time */
	uint32_t listed_count;
	uint32_t *flushing; /* the list before, while it is worked off */
	struct deferred go_on;
	struct speech_parts parts;
	struct stamp_pool stamps;
	struct unanswered unanswered;

	struct connector connector;
	struct list aging; /* the connector's nodes of up slots, as their lifetimes end */
	struct timer lifetime;
	struct timer reading; /* periods of --bandwidth-down */
	uint32_t read_quota;  /* bytes a slot and period; 0: no limit */
	uint32_t sampled;     /* the slot whose kernel was asked last */
	uint32_t settled;     /* slots whose connection is */
	uint32_t finishing;   /* slots that wait for the receiver's count */
};

static inline struct speaker *slot_speaker(const struct slot *slot)
{
	return &slot->slots->speakers.items[slot->target];
}

/* Of a slot with an exchange. */
static inline void *slot_speech(const struct slot *slot)
{
	return slot->exchange->speech;
}

static inline struct slot_troubles *slot_troubles_of(const struct slot *slot)
{
	return &slot->slots->troubles[slot->own];
}

static inline bool slot_is_silent(const struct slot *slot)
{
	return slot->exchange && slot->exchange->stall.is_stalled;
}

/* Of slots.c. */
uint64_t slots_due(const struct slots *slots, const struct slot *slot, uint64_t round);
uint32_t slots_number(const struct slots *slots, const struct slot *slot);
/* The slot has more to send than one turn of the loop is for. */
void slots_go_on(struct slots *slots, struct slot *slot);
void slots_note_up(struct slots *slots, struct slot *slot);

/* Of slot_open.c. */
extern const struct slot_state slot_state_off;
extern const struct slot_state slot_state_waiting;
extern const struct slot_state slot_state_connecting;
extern const struct slot_state slot_state_opening;
/* Its turn has come; of connector.h. */
void slot_connect(struct connector *connector, uint32_t own);
/* It holds up others no longer. */
void slot_release(struct slot *slot);
/* These return the state that follows. */
const struct slot_state *slot_queue(struct slot *slot);
const struct slot_state *slot_try_again(struct slot *slot); /* with back-off */
const struct slot_state *slot_fail_connecting(struct slot *slot, enum phase phase,
					      enum outcome outcome, int code);
/* The opening is over. */
const struct slot_state *slot_come_up(struct slot *slot);
/* It had its first reply, or needs none: the ramp need not wait for it any more. */
void slot_note_settled(struct slot *slot);

/* Of slot_rest.c. Makes sure of an exchange; false: no memory. */
nodiscard bool slot_wake(struct slot *slot);
/* Lets go of it if nothing is under way; or of whatever is. */
void slot_rest(struct slot *slot);
void slot_drop_exchange(struct slot *slot);

/* Of slot.c. */
extern const struct slot_state slot_state_up;
extern const struct slot_state slot_state_leaving;
/* The transport says so, of a connection on which something may be said. */
const struct slot_state *slot_ready_talking(struct slot *slot, unsigned events);
void slot_forget_connection(struct slot *slot);
void slot_init(struct slot *slot, struct slots *slots, uint32_t own);
void slot_begin(struct slot *slot);
/* The schedule is over: ends our direction where the receiver answers that with its count. */
void slot_finish_sending(struct slot *slot);
void slot_stop_connecting(struct slot *slot);
void slot_finish(struct slot *slot);
/* Closes what is open and frees what its speech holds. */
void slot_free(struct slot *slot);
/* Each returns the state that follows: what is owed is answered, so it ends if it is to leave; */
const struct slot_state *slot_leave_if_done(struct slot *slot);
/* it is over, for this reason; */
const struct slot_state *slot_end_connection(struct slot *slot, enum phase phase,
					     enum outcome outcome, int code);
/* the same, or it never came up. */
const struct slot_state *slot_fail(struct slot *slot, enum phase phase, enum outcome outcome,
				   int code);
