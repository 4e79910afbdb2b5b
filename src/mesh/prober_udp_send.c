/* Datagrams leave at the end of the turn of the loop in which they fell due: those of one socket in
 * one call. See prober_udp.h. */
#include <errno.h>
#include <sys/socket.h>

#include "mesh/prober_udp.h"
#include "proto/traffic_wire.h"

void udp_queue(struct udp_link *own, uint64_t due_ns)
{
	struct udp_prober *prober = own->prober;
	unsigned family = own->link->target.endpoint.family == AF_INET6;

	if (prober->queued == DATAGRAM_BATCH_MAX)
		udp_on_flush(&prober->flush);
	prober->queue[prober->queued++] = (struct udp_queued){
		.link = own,
		.from = &prober->sockets[family][own->window.head % prober->ports],
		.due_ns = due_ns,
	};
	own->is_queued = true;
	loop_defer(prober->host->loop, &prober->flush);
}

void udp_unqueue(struct udp_link *own)
{
	struct udp_prober *prober = own->prober;
	int kept = 0;

	for (int i = 0; i < prober->queued; i++) {
		if (prober->queue[i].link != own)
			prober->queue[kept++] = prober->queue[i];
	}
	prober->queued = kept;
	own->is_queued = false;
}

/* ---- what became of one */

static void count_packet(struct udp_link *own, uint32_t port)
{
	struct mesh_node *node = own->prober->host->node;
	bool is_ipv6 = own->link->target.endpoint.family == AF_INET6;

	own->link->pair->udp.sent[port]++;
	own->link->pair->window.ports_used |= (uint16_t)(1U << port);
	mesh_series_sent(udp_series(own));
	node->packets_sent++;
	node->bytes_sent += own->prober->bytes + (is_ipv6 ? 48U : 28U);
}

static void note_sent(const struct udp_queued *queued, uint64_t sent_ns)
{
	struct udp_link *own = queued->link;
	const struct mesh_host *host = own->prober->host;

	own->is_queued = false;
	(void)window_sent(&own->window, queued->due_ns, sent_ns);
	own->prober->in_flight++;
	count_packet(own, queued->from->port);
	host->started(host->context, sent_ns > queued->due_ns ? sent_ns - queued->due_ns : 0);
	udp_arm(own);
}

/* This host has no room for it: that says nothing of the peer. */
static bool is_own_lack(int code)
{
	return code == EAGAIN || code == ENOBUFS || code == ENOMEM;
}

/* It never had a number, so the receiver's count does not miss it. */
static void note_unsent(const struct udp_queued *queued, int code)
{
	struct udp_link *own = queued->link;
	struct mesh_pair *pair = own->link->pair;
	uint32_t port = queued->from->port;

	own->is_queued = false;
	if (is_own_lack(code)) {
		udp_series(own)->skipped++;
		return;
	}
	count_packet(own, port);
	pair->udp.lost[port]++;
	pair->window.ports_lost |= (uint16_t)(1U << port);
	mesh_series_lost(udp_series(own), udp_window(own),
			 code == EMSGSIZE ? MESH_REASON_MESSAGE_TOO_LONG
					  : mesh_reason_of(outcome_from_errno(code)));
}

/* ---- sending */

/* Takes those of the first one's socket out of the queue. */
static int take_batch(struct udp_prober *prober, struct udp_queued *ret)
{
	const struct udp_socket *from = prober->queue[0].from;
	int count = 0, kept = 0;

	for (int i = 0; i < prober->queued; i++) {
		if (prober->queue[i].from == from)
			ret[count++] = prober->queue[i];
		else
			prober->queue[kept++] = prober->queue[i];
	}
	prober->queued = kept;
	return count;
}

static void write_batch(struct udp_prober *prober, const struct udp_queued *batch, int count,
			struct datagram *ret)
{
	for (int i = 0; i < count; i++) {
		const struct udp_link *own = batch[i].link;
		uint8_t *data = prober->scratch + (size_t)i * (prober->bytes + 1);
		wire_write_datagram(data, prober->bytes, own->flow,
				    udp_sequence(prober, own->window.head));
		ret[i] = (struct datagram){
			.data = data,
			.size = prober->bytes,
			.remote = own->link->target.endpoint,
		};
	}
}

/* A send may fail for what ICMP said of an earlier datagram: it is tried once more. */
static int send_some(struct udp_socket *from, const struct datagram *datagrams, int count)
{
	int sent = datagram_send(&from->socket, datagrams, count);

	if (sent >= 0 || is_own_lack(-sent))
		return sent;
	udp_take_errors(from);
	return datagram_send(&from->socket, datagrams, count);
}

static void send_batch(struct udp_prober *prober, const struct udp_queued *batch, int count)
{
	struct datagram datagrams[DATAGRAM_BATCH_MAX];
	struct loop *loop = prober->host->loop;
	int done = 0;

	write_batch(prober, batch, count, datagrams);
	while (done < count) {
		uint64_t sent_ns = loop_read_clock(loop);
		int sent = send_some(batch[done].from, datagrams + done, count - done);
		for (int i = 0; i < sent; i++)
			note_sent(&batch[done++], sent_ns);
		if (sent <= 0)
			note_unsent(&batch[done++], sent < 0 ? -sent : EAGAIN);
	}
}

static void refuse_batch(const struct udp_queued *batch, int count)
{
	for (int i = 0; i < count; i++)
		note_unsent(&batch[i], ENETUNREACH);
}

void udp_on_flush(struct deferred *deferred)
{
	struct udp_prober *prober = container_of(deferred, struct udp_prober, flush);
	struct udp_queued batch[DATAGRAM_BATCH_MAX];

	while (prober->queued > 0) {
		int count = take_batch(prober, batch);
		bool is_ipv6 = batch[0].link->link->target.endpoint.family == AF_INET6;
		if (prober->has_family[is_ipv6])
			send_batch(prober, batch, count);
		else
			refuse_batch(batch, count);
	}
}
