/* Answers, ICMP and time-outs of datagram probes: each is decided once. See prober_udp.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/prober_udp.h"
#include "proto/traffic_wire.h"

#define HEARD_AT_ONCE 16
#define HEARD_A_TURN  64 /* batches; then others have their turn */
#define ERRORS_A_TURN 256

/* ---- which way it was lost */

static uint64_t undecided(const struct forward_loss *forward)
{
	uint64_t count = forward->unanswered;

	for (uint32_t i = 0; i < forward->jump_count; i++)
		count += forward->jumps[i].unanswered;
	return count;
}

/* The port's first number that is not decided. */
static uint64_t first_open(const struct udp_link *own, uint32_t port)
{
	uint32_t ports = own->prober->ports;
	uint64_t tail = own->window.tail;

	return udp_sequence(own->prober, tail + (port + ports - tail % ports) % ports);
}

static void free_room(struct udp_way *way)
{
	free(way->forward.jumps);
	way->forward.jumps = NULL;
}

/* Lost ones that the receiver's counts have placed: what did not arrive there, and the rest. */
static void place_losses(struct udp_link *own, uint32_t port)
{
	struct mesh_pair *pair = own->link->pair;
	struct udp_way *way = &own->ways[port];
	uint32_t there = (uint32_t)forward_loss_settle(&way->forward, first_open(own, port));
	way->lost_there += there;
	uint32_t back =
		way->lost - (uint32_t)undecided(&way->forward) - way->lost_there - way->lost_back;

	way->lost_back += back;
	pair->udp.lost_there += there;
	pair->udp.lost_back += back;
	pair->window.lost_there += there;
	pair->window.lost_back += back;
	if (way->forward.jump_count == 0)
		free_room(way);
}

/* ---- decisions */

static void settle(struct udp_link *own, uint64_t number)
{
	struct window_final final;

	own->prober->in_flight--;
	while (window_take_final(&own->window, &final))
		;
	place_losses(own, (uint32_t)(number % own->prober->ports));
}

/* Nothing where it was decided before. */
static void lose(struct udp_link *own, uint64_t number, enum mesh_reason reason)
{
	uint32_t port = (uint32_t)(number % own->prober->ports);
	struct mesh_pair *pair = own->link->pair;
	struct udp_way *way = &own->ways[port];
	struct window_entry entry;

	if (!window_lost(&own->window, number, &entry))
		return;
	mesh_series_lost(udp_series(own), udp_window(own), reason);
	pair->udp.lost[port]++;
	pair->window.ports_lost |= (uint16_t)(1U << port);
	way->lost++;
	forward_loss_give_up(&way->forward, udp_sequence(own->prober, number));
	settle(own, number);
}

static void note_jitter(struct udp_link *own, struct udp_way *way, uint64_t rtt_ns)
{
	uint64_t before_ns = way->rtt_ns;

	if (before_ns > 0)
		mesh_spread_add(&own->link->pair->udp.jitter,
				rtt_ns > before_ns ? rtt_ns - before_ns : before_ns - rtt_ns);
	way->rtt_ns = rtt_ns;
}

static void note_answer(struct udp_link *own, uint64_t number, uint64_t at_ns)
{
	struct mesh_series *series = udp_series(own);
	struct window_entry entry = { 0 };
	bool is_reordered = false;
	uint64_t rtt_ns;

	switch (window_answered(&own->window, number, &entry, &is_reordered)) {
	case WINDOW_ANSWERED:
		rtt_ns = at_ns > entry.sent_ns ? at_ns - entry.sent_ns : 1;
		mesh_series_received(series, udp_window(own), rtt_ns);
		series->reordered += is_reordered;
		note_jitter(own, &own->ways[number % own->prober->ports], rtt_ns);
		settle(own, number);
		break;
	case WINDOW_LATE:
		series->late++;
		udp_window(own)->late++;
		break;
	case WINDOW_DUPLICATE:
		series->duplicated++;
		break;
	case WINDOW_FOREIGN:
		break;
	}
}

/* ---- answers */

/* The link that a datagram with this head was sent for, and its number there. NULL: none. */
static struct udp_link *find(const struct udp_socket *socket, const struct wire_datagram *wire,
			     uint64_t *ret_number)
{
	const struct udp_prober *prober = socket->prober;
	uint32_t place = wire->flow & ((1U << UDP_PLACE_BITS) - 1);
	struct udp_link *own = place < prober->host->places ? prober->links[place] : NULL;

	/* First, as a product could overflow. */
	if (own == NULL || own->flow != wire->flow || wire->sequence == 0 ||
	    wire->sequence > own->window.head)
		return NULL;
	*ret_number = (wire->sequence - 1) * prober->ports + socket->port;
	return *ret_number < own->window.head ? own : NULL;
}

/* As it was sent, name and receiver's part apart. */
static bool is_whole(const struct udp_prober *prober, const struct datagram *datagram)
{
	const uint8_t *rest = (const uint8_t *)datagram->data + WIRE_DATAGRAM_HEAD_END;
	size_t size = datagram->size - WIRE_DATAGRAM_HEAD_END;
	bool is_right = datagram->size == prober->bytes || datagram->size == prober->bytes_before;

	return !datagram->is_truncated && is_right &&
	       (size == 0 || (rest[0] == 0 && memcmp(rest, rest + 1, size - 1) == 0));
}

/* Most ways never lose one. Without memory what is lost there counts as lost on the way back. */
static void note_count(struct udp_way *way, const struct wire_datagram *wire)
{
	struct forward_loss *forward = &way->forward;

	if (forward->jumps == NULL &&
	    forward_loss_wants_room(forward, wire->sequence, wire->receiver_count))
		forward->jumps = calloc(FORWARD_JUMPS_MAX, sizeof(forward->jumps[0]));
	forward_loss_note(forward, wire->sequence, wire->receiver_count);
}

/* It may have come in time and waited here, or come too late and before the time-out was looked at:
 * its own moment counts. */
static void hear(struct udp_link *own, uint64_t number, const struct wire_datagram *wire,
		 const struct datagram *datagram)
{
	const struct mesh_host *host = own->prober->host;
	struct udp_way *way = &own->ways[number % own->prober->ports];
	uint64_t at_ns = datagram->stamp.at_ns;
	struct window_entry entry;

	if (at_ns == 0) {
		host->node->stamps_missing++;
		at_ns = loop_now(host->loop);
	}
	if (window_is_pending(&own->window, number, &entry) &&
	    at_ns > entry.sent_ns + host->settings->timeout_ns)
		lose(own, number, MESH_REASON_TIMEOUT);
	if (wire->receiver_count > 0)
		note_count(way, wire);
	note_answer(own, number, at_ns);
}

static void take_datagram(struct udp_socket *socket, const struct datagram *datagram)
{
	const struct mesh_host *host = socket->prober->host;
	char name[WIRE_NAME_BYTES];
	struct wire_datagram wire;
	uint64_t number = 0;

	if (!wire_read_datagram(datagram->data, datagram->size, &wire))
		return;
	struct udp_link *own = find(socket, &wire, &number);
	if (own == NULL || !endpoint_is_equal(&datagram->remote, &own->link->target.endpoint))
		return;
	if (is_whole(socket->prober, datagram))
		hear(own, number, &wire, datagram);
	else
		lose(own, number, MESH_REASON_CORRUPTED);
	udp_arm(own);
	bool is_named = wire_read_name(datagram->data, datagram->size, name) > 0;
	host->answered(host->context, own->link, is_named ? name : NULL);
}

/* How many came; -EAGAIN: none. */
static int receive_batch(struct udp_socket *socket)
{
	const struct udp_prober *prober = socket->prober;
	struct datagram batch[HEARD_AT_ONCE];
	size_t room = prober->bytes + 1U;

	for (size_t i = 0; i < HEARD_AT_ONCE; i++)
		batch[i] =
			(struct datagram){ .data = prober->scratch + i * room, .capacity = room };
	uint64_t dropped = socket->socket.queue_overflows;
	int count = datagram_receive(&socket->socket, batch, HEARD_AT_ONCE);
	prober->host->node->overflows += socket->socket.queue_overflows - dropped;
	if (count < 0)
		return count;
	(void)loop_read_clock(prober->host->loop);
	for (int i = 0; i < count; i++)
		take_datagram(socket, &batch[i]);
	return count;
}

void udp_receive(struct udp_socket *socket)
{
	struct loop *loop = socket->prober->host->loop;
	bool has_all = false;

	for (unsigned i = 0; i < HEARD_A_TURN && !has_all; i++) {
		int count = receive_batch(socket);
		if (count < 0 && count != -EAGAIN)
			udp_take_errors(socket);
		else
			has_all = count < HEARD_AT_ONCE;
	}
	if (has_all)
		socket->drained_ns = loop_now(loop);
	else
		loop_defer(loop, &socket->read_on);
}

void udp_on_ready(struct datagram_socket *socket, unsigned events)
{
	if (events & STREAM_READABLE)
		udp_receive(container_of(socket, struct udp_socket, socket));
}

void udp_on_read_on(struct deferred *deferred)
{
	udp_receive(container_of(deferred, struct udp_socket, read_on));
}

/* ---- ICMP */

static void take_error(const struct udp_socket *socket, const struct datagram_error *error)
{
	struct wire_datagram wire;
	uint64_t number = 0;

	if (!wire_read_datagram(error->quote, error->quote_size, &wire))
		return;
	struct udp_link *own = find(socket, &wire, &number);
	if (own == NULL)
		return;
	lose(own, number,
	     error->code == EMSGSIZE ? MESH_REASON_MESSAGE_TOO_LONG
				     : mesh_reason_of(outcome_from_errno(error->code)));
	udp_arm(own);
}

void udp_take_errors(struct udp_socket *socket)
{
	struct datagram_error error;

	for (unsigned i = 0; i < ERRORS_A_TURN; i++) {
		if (datagram_take_error(&socket->socket, &error) < 0)
			return;
		if (!error.is_sent)
			take_error(socket, &error);
	}
}

/* ---- time-outs */

void udp_give_up(struct udp_link *own, uint64_t now_ns)
{
	struct udp_prober *prober = own->prober;
	uint64_t timeout_ns = prober->host->settings->timeout_ns;
	struct window_entry oldest;
	uint64_t number;

	while (window_oldest_pending(&own->window, &number, &oldest) &&
	       oldest.sent_ns + timeout_ns <= now_ns) {
		struct udp_socket *socket =
			&prober->sockets[udp_family(own)][number % prober->ports];
		if (socket->drained_ns < oldest.sent_ns + timeout_ns)
			udp_receive(socket);
		/* What it had is heard; this one may be among it. */
		lose(own, number, MESH_REASON_TIMEOUT);
	}
}
