/* Greetings, and datagrams when they are due. See flow.h. */
#include <errno.h>

#include "base/units.h"
#include "engine/flow.h"
#include "engine/lateness.h"
#include "proto/traffic_wire.h"

/* 0 when it went out; -EAGAIN when it must wait. A refused send only tells of an earlier datagram,
 * so it is tried once more. */
static int send_one(struct flow *flow, uint64_t sequence)
{
	struct flows *flows = flow->flows;
	wire_write_datagram(flows->datagram, flows->message_bytes, flows_number(flows, flow),
			    sequence);
	struct datagram datagram = { .data = flows->datagram, .size = flows->message_bytes };
	int result = datagram_send(&flow->socket, &datagram, 1);
	if (result == -ECONNREFUSED) {
		flow_note_error(flow, PHASE_RECEIVE, ECONNREFUSED);
		result = datagram_send(&flow->socket, &datagram, 1);
	}
	return result < 0 ? result : 0;
}

static void count_sent(struct flow *flow, uint64_t due_ns, uint64_t now_ns)
{
	struct flows *flows = flow->flows;
	struct counters *counters = flows->counters;
	uint64_t late_before = counters->sent_late;
	(void)window_sent(&flow->window, due_ns, now_ns);
	flow->sent++;
	counters->sent++;
	counters->in_flight++;
	counters->writes++;
	counters->bytes_sent += flows->message_bytes;
	lateness_count(counters, flows->send_error, due_ns, now_ns);
	if (flow->next_round <= flow->held_round)
		counters->held_up += counters->sent_late - late_before;
	flow_arm(flow);
}

/* A message of a slot that was never sent leaves it interrupted all the same. A probe that was
 * never sent says nothing of the path: it has no number and is in no outage. */
static void count_missed(struct flow *flow, uint64_t due_ns, uint64_t *counter)
{
	(*counter)++;
	flow_record(flow)->missed++;
	unanswered_missed(&flow->flows->unanswered, due_ns, 1);
	if (flow->flows->stream != PLAN_PATH && !window_is_full(&flow->window))
		forward_loss_skip(&flow->forward, window_missed(&flow->window, due_ns));
}

/* A probe that would go out when the next one is due says nothing of the moment it was meant for;
 * after a pause of this host a burst of them would only fill queues. */
static bool is_stale(const struct flow *flow, uint64_t due_ns)
{
	const struct flows *flows = flow->flows;
	double interval_ns = (double)NS_PER_S * flows->total / flows->rate_per_second;
	return flows->stream == PLAN_PATH &&
	       (double)(loop_now(flow_loop(flow)) - due_ns) > interval_ns;
}

static void send_due(struct flow *flow)
{
	struct counters *counters = flow->flows->counters;
	uint64_t due_ns = flows_due(flow->flows, flow, flow->next_round);
	/* Before it goes: who is put off the cpu behind it would seem to have had its answer
	 * sooner. */
	uint64_t now_ns = loop_read_clock(flow_loop(flow));
	int result = window_is_full(&flow->window) || is_stale(flow, due_ns)
			     ? -ENOBUFS
			     : send_one(flow, flow->window.head);
	if (result == -EAGAIN) {
		flow->is_blocked = true;
		return;
	}
	flow->next_round++;
	counters->debt--;
	if (result == 0) {
		count_sent(flow, due_ns, now_ns);
	} else if (result == -ENOBUFS) {
		count_missed(flow, due_ns, &counters->missed_generator);
	} else {
		flow_note_error(flow, PHASE_SEND, -result);
		count_missed(flow, due_ns, &counters->missed_no_connection);
	}
}

void flow_flush(struct flow *flow)
{
	while (flow->is_open && !flow->is_blocked && flow->next_round < flow->due_round)
		send_due(flow);
	flow_take_finals(flow);
}

void flow_greet(struct flow *flow)
{
	flow_open(flow);
	if (flow->is_open)
		(void)send_one(flow, FLOW_GREETING_BIT | flow->greetings++);
}

void flow_end_schedule(struct flow *flow)
{
	struct counters *counters = flow->flows->counters;
	for (; flow->next_round < flow->due_round; flow->next_round++) {
		uint64_t due_ns = flows_due(flow->flows, flow, flow->next_round);
		counters->debt--;
		count_missed(flow, due_ns,
			     flow->is_open ? &counters->missed_peer
					   : &counters->missed_no_connection);
	}
}
