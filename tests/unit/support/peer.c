#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "proto/traffic_wire.h"

#define PENDING_MAX   (1 << 20)
#define DATAGRAM_MAX  2048
#define UNASKED_BYTES 10
#define FLOWS_MAX     64

struct peer {
	struct loop *loop;
	struct memory_network *network;
	struct listener listener;
	struct datagram_socket socket;
	struct list connections;
	const char *name;
	enum peer_mood mood;
	uint64_t received;
	uint64_t datagrams[FLOWS_MAX]; /* got, by flow */
};

struct connection {
	struct stream stream;
	struct list node;
	struct peer *peer;
	struct deferred freeing;
	uint64_t taken; /* bytes read so far */
	size_t pending;
	uint8_t bytes[]; /* PENDING_MAX, to be sent */
};

static void free_connection(struct deferred *deferred)
{
	free(container_of(deferred, struct connection, freeing));
}

static void drop(struct connection *connection)
{
	stream_close(&connection->stream);
	list_remove(&connection->node);
	loop_defer(connection->peer->loop, &connection->freeing);
}

static void flush(struct connection *connection)
{
	while (connection->pending > 0) {
		struct iovec part = { connection->bytes, connection->pending };
		ssize_t taken = stream_send(&connection->stream, &part, 1);
		if (taken <= 0)
			return;
		connection->pending -= (size_t)taken;
		memmove(connection->bytes, connection->bytes + taken, connection->pending);
	}
}

static void answer(struct connection *connection, uint8_t *data, size_t size)
{
	struct peer *peer = connection->peer;
	uint8_t head[WIRE_NAME_BYTES] = { 0 };
	wire_write_name(head, sizeof(head), peer->name);
	for (size_t i = 0; i < size && connection->taken + i < sizeof(head); i++)
		data[i] = head[connection->taken + i];
	connection->taken += size;
	if (peer->mood == PEER_IS_SILENT)
		return;
	if (peer->mood == PEER_GARBLES)
		data[size - 1] ^= 0x55;
	if (peer->mood == PEER_HALF_ANSWERS)
		size /= 2;
	if (size + UNASKED_BYTES > PENDING_MAX - connection->pending)
		abort();
	memcpy(connection->bytes + connection->pending, data, size);
	connection->pending += size;
	if (peer->mood == PEER_SPEAKS_UP) {
		memset(connection->bytes + connection->pending, 0, UNASKED_BYTES);
		connection->pending += UNASKED_BYTES;
	}
	flush(connection);
}

static void receive(struct connection *connection)
{
	static uint8_t data[1 << 16];
	while (connection->peer->mood != PEER_IS_FROZEN) {
		ssize_t size = stream_receive(&connection->stream, data, sizeof(data));
		if (size == -EAGAIN)
			return;
		if (size <= 0) {
			drop(connection);
			return;
		}
		connection->peer->received += (uint64_t)size;
		answer(connection, data, (size_t)size);
	}
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct connection *connection = container_of(stream, struct connection, stream);
	if (events & STREAM_WRITABLE)
		flush(connection);
	if (events & (STREAM_READABLE | STREAM_FAILED))
		receive(connection);
}

static void on_arrived(struct listener *listener)
{
	struct peer *peer = container_of(listener, struct peer, listener);
	for (;;) {
		struct connection *connection = malloc(sizeof(*connection) + PENDING_MAX);
		if (!connection)
			abort();
		memset(connection, 0, sizeof(*connection));
		connection->peer = peer;
		deferred_init(&connection->freeing, free_connection);
		if (listener_accept(listener, &connection->stream, on_ready) < 0) {
			free(connection);
			return;
		}
		list_append(&peer->connections, &connection->node);
		if (peer->mood == PEER_RESETS) {
			stream_reset(&connection->stream);
			drop(connection);
		}
	}
}

static void answer_datagram(struct peer *peer, struct datagram *datagram)
{
	struct wire_datagram wire;
	struct datagram reply = { .data = datagram->data,
				  .size = datagram->size,
				  .remote = datagram->remote,
				  .local = datagram->local };
	if (wire_read_datagram(datagram->data, datagram->size, &wire))
		wire_fill_datagram(datagram->data, ++peer->datagrams[wire.flow % FLOWS_MAX],
				   loop_now(peer->loop) + 1);
	wire_write_name(datagram->data, datagram->size, peer->name);
	if (peer->mood == PEER_ECHOES)
		(void)!datagram_send(&peer->socket, &reply, 1);
}

static void on_datagram(struct datagram_socket *socket, unsigned events)
{
	struct peer *peer = container_of(socket, struct peer, socket);
	uint8_t data[DATAGRAM_MAX];
	(void)events;
	for (;;) {
		struct datagram datagram = { .data = data, .capacity = sizeof(data) };
		if (datagram_receive(socket, &datagram, 1) < 1)
			return;
		answer_datagram(peer, &datagram);
	}
}

struct peer *peer_new(struct loop *loop, struct memory_network *network,
		      const struct endpoint *endpoint, const char *name)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct listen_options listen = { .local = *endpoint, .network = network };
	struct datagram_options datagram = { .local = *endpoint,
					     .wants_local = true,
					     .network = network };
	if (!peer)
		abort();
	peer->loop = loop;
	peer->network = network;
	peer->name = name;
	list_init(&peer->connections);
	if (listener_open(&peer->listener, &stream_memory, loop, &listen, on_arrived) < 0 ||
	    datagram_open(&peer->socket, &datagram_memory, loop, &datagram, on_datagram) < 0)
		abort();
	return peer;
}

void peer_close_all(struct peer *peer)
{
	while (!list_is_empty(&peer->connections))
		drop(container_of(peer->connections.next, struct connection, node));
}

void peer_free(struct peer *peer)
{
	peer_close_all(peer);
	listener_close(&peer->listener);
	datagram_close(&peer->socket);
	free(peer);
}

void peer_set_mood(struct peer *peer, enum peer_mood mood)
{
	peer->mood = mood;
	if (mood != PEER_ECHOES)
		return;
	for (struct list *node = peer->connections.next, *next; node != &peer->connections;
	     node = next) {
		next = node->next;
		receive(container_of(node, struct connection, node));
	}
}

void peer_stop_listening(struct peer *peer)
{
	listener_close(&peer->listener);
}

void peer_forget_counts(struct peer *peer)
{
	memset(peer->datagrams, 0, sizeof(peer->datagrams));
}

uint64_t peer_received_bytes(const struct peer *peer)
{
	return peer->received;
}
