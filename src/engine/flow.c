#include "engine/flow.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "engine/lateness.h"
#include "net/source_pool.h"
#include "proto/traffic_wire.h"

/* Greetings have sequence numbers of their own, apart from the counted ones. */
#define GREETING_BIT (UINT64_C(1) << 63)

static struct worker *worker_of(const struct flow *flow)
{
	return flow->flows->worker;
}

static struct loop *loop_of(const struct flow *flow)
{
	return flow->flows->worker->loop;
}

/* Only the slots' flows are slots; path probes write to the spare record behind them. */
static struct slot_record *record_of(const struct flow *flow)
{
	struct worker *worker = worker_of(flow);
	bool is_slot = flow->flows->stream != PLAN_PATH;
	return &worker->slots[is_slot ? flow->own : worker->slot_count];
}

static void tell(const struct flow *flow, enum event_kind slot_kind, enum event_kind path_kind,
		 uint64_t span_ns)
{
	const struct flows *flows = flow->flows;
	bool is_slot = flows->stream != PLAN_PATH;
	struct event event = {
		.kind = (uint8_t)(is_slot ? slot_kind : path_kind),
		.stream = (uint8_t)flows->stream,
		.slot = flows_number(flows, flow),
		.backend = flow->backend,
		.span_ns = span_ns,
		.count = 1,
	};
	worker_event(worker_of(flow), &event);
}

static void note_error(struct flow *flow, enum phase phase, int code)
{
	recorder_error(flow->flows->recorder, phase, outcome_from_errno(code), code,
		       loop_now(loop_of(flow)));
}

/* ---- gaps ---- */

/* Of the datagrams in the gap that ends before `sequence`: those that did not reach the peer. */
static uint64_t forward_lost(const struct flow *flow, uint64_t sequence, uint64_t unanswered)
{
	uint64_t before = flow->gap_sequence > 0 ? flow->gap_sequence - 1 : 0;
	uint64_t lost = forward_loss_between(&flow->forward, before, sequence);
	return lost < unanswered ? lost : unanswered;
}

static void log_gap(struct flow *flow, const struct gap_span *span, uint64_t sequence)
{
	struct flows *flows = flow->flows;
	struct slot_record *record = record_of(flow);
	uint64_t length_ns = span->end_ns - span->start_ns;
	bool is_slot = flows->stream != PLAN_PATH;
	struct interval interval = {
		.start_ns = span->start_ns,
		.end_ns = span->end_ns,
		.unanswered = span->unanswered,
		.forward_lost = forward_lost(flow, sequence, span->unanswered),
		.slot = flows_number(flows, flow),
		.backend = flow->gap_backend,
		.kind = is_slot ? INTERVAL_INTERRUPTION : INTERVAL_OUTAGE,
		.stream = (uint8_t)flows->stream,
		.is_open = span->is_open,
		.has_forward = flow->forward.is_known && !span->is_open,
	};
	interval_log_add(&worker_of(flow)->intervals, &interval);
	record->is_interrupted = true;
	record->is_longest_open = span->is_open;
	if (length_ns > record->longest_ns)
		record->longest_ns = length_ns;
}

static void take_final(struct flow *flow, const struct window_final *final)
{
	struct gap_span span;
	if (final->is_answered)
		bursts_end(&flow->bursts);
	else
		bursts_lost(&flow->bursts, final->sequence, 1);
	if (!final->is_answered) {
		forward_loss_give_up(&flow->forward, final->sequence);
		if (flow->gap.unanswered == 0) {
			flow->gap_sequence = final->sequence;
			flow->gap_backend = flow->backend;
		}
		if (gap_unanswered(&flow->gap, final->due_ns)) {
			flow->flows->counters->interrupted++;
			survival_stall_began(&flow->survival);
			tell(flow, EVENT_SLOT_LOSS, EVENT_PATH_OUT,
			     loop_now(loop_of(flow)) - flow->gap.start_ns);
		}
	} else if (gap_answered(&flow->gap, final->due_ns, &span)) {
		flow->flows->counters->interrupted--;
		survival_stall_ended(&flow->survival);
		log_gap(flow, &span, final->sequence);
		tell(flow, EVENT_SLOT_GOOD, EVENT_PATH_BACK, span.end_ns - span.start_ns);
	}
}

static void take_finals(struct flow *flow)
{
	struct window_final final;
	while (window_take_final(&flow->window, &final))
		take_final(flow, &final);
	flow->flows->counters->forward_lost +=
		forward_loss_settle(&flow->forward, flow->window.tail);
}

/* ---- giving up ---- */

static void arm(struct flow *flow)
{
	struct window_entry entry;
	uint64_t sequence;
	if (!timer_is_set(&flow->timer) && window_oldest_pending(&flow->window, &sequence, &entry))
		loop_set_timer(loop_of(flow), &flow->timer,
			       entry.sent_ns + flow->flows->plan->reply_timeout_ns);
}

static void lose(struct flow *flow, uint64_t sequence, uint64_t now_ns)
{
	struct flows *flows = flow->flows;
	struct window_entry entry;
	if (!window_lost(&flow->window, sequence, &entry))
		return;
	flow->lost++;
	flows->counters->lost++;
	flows->counters->in_flight--;
	record_of(flow)->lost++;
	unanswered_lost(&flows->unanswered, entry.due_ns, now_ns);
}

static void on_timeout(struct timer *timer)
{
	struct flow *flow = container_of(timer, struct flow, timer);
	struct window_entry entry;
	uint64_t sequence;
	uint64_t now_ns = loop_now(loop_of(flow));
	while (window_oldest_pending(&flow->window, &sequence, &entry) &&
	       entry.sent_ns + flow->flows->plan->reply_timeout_ns <= now_ns)
		lose(flow, sequence, now_ns);
	take_finals(flow);
	arm(flow);
	worker_check(worker_of(flow));
}

/* ---- sending ---- */

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
		note_error(flow, PHASE_RECEIVE, ECONNREFUSED);
		result = datagram_send(&flow->socket, &datagram, 1);
	}
	return result < 0 ? result : 0;
}

static void count_sent(struct flow *flow, uint64_t due_ns)
{
	struct flows *flows = flow->flows;
	struct counters *counters = flows->counters;
	uint64_t now_ns = loop_read_clock(loop_of(flow));
	(void)window_sent(&flow->window, due_ns, now_ns);
	flow->sent++;
	counters->sent++;
	counters->in_flight++;
	counters->writes++;
	counters->bytes_sent += flows->message_bytes;
	lateness_count(counters, flows->send_error, due_ns, now_ns);
	arm(flow);
}

/* A message of a slot that was never sent leaves it interrupted all the same. A probe that was
 * never sent says nothing of the path: it has no number and is in no outage. */
static void count_missed(struct flow *flow, uint64_t due_ns, uint64_t *counter)
{
	(*counter)++;
	record_of(flow)->missed++;
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
	       (double)(loop_now(loop_of(flow)) - due_ns) > interval_ns;
}

static void send_due(struct flow *flow)
{
	struct counters *counters = flow->flows->counters;
	uint64_t due_ns = flows_due(flow->flows, flow, flow->next_round);
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
		count_sent(flow, due_ns);
	} else if (result == -ENOBUFS) {
		count_missed(flow, due_ns, &counters->missed_generator);
	} else {
		note_error(flow, PHASE_SEND, -result);
		count_missed(flow, due_ns, &counters->missed_no_connection);
	}
}

void flow_flush(struct flow *flow)
{
	while (flow->is_open && !flow->is_blocked && flow->next_round < flow->due_round)
		send_due(flow);
	take_finals(flow);
}

/* ---- receiving ---- */

static void note_count(struct flow *flow, const struct wire_datagram *wire)
{
	if (wire->receiver_count > 0 && !(wire->sequence & GREETING_BIT))
		forward_loss_note(&flow->forward, wire->sequence, wire->receiver_count);
}

static void learn_backend(struct flow *flow, const struct datagram *datagram)
{
	char name[WIRE_NAME_BYTES];
	struct slot_record *record = record_of(flow);
	uint16_t before = flow->backend;
	if (wire_read_name(datagram->data, datagram->size, name) == 0)
		return;
	flow->backend = names_index(&worker_of(flow)->names, name, before);
	if (record->first_backend == BACKEND_UNKNOWN)
		record->first_backend = flow->backend;
	if (before != BACKEND_UNKNOWN && before != flow->backend)
		record->has_backend_changed = true;
}

static void note_first_answer(struct flow *flow)
{
	struct flows *flows = flow->flows;
	flow->answered_ns = loop_now(loop_of(flow));
	flows->answered++;
	flows->counters->connects++;
	flows->counters->connections++;
	flows->counters->connecting--;
	flows_note_answered(flows);
}

static void note_answer(struct flow *flow, uint64_t sequence, uint64_t now_ns)
{
	struct flows *flows = flow->flows;
	struct counters *counters = flows->counters;
	struct window_entry entry;
	bool is_reordered = false;
	switch (window_answered(&flow->window, sequence, &entry, &is_reordered)) {
	case WINDOW_ANSWERED:
		flow->received++;
		counters->received++;
		counters->in_flight--;
		counters->reordered += is_reordered;
		hist_add(flows->response, now_ns - entry.due_ns);
		hist_add(flows->service, now_ns - entry.sent_ns);
		break;
	case WINDOW_DUPLICATE:
		counters->duplicate++;
		break;
	case WINDOW_LATE:
		counters->late++;
		break;
	case WINDOW_FOREIGN:
		counters->unasked_bytes += flows->message_bytes;
		break;
	}
}

static bool is_zero(const uint8_t *data, size_t size, const uint8_t *zeros)
{
	return size <= WORKER_SCRATCH_BYTES && memcmp(data, zeros, size) == 0;
}

/* Whether it is an echo of a datagram of this flow, name and receiver's part apart. */
static bool read_echo(const struct flow *flow, const struct datagram *datagram,
		      struct wire_datagram *ret)
{
	const struct flows *flows = flow->flows;
	const uint8_t *data = datagram->data;
	return datagram->size == flows->message_bytes &&
	       wire_read_datagram(data, datagram->size, ret) &&
	       ret->flow == flows_number(flows, flow) &&
	       is_zero(data + WIRE_DATAGRAM_HEAD_END, datagram->size - WIRE_DATAGRAM_HEAD_END,
		       worker_of(flow)->zeros);
}

static void take_datagram(struct flow *flow, const struct datagram *datagram, uint64_t now_ns)
{
	struct flows *flows = flow->flows;
	struct wire_datagram wire;
	if (!read_echo(flow, datagram, &wire)) {
		flows->counters->corrupted++;
		recorder_error(flows->recorder, PHASE_REPLY, OUTCOME_CORRUPTED, 0, now_ns);
		return;
	}
	learn_backend(flow, datagram);
	note_count(flow, &wire);
	if (!flow->answered_ns)
		note_first_answer(flow);
	survival_connected(&flow->survival);
	if (wire.sequence & GREETING_BIT)
		return;
	flows->counters->bytes_received += datagram->size;
	note_answer(flow, wire.sequence, now_ns);
}

/* The worker's scratch as a batch; a datagram longer than ours is cut off and so found foreign. */
static int prepare_batch(const struct flow *flow, struct datagram batch[DATAGRAM_BATCH_MAX])
{
	size_t capacity = flow->flows->message_bytes + 1;
	size_t count = WORKER_SCRATCH_BYTES / capacity;
	if (count > DATAGRAM_BATCH_MAX)
		count = DATAGRAM_BATCH_MAX;
	for (size_t i = 0; i < count; i++)
		batch[i] = (struct datagram){ .data = worker_of(flow)->scratch + i * capacity,
					      .capacity = capacity };
	return (int)count;
}

static void receive(struct flow *flow)
{
	struct datagram batch[DATAGRAM_BATCH_MAX];
	int room = prepare_batch(flow, batch);
	for (;;) {
		int count = datagram_receive(&flow->socket, batch, room);
		if (count == -ECONNREFUSED) {
			note_error(flow, PHASE_RECEIVE, ECONNREFUSED);
			continue;
		}
		if (count < 0)
			break;
		uint64_t now_ns = loop_read_clock(loop_of(flow));
		flow->flows->counters->reads++;
		for (int i = 0; i < count; i++)
			take_datagram(flow, &batch[i], now_ns);
		room = prepare_batch(flow, batch);
	}
	take_finals(flow);
	worker_check(worker_of(flow));
}

static void on_ready(struct datagram_socket *socket, unsigned events)
{
	struct flow *flow = container_of(socket, struct flow, socket);
	if (events & STREAM_READABLE)
		receive(flow);
	if (events & STREAM_WRITABLE) {
		flow->is_blocked = false;
		flow_flush(flow);
	}
}

/* ---- for flows.c ---- */

void flow_init(struct flow *flow, struct flows *flows, uint32_t own, void *window, uint32_t pending)
{
	flow->flows = flows;
	flow->own = own;
	flow->socket.watch.fd = -1;
	flow->backend = BACKEND_UNKNOWN;
	timer_init(&flow->timer, on_timeout);
	window_init(&flow->window, window, pending);
	gap_init(&flow->gap, flows->lost_in_a_row);
	survival_init(&flow->survival);
	*record_of(flow) = (struct slot_record){ .first_backend = BACKEND_UNKNOWN,
						 .last_backend = BACKEND_UNKNOWN };
}

void flow_open(struct flow *flow)
{
	struct flows *flows = flow->flows;
	const struct plan *plan = flows->plan;
	bool is_path = flows->stream == PLAN_PATH;
	uint32_t number = flows_number(flows, flow);
	struct datagram_options options = {
		.remote = is_path ? plan->path.remotes[number % plan->path.remote_count]
				  : plan->remotes[number % plan->remote_count],
		.options = &plan->socket_options,
		.network = plan->network,
	};
	if (flow->is_open)
		return;
	if (flows->sources)
		options.local = source_pool_next(flows->sources);
	flows->counters->attempts++;
	flow->opened_ns = loop_now(loop_of(flow));
	int result =
		datagram_open(&flow->socket, plan->datagram, loop_of(flow), &options, on_ready);
	if (result < 0) {
		flows->counters->connect_failures++;
		note_error(flow, PHASE_CONNECT, -result);
		return;
	}
	flow->is_open = true;
	flows->counters->connecting++;
}

void flow_greet(struct flow *flow)
{
	flow_open(flow);
	if (flow->is_open)
		(void)send_one(flow, GREETING_BIT | flow->greetings++);
}

void flow_begin(struct flow *flow)
{
	struct slot_record *record = record_of(flow);
	flow_open(flow);
	survival_init(&flow->survival);
	if (!flow->answered_ns)
		return;
	survival_connected(&flow->survival);
	record->first_backend = flow->backend;
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

/* What is still owed stays in flight; it was waited for, so its lower bound is known. */
static void settle_owed(struct flow *flow)
{
	struct window_entry entry;
	uint64_t sequence;
	uint64_t now_ns = loop_now(loop_of(flow));
	while (window_oldest_pending(&flow->window, &sequence, &entry)) {
		(void)window_lost(&flow->window, sequence, &entry);
		unanswered_lost(&flow->flows->unanswered, entry.due_ns, now_ns);
	}
	take_finals(flow);
	bursts_end(&flow->bursts);
	if (flow->flows->stream != PLAN_PATH)
		bursts_merge(&worker_of(flow)->bursts, &flow->bursts);
}

/* A persistent flow is a connection for the record: from its first answer on it is up. */
static void log_flow(const struct flow *flow)
{
	const struct flows *flows = flow->flows;
	uint32_t number = flows_number(flows, flow);
	struct connection_record record = {
		.local = flow->socket.local,
		.remote = flows->plan->remotes[number % flows->plan->remote_count],
		.started_ns = flow->opened_ns,
		.connected_ns = flow->answered_ns,
		.sent = flow->sent,
		.received = flow->received,
		.lost = flow->lost,
		.slot = number,
		.backend = flow->backend,
		.stream = (uint8_t)flows->stream,
		.outcome = OUTCOME_OPEN,
	};
	if (flow->is_open && flows->stream != PLAN_PATH)
		connection_log_add(&flows->worker->open, &record);
}

void flow_finish(struct flow *flow)
{
	struct worker *worker = worker_of(flow);
	struct slot_record *record = record_of(flow);
	struct gap_span span;
	loop_clear_timer(worker->loop, &flow->timer);
	settle_owed(flow);
	if (gap_finish(&flow->gap, worker->end_ns, &span))
		log_gap(flow, &span, UINT64_MAX);
	record->survival = (uint8_t)survival_class(&flow->survival);
	record->is_connected_at_end = flow->answered_ns && !gap_is_open(&flow->gap);
	record->last_backend = flow->backend;
	log_flow(flow);
	datagram_close(&flow->socket);
	flow->is_open = false;
}
