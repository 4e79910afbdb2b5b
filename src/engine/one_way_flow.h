/* One datagram flow in one direction. Between one_way.c (the activity, and the pacing of all),
 * one_way_ramp.c (opening and greeting), one_way_send.c (to discard) and one_way_receive.c (from
 * source). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/schedule.h"
#include "engine/train.h"
#include "engine/worker.h"
#include "metric/arrivals.h"
#include "metric/delays.h"
#include "net/datagram.h"
#include "proto/source_wire.h"

struct one_way;

/* What a flow that receives knows beside. */
struct one_way_intake {
	struct arrivals arrivals;
	struct delays delays;
	uint8_t cookie[SOURCE_COOKIE_BYTES];
	uint64_t told_sent; /* by the source, the last that it said */
	uint64_t over_ns;   /* when it first said that this was all; 0: not yet */
};

struct one_way_flow {
	struct datagram_socket socket;
	struct one_way *owner;
	struct one_way_intake *intake; /* NULL: it sends */
	uint64_t due_round;            /* [next, due) is debt, as in slot.h */
	uint64_t next_round;
	uint64_t held_round; /* those before it waited for room in the socket's buffer */
	uint64_t sequence;   /* of the next datagram: so many were sent */
	uint64_t opened_ns;
	uint64_t answered_ns; /* its greeting; 0: never */
	uint32_t own;
	uint32_t run;
	bool is_open;
	bool is_refused; /* by the peer's host, when it was last asked */
	bool is_up;
	bool is_blocked;
	bool is_listed;
};

struct one_way {
	struct activity activity;
	struct worker *worker;
	const struct plan *plan;
	struct recorder *recorder;
	struct counters *counters;
	struct hist *send_error;
	struct one_way_flow *flows;
	struct one_way_intake *intakes;
	uint32_t count;
	uint32_t datagram_bytes;
	struct train train;
	struct schedule schedule;
	struct schedule_cursor cursor;
	struct pacer pacer;
	uint32_t *listed; /* flows with debt */
	uint32_t listed_count;
	struct source_pool *sources;
	struct timer greeter; /* asks: is anybody there? Of source: send, and I am still here */
	uint64_t patience_ns; /* until when answers to greetings are awaited */
	uint32_t answered;
	uint32_t up;
	bool is_settled;
	bool is_pacing;
};

/* Of one_way.c. */
uint64_t one_way_due(const struct one_way *one_way, const struct one_way_flow *flow,
		     uint64_t round);
void one_way_note_error(struct one_way *one_way, enum phase phase, int code);
/* The flow has debt and room again. */
void one_way_list(struct one_way_flow *flow);

static inline bool one_way_is_receiving(const struct one_way *one_way)
{
	return one_way->plan->slots.is_receiving;
}

/* Its number in the run. */
static inline uint32_t one_way_number(const struct one_way_flow *flow)
{
	const struct worker *worker = flow->owner->worker;
	return flow->own * worker->plan->workers + worker->index;
}

/* Of one_way_ramp.c. */
void one_way_begin_ramp(struct one_way *one_way);
/* Who has not come up by now has failed, or needs no answer. */
void one_way_end_ramp(struct one_way *one_way);
/* Says to every peer what the stage of the run wants said. */
void one_way_greet_all(struct one_way *one_way);
void one_way_on_greeter(struct timer *timer);
/* The peer is there. */
void one_way_note_answer(struct one_way_flow *flow);

/* Of one_way_send.c. */
void one_way_greet(struct one_way_flow *flow);
/* Sends of the debt what one train takes. */
void one_way_flush(struct one_way_flow *flow);
/* What is still owed was never sent. */
void one_way_miss(struct one_way_flow *flow);
/* An answer to a greeting may have come, or a refusal. */
void one_way_hear(struct one_way_flow *flow);

/* Of one_way_receive.c. */
void one_way_intake_init(struct one_way_flow *flow);
/* Asks for a cookie; with one and once it counts for datagrams; at the end to stop. */
void one_way_ask(struct one_way_flow *flow);
void one_way_receive(struct one_way_flow *flow);
/* Counters from what all flows know; exact after one_way_settle(). */
void one_way_account(struct one_way *one_way);
void one_way_settle(struct one_way_flow *flow);
/* Nothing more is to come. */
bool one_way_is_over(const struct one_way_flow *flow);
