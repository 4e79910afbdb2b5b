/* Echoes, and what they tell: who sent them, and how many had arrived there. See flow.h. */
#include <errno.h>
#include <string.h>

#include "engine/flow.h"
#include "proto/traffic_wire.h"

static void note_count(struct flow *flow, const struct wire_datagram *wire)
{
	if (wire->receiver_count > 0 && !(wire->sequence & FLOW_GREETING_BIT))
		forward_loss_note(&flow->forward, wire->sequence, wire->receiver_count);
}

static void learn_backend(struct flow *flow, const struct datagram *datagram)
{
	char name[WIRE_NAME_BYTES];
	struct slot_record *record = flow_record(flow);
	uint16_t before = flow->backend;
	if (wire_read_name(datagram->data, datagram->size, name) == 0)
		return;
	flow->backend = names_index(&flow_worker(flow)->names, name, before);
	if (slot_record_first_backend(record) == BACKEND_UNKNOWN)
		slot_record_begin(record, flow->backend);
	if (before != BACKEND_UNKNOWN && before != flow->backend)
		record->has_backend_changed = true;
}

static void note_first_answer(struct flow *flow)
{
	struct flows *flows = flow->flows;
	flow->answered_ns = loop_now(flow_loop(flow));
	flows->answered++;
	flows->counters->connects++;
	flows->counters->connections++;
	flows->counters->connecting--;
	flows_note_answered(flows);
}

/* Its stamp and ours tell how long the way there took, but for what the clocks differ. */
static void note_delay(struct flow *flow, const struct window_entry *entry,
		       const struct wire_datagram *wire)
{
	if (flow->delays && wire->receiver_clock_ns > 0)
		delays_add(flow->delays, wire->receiver_clock_ns, entry->sent_ns);
}

static void note_answer(struct flow *flow, const struct wire_datagram *wire, uint64_t now_ns)
{
	struct flows *flows = flow->flows;
	struct counters *counters = flows->counters;
	struct window_entry entry;
	bool is_reordered = false;
	switch (window_answered(&flow->window, wire->sequence, &entry, &is_reordered)) {
	case WINDOW_ANSWERED:
		flow->received++;
		counters->received++;
		counters->in_flight--;
		counters->reordered += is_reordered;
		hist_add(flows->response, now_ns - entry.due_ns);
		hist_add(flows->service, now_ns - entry.sent_ns);
		note_delay(flow, &entry, wire);
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
		       flow_worker(flow)->zeros);
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
	if (wire.sequence & FLOW_GREETING_BIT)
		return;
	flows->counters->bytes_received += datagram->size;
	note_answer(flow, &wire, now_ns);
}

/* The worker's scratch as a batch; a datagram longer than ours is cut off and so found foreign. */
static int prepare_batch(const struct flow *flow, struct datagram batch[DATAGRAM_BATCH_MAX])
{
	size_t capacity = flow->flows->message_bytes + 1;
	size_t count = WORKER_SCRATCH_BYTES / capacity;
	if (count > DATAGRAM_BATCH_MAX)
		count = DATAGRAM_BATCH_MAX;
	for (size_t i = 0; i < count; i++)
		batch[i] = (struct datagram){ .data = flow_worker(flow)->scratch + i * capacity,
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
			flow_note_error(flow, PHASE_RECEIVE, ECONNREFUSED);
			continue;
		}
		if (count < 0)
			break;
		uint64_t now_ns = loop_read_clock(flow_loop(flow));
		flow->flows->counters->reads++;
		for (int i = 0; i < count; i++)
			take_datagram(flow, &batch[i], now_ns);
		room = prepare_batch(flow, batch);
	}
	flow_take_finals(flow);
	worker_check(flow_worker(flow));
}

void flow_on_ready(struct datagram_socket *socket, unsigned events)
{
	struct flow *flow = container_of(socket, struct flow, socket);
	if (events & STREAM_READABLE)
		receive(flow);
	if (events & STREAM_WRITABLE) {
		flow->is_blocked = false;
		flow->held_round = flow->due_round;
		flow_flush(flow);
	}
}
