/* The service discard over datagrams: counts by flow what has arrived, taking apart what the kernel
 * put together. Nobody is answered but who asks whether anybody is there. */
#include "engine/service_udp.h"
#include "proto/one_way_wire.h"

static bool take_one(struct service_socket *place, const struct datagram *datagram,
		     const struct receiver_key *key, uint64_t now_ns)
{
	struct one_way_head head = { 0 };
	place->owner->worker->recorders[PLAN_SERVED]->counters.received_merged +=
		datagram->segment_bytes > 0;
	bool is_ours = one_way_read(datagram->data, datagram->size, &head);

	if (is_ours && head.sequence == ONE_WAY_GREETING) {
		if (place->count < SERVICE_UDP_BATCH_MAX)
			service_udp_answer(place, datagram);
		return false;
	}
	receiver_table_datagram(place->owner->receivers,
				&(struct receiver_datagram){
					.key = key,
					.size = datagram->size,
					.socket = place->receiver,
					.is_merged = datagram->segment_bytes > 0,
					.is_numbered = is_ours,
					.run = head.run,
					.sequence = head.sequence,
					.stamp_ns = head.sent_ns,
					.now_ns = now_ns,
				});
	return true;
}

/* Returns how many datagrams were in it that count. */
static uint64_t take(struct service_socket *place, const struct datagram *merged, uint64_t now_ns)
{
	struct receiver_key key = { merged->remote, merged->local, TRANSPORT_UDP };
	struct datagram one = { 0 };
	uint64_t count = 0;

	while (datagram_next(merged, &one))
		count += take_one(place, &one, &key, now_ns);
	return count;
}

void service_udp_discard(struct service_socket *place, const struct datagram *batch, int count,
			 uint64_t now_ns)
{
	struct counters *counters = &place->owner->worker->recorders[PLAN_SERVED]->counters;
	struct receiver_table *receivers = place->owner->receivers;
	uint64_t taken = 0;

	receiver_table_begin(receivers);
	for (int i = 0; i < count; i++)
		taken += take(place, &batch[i], now_ns);
	receiver_table_overflows(receivers, place->receiver, place->socket.queue_overflows);
	receiver_table_commit(receivers);
	counters->scheduled += taken;
	counters->sent += taken;
	counters->received += taken;
}
