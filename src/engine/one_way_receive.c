#include <errno.h>
#include <string.h>

#include "engine/one_way_flow.h"
#include "proto/one_way_wire.h"

/* What the network has put in another order may still come behind the last word. */
#define GRACE_NS   SOURCE_KEEP_ALIVE_NS
#define ROOM_BYTES 65536

void one_way_intake_init(struct one_way_flow *flow)
{
	delays_init(&flow->intake->delays,
		    recorder_hist(flow->owner->recorder, LATENCY_DELAY_VARIATION));
}

/* ---- asking */

static void send_message(struct one_way_flow *flow, enum source_kind kind)
{
	struct one_way *one_way = flow->owner;
	const struct plan *plan = one_way->plan;
	uint8_t bytes[SOURCE_MESSAGE_BYTES];
	struct datagram datagram = { .data = bytes, .size = sizeof(bytes) };
	struct source_message message = {
		.kind = kind,
		.run = flow->run,
		.datagram_bytes = one_way->datagram_bytes,
		.rate_micro = (uint64_t)(plan->slots.rate_per_second * 1e6 / plan->slots.count),
		.duration_ns = plan->duration_ns,
	};

	if (message.rate_micro == 0)
		message.rate_micro = 1;
	memcpy(message.cookie, flow->intake->cookie, sizeof(message.cookie));
	source_write(bytes, &message);
	int result = datagram_send(&flow->socket, &datagram, 1);
	if (result < 0 && result != -EAGAIN)
		one_way_note_error(one_way, flow->is_up ? PHASE_SEND : PHASE_CONNECT, -result);
}

void one_way_ask(struct one_way_flow *flow)
{
	enum worker_stage stage = flow->owner->worker->stage;
	bool is_known = flow->answered_ns > 0;

	if (flow->intake->over_ns > 0 || (stage == WORKER_RAMP && is_known))
		return;
	if (stage == WORKER_RAMP || stage == WORKER_MEASURE)
		send_message(flow, SOURCE_ASK);
	else if (is_known)
		send_message(flow, SOURCE_STOP);
}

/* ---- receiving */

static void take_message(struct one_way_flow *flow, const struct source_message *message)
{
	struct one_way_intake *intake = flow->intake;
	struct worker *worker = flow->owner->worker;

	if (message->kind == SOURCE_COOKIE) {
		bool is_first = flow->answered_ns == 0;
		memcpy(intake->cookie, message->cookie, sizeof(intake->cookie));
		one_way_note_answer(flow);
		/* It was too old, or this one comes late. */
		if (!is_first)
			one_way_ask(flow);
		return;
	}
	if (message->kind != SOURCE_STATE)
		return;
	if (message->sent > intake->told_sent)
		intake->told_sent = message->sent;
	if (message->is_over && intake->over_ns == 0)
		intake->over_ns = loop_now(worker->loop);
}

static void take(struct one_way_flow *flow, const struct datagram *datagram, uint64_t now_ns)
{
	struct one_way *one_way = flow->owner;
	struct source_message message;
	struct one_way_head head;

	one_way->counters->received_merged += datagram->segment_bytes > 0;
	if (one_way_read(datagram->data, datagram->size, &head) && head.run == flow->run &&
	    head.sequence < ONE_WAY_SEQUENCE_END) {
		one_way->counters->bytes_received += datagram->size;
		arrivals_add(&flow->intake->arrivals, head.sequence);
		delays_add(&flow->intake->delays, now_ns, head.sent_ns);
	} else if (source_read(datagram->data, datagram->size, &message) &&
		   message.run == flow->run) {
		take_message(flow, &message);
	} else {
		one_way->counters->unasked_bytes += datagram->size;
	}
}

/* The worker's scratch as a batch: room for what the kernel puts together, or for single ones. */
static int prepare_batch(const struct one_way_flow *flow, struct datagram batch[DATAGRAM_BATCH_MAX])
{
	const struct one_way *one_way = flow->owner;
	size_t one = one_way->datagram_bytes > SOURCE_MESSAGE_BYTES ? one_way->datagram_bytes
								    : SOURCE_MESSAGE_BYTES;
	size_t capacity = one_way->plan->slots.is_segmented ? ROOM_BYTES : one + 1;
	size_t count = WORKER_SCRATCH_BYTES / capacity;

	if (count > DATAGRAM_BATCH_MAX)
		count = DATAGRAM_BATCH_MAX;
	for (size_t i = 0; i < count; i++)
		batch[i] = (struct datagram){
			.data = one_way->worker->scratch + i * capacity,
			.capacity = capacity,
		};
	return (int)count;
}

void one_way_receive(struct one_way_flow *flow)
{
	struct one_way *one_way = flow->owner;
	struct datagram batch[DATAGRAM_BATCH_MAX];
	int room = prepare_batch(flow, batch);

	for (;;) {
		int count = datagram_receive(&flow->socket, batch, room);
		if (count == -ECONNREFUSED) {
			one_way_note_error(one_way, flow->is_up ? PHASE_RECEIVE : PHASE_CONNECT,
					   ECONNREFUSED);
			continue;
		}
		if (count < 0)
			break;
		uint64_t now_ns = loop_read_clock(one_way->worker->loop);
		one_way->counters->reads++;
		for (int i = 0; i < count; i++) {
			struct datagram one = { 0 };
			while (datagram_next(&batch[i], &one))
				take(flow, &one, now_ns);
		}
	}
	worker_check(one_way->worker);
}

/* ---- counting */

/* What the source has sent: as it said last, or as arrived since. */
static uint64_t sent_of(const struct one_way_intake *intake)
{
	return intake->told_sent > intake->arrivals.next ? intake->told_sent
							 : intake->arrivals.next;
}

void one_way_account(struct one_way *one_way)
{
	struct counters *counters = one_way->counters;

	counters->sent = 0;
	counters->received = 0;
	counters->lost = 0;
	counters->duplicate = 0;
	counters->reordered = 0;
	counters->late = 0;
	for (uint32_t i = 0; i < one_way->count; i++) {
		const struct one_way_intake *intake = one_way->flows[i].intake;
		const struct arrivals *arrivals = &intake->arrivals;
		counters->sent += sent_of(intake);
		counters->received += arrivals->unique;
		counters->lost += arrivals->bursts.lost + arrivals->bursts.open;
		counters->duplicate += arrivals->duplicate;
		counters->reordered += arrivals->reordered;
		counters->late += arrivals->late;
	}
	counters->scheduled = counters->sent;
	counters->in_flight = counters->sent - counters->received - counters->lost;
}

void one_way_settle(struct one_way_flow *flow)
{
	struct one_way_intake *intake = flow->intake;

	arrivals_settle(&intake->arrivals, sent_of(intake));
	delays_settle(&intake->delays);
	bursts_merge(&flow->owner->worker->logs.bursts, &intake->arrivals.bursts);
}

bool one_way_is_over(const struct one_way_flow *flow)
{
	const struct one_way_intake *intake = flow->intake;
	uint64_t now_ns = loop_now(flow->owner->worker->loop);

	if (intake->over_ns == 0)
		return false;
	return intake->arrivals.unique >= intake->told_sent || now_ns >= intake->over_ns + GRACE_NS;
}
