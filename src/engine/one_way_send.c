#include <errno.h>

#include "engine/lateness.h"
#include "engine/one_way_flow.h"
#include "proto/one_way_wire.h"
#include "sys/clock.h"

#define GREETING_BYTES 64
/* A refused send only tells of an earlier datagram, so it is tried once more. */
#define TRIES 2

void one_way_greet(struct one_way_flow *flow)
{
	uint8_t greeting[GREETING_BYTES];
	struct datagram datagram = { .data = greeting, .size = sizeof(greeting) };

	if (one_way_has_messages(flow->owner))
		return;
	one_way_write(greeting, sizeof(greeting),
		      &(struct one_way_head){ flow->run, ONE_WAY_GREETING, 0 });
	flow->is_refused = datagram_send(&flow->socket, &datagram, 1) == -ECONNREFUSED;
	if (flow->is_refused)
		one_way_note_error(flow->owner, PHASE_CONNECT, ECONNREFUSED);
}

/* What one call sent. */
struct sent {
	uint64_t bytes;
	struct train_count together;
};

/* Between the first and the last of a train the moments lie evenly. */
static void count_lateness(struct one_way_flow *flow, uint64_t count, uint64_t now_ns)
{
	struct one_way *one_way = flow->owner;
	struct counters *counters = one_way->counters;
	uint64_t late_before = counters->sent_late;
	const struct lateness_span span = {
		.first_ns = one_way_due(one_way, flow, flow->next_round),
		.last_ns = one_way_due(one_way, flow, flow->next_round + count - 1),
		.count = count,
	};

	lateness_count_evenly(counters, one_way->send_error, &span, now_ns);
	if (flow->next_round < flow->held_round)
		counters->held_up += counters->sent_late - late_before;
}

static void count_sent(struct one_way_flow *flow, uint64_t count, const struct sent *sent)
{
	struct one_way *one_way = flow->owner;
	struct counters *counters = one_way->counters;

	count_lateness(flow, count, loop_read_clock(one_way->worker->loop));
	flow->next_round += count;
	flow->sequence += count;
	counters->debt -= count;
	counters->sent += count;
	counters->one_way += count;
	counters->writes++;
	counters->bytes_sent += sent->bytes;
	counters->datagrams_merged += sent->together.segments;
	counters->merged_sends += sent->together.sends;
}

static void count_missed(struct one_way_flow *flow, uint64_t count, uint64_t *counter)
{
	flow->next_round += count;
	flow->owner->counters->debt -= count;
	*counter += count;
}

static int send_messages(struct one_way_flow *flow, uint32_t count, uint64_t now_ns,
			 struct sent *ret)
{
	struct one_way *one_way = flow->owner;
	const struct volley_track track = {
		.socket = &flow->socket,
		.uid = one_way_number(flow),
		.stride = one_way->plan->slots.count,
	};
	uint64_t unix_ns = clock_wall_at(now_ns).unix_ns;

	return volley_send(&one_way->volley, &track, flow->sequence, count, unix_ns, &ret->bytes);
}

static int send_numbered(struct one_way_flow *flow, uint32_t count, uint64_t now_ns,
			 struct sent *ret)
{
	struct one_way *one_way = flow->owner;
	const struct train_track track = { .socket = &flow->socket, .run = flow->run };
	int sent =
		train_send(&one_way->train, &track, flow->sequence, count, now_ns, &ret->together);

	if (sent > 0)
		ret->bytes = (uint64_t)sent * one_way->datagram_bytes;
	return sent;
}

static int try_to_send(struct one_way_flow *flow, uint32_t count, struct sent *ret)
{
	struct one_way *one_way = flow->owner;
	int result = -ECONNREFUSED;

	for (unsigned i = 0; i < TRIES && result == -ECONNREFUSED; i++) {
		uint64_t now_ns = loop_read_clock(one_way->worker->loop);
		result = one_way_has_messages(one_way) ? send_messages(flow, count, now_ns, ret)
						       : send_numbered(flow, count, now_ns, ret);
		if (result == -ECONNREFUSED)
			one_way_note_error(one_way, PHASE_RECEIVE, ECONNREFUSED);
	}
	return result;
}

void one_way_flush(struct one_way_flow *flow)
{
	struct counters *counters = flow->owner->counters;
	const struct one_way *one_way = flow->owner;
	struct sent sent = { 0 };
	uint64_t debt = flow->due_round - flow->next_round;
	uint32_t most = one_way_has_messages(one_way) ? one_way->volley.most : one_way->train.most;
	uint32_t count = debt < most ? (uint32_t)debt : most;

	if (!flow->is_open) {
		count_missed(flow, debt, &counters->missed_no_connection);
		return;
	}
	if (flow->is_blocked || debt == 0)
		return;
	int result = try_to_send(flow, count, &sent);
	if (result > 0) {
		count_sent(flow, (uint64_t)result, &sent);
	} else if (result == -EAGAIN) {
		flow->is_blocked = true;
	} else {
		one_way_note_error(flow->owner, PHASE_SEND, -result);
		count_missed(flow, 1,
			     result == -ENOBUFS ? &counters->missed_generator
						: &counters->missed_no_connection);
	}
}

void one_way_miss(struct one_way_flow *flow)
{
	struct counters *counters = flow->owner->counters;
	uint64_t debt = flow->due_round - flow->next_round;

	if (!flow->is_open)
		count_missed(flow, debt, &counters->missed_no_connection);
	else
		count_missed(flow, debt,
			     flow->is_blocked ? &counters->missed_peer
					      : &counters->missed_generator);
}

void one_way_hear(struct one_way_flow *flow)
{
	struct one_way *one_way = flow->owner;
	uint8_t answer[GREETING_BYTES + 1];
	struct datagram datagram = { .data = answer, .capacity = sizeof(answer) };

	for (;;) {
		struct one_way_head head;
		int result = datagram_receive(&flow->socket, &datagram, 1);
		if (result == -ECONNREFUSED) {
			flow->is_refused = true;
			one_way_note_error(one_way, flow->is_up ? PHASE_RECEIVE : PHASE_CONNECT,
					   ECONNREFUSED);
			continue;
		}
		if (result < 0)
			return;
		if (datagram.size == GREETING_BYTES && one_way_read(answer, datagram.size, &head) &&
		    head.run == flow->run && head.sequence == ONE_WAY_GREETING)
			one_way_note_answer(flow);
		else if (one_way_has_messages(one_way))
			one_way->counters->bytes_received += datagram.size;
		else
			one_way->counters->unasked_bytes += datagram.size;
	}
}
