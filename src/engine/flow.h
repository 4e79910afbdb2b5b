/* One datagram flow: a connected socket with a source port of its own. Between flows.c (the pacing
 * of all), flow.c (the life of one), flow_send.c, flow_receive.c and flow_finals.c (what became of
 * its datagrams). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/flows.h"
#include "engine/forward_loss.h"
#include "engine/schedule.h"
#include "engine/unanswered.h"
#include "engine/worker.h"
#include "metric/bursts.h"
#include "metric/delays.h"
#include "metric/gap.h"
#include "metric/survival.h"
#include "metric/window.h"
#include "net/datagram.h"

/* Greetings have sequence numbers of their own, apart from the counted ones. */
#define FLOW_GREETING_BIT (UINT64_C(1) << 63)

struct flow {
	struct datagram_socket socket;
	struct timer timer; /* when the oldest pending datagram is given up */
	struct flows *flows;
	struct window window;
	struct gap gap;
	struct bursts bursts;
	struct delays *delays; /* of load; NULL: not asked */
	uint64_t gap_sequence; /* of the first unanswered one of the run */
	uint64_t due_round;    /* [next, due) is debt, as in slot.h */
	uint64_t next_round;
	uint64_t held_round; /* those before it waited for room in the socket's buffer */
	struct forward_loss forward;
	struct forward_jump jumps[FORWARD_JUMPS_MAX]; /* its own */
	uint32_t sent;                                /* counted ones */
	uint32_t received;
	uint32_t lost;
	uint64_t opened_ns;
	uint64_t answered_ns; /* the first answer; 0: none yet */
	uint32_t own;
	uint32_t greetings;
	uint16_t backend;
	uint16_t gap_backend;
	struct survival_state survival;
	bool is_open;
	bool is_blocked;
	bool is_listed;
};

struct flows {
	struct activity activity;
	struct worker *worker;
	const struct plan *plan;
	enum plan_stream stream;
	struct recorder *recorder;
	struct counters *counters;
	struct hist *response;
	struct hist *service;
	struct hist *send_error;
	struct flow *items;
	uint32_t count; /* of this worker */
	uint32_t total; /* of the run */
	uint32_t message_bytes;
	uint32_t lost_in_a_row; /* make a gap */
	double rate_per_second; /* of all flows of the run, as planned */
	void *windows;          /* storage of all */
	uint32_t pending;       /* that each of them has room for */
	struct delays *delays;  /* of each; NULL: not asked */
	uint8_t *datagram;      /* message_bytes to build one in */
	struct schedule schedule;
	struct schedule_cursor cursor;
	struct pacer pacer;
	uint32_t *listed;
	uint32_t listed_count;
	struct unanswered unanswered;
	struct source_pool *sources;
	struct timer greeter;
	uint32_t answered; /* flows that have answered */
	bool is_patience_over;
	bool is_measuring; /* the schedule runs */
	struct flows_state state;
	struct timer patience;
};

/* Of flows.c. */
uint64_t flows_due(const struct flows *flows, const struct flow *flow, uint64_t round);
uint32_t flows_number(const struct flows *flows, const struct flow *flow);
void flows_note_answered(struct flows *flows);

static inline struct worker *flow_worker(const struct flow *flow)
{
	return flow->flows->worker;
}

static inline struct loop *flow_loop(const struct flow *flow)
{
	return flow->flows->worker->loop;
}

/* Of flow.c. */
void flow_init(struct flow *flow, struct flows *flows, uint32_t own, void *window,
	       uint32_t pending);
/* Opens the socket if it is not; a failure is recorded as the flow's error. */
void flow_open(struct flow *flow);
void flow_begin(struct flow *flow);
void flow_finish(struct flow *flow);
/* Only the slots' flows are slots; path probes write to the spare record behind them. */
struct slot_record *flow_record(const struct flow *flow);
void flow_note_error(struct flow *flow, enum phase phase, int code);

/* Of flow_send.c. */
/* One uncounted datagram: who is there? */
void flow_greet(struct flow *flow);
void flow_flush(struct flow *flow);
void flow_end_schedule(struct flow *flow);

/* Of flow_receive.c: the socket's. */
void flow_on_ready(struct datagram_socket *socket, unsigned events);

/* Of flow_finals.c. */
void flow_on_timeout(struct timer *timer);
/* Gives the oldest pending datagram its time. */
void flow_arm(struct flow *flow);
/* Those that are answered or given up, up to the first that is not. */
void flow_take_finals(struct flow *flow);
/* At the end: what is still owed, and the gap that is open. */
void flow_settle(struct flow *flow);
