#include "net/memory_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What flies between the ends: bytes, or only the fact that `arrive` stands for. */
struct parcel {
	struct flight flight;
	struct memory_end *to;
	void (*arrive)(struct memory_end *to);
	size_t size;
	size_t offset; /* of the first byte not received yet */
	uint8_t data[];
};

/* ---- references and events */

static void free_connection(struct deferred *deferred)
{
	free(container_of(deferred, struct memory_connection, ending));
}

void memory_connection_release(struct memory_connection *connection)
{
	if (--connection->references > 0)
		return;
	list_remove(&connection->node);
	list_remove(&connection->waiting);
	loop_defer(connection->loop, &connection->ending);
}

static void tell(struct memory_end *end, unsigned events)
{
	struct stream *stream = end->stream;

	if (stream == NULL)
		return;
	stream->is_connecting = false;
	stream->failure = end->failure;
	stream->has_ended = end->has_ended;
	if (end->failure != 0)
		events |= STREAM_FAILED;
	if ((events & STREAM_WRITABLE) != 0)
		stream->is_blocked = false;
	stream->ready(stream, events);
}

static void tell_deferred(struct deferred *deferred)
{
	struct memory_end *end = container_of(deferred, struct memory_end, telling);
	unsigned events = end->untold;

	end->untold = 0;
	tell(end, events);
	memory_connection_release(end->connection);
}

void memory_end_tell_later(struct memory_end *end, unsigned events)
{
	if (end->untold == 0) {
		end->connection->references++;
		loop_defer(end->connection->loop, &end->telling);
	}
	end->untold |= events;
}

/* ---- flights */

static void land_parcel(struct flight *flight);

static void drop_flight(struct flight *flight)
{
	struct parcel *parcel = container_of(flight, struct parcel, flight);
	struct memory_connection *connection = parcel->to->connection;

	free(parcel);
	memory_connection_release(connection);
}

static const struct flight_kind parcel_kind = { land_parcel, drop_flight, true };

/* With the bytes of `size` still to be filled in; NULL without memory. */
static struct parcel *new_parcel(struct memory_end *to, void (*arrive)(struct memory_end *to),
				 size_t size)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + size);

	if (parcel == NULL)
		return NULL;
	*parcel = (struct parcel){
		.flight.kind = &parcel_kind,
		.to = to,
		.arrive = arrive,
		.size = size,
	};
	list_init(&parcel->flight.node);
	to->connection->references++;
	return parcel;
}

static void launch(struct parcel *parcel)
{
	struct memory_end *to = parcel->to;
	struct memory_network *network = to->connection->network;
	if (network == NULL) {
		drop_flight(&parcel->flight);
		return;
	}
	uint64_t at_ns = loop_now(network->loop) + memory_network_draw_delay(network);

	if (memory_network_draws(network, network->options.loss))
		at_ns += MEMORY_RETRANSMIT_NS;
	if (at_ns < to->last_arrival_ns)
		at_ns = to->last_arrival_ns;
	to->last_arrival_ns = at_ns;
	memory_network_launch(network, &parcel->flight, at_ns);
}

/* A fact without bytes. Without memory it is lost as a packet may be. */
static void signal_to(struct memory_end *to, void (*arrive)(struct memory_end *to))
{
	struct parcel *parcel = new_parcel(to, arrive, 0);
	if (parcel != NULL)
		launch(parcel);
}

static void arrive_reset(struct memory_end *to)
{
	if (to->failure == 0)
		to->failure = to->is_connected ? ECONNRESET : ECONNREFUSED;
	tell(to, to->is_connected ? STREAM_READABLE : 0);
}

static void arrive_bytes(struct memory_end *to)
{
	if (to->is_closed)
		signal_to(to->peer, arrive_reset);
	else
		tell(to, STREAM_READABLE);
}

static void arrive_end(struct memory_end *to)
{
	to->has_ended = true;
	tell(to, STREAM_READABLE);
}

static void arrive_room(struct memory_end *to)
{
	if (to->stream != NULL && to->stream->is_blocked)
		tell(to, STREAM_WRITABLE);
}

static void arrive_accepted(struct memory_end *to)
{
	to->is_connected = true;
	tell(to, STREAM_CONNECTED);
}

struct memory_listener *memory_listener_find(const struct memory_network *network,
					     const struct endpoint *asked)
{
	for (struct list *node = network->listeners.next; node != &network->listeners;
	     node = node->next) {
		struct memory_listener *found = container_of(node, struct memory_listener, node);
		if (memory_network_reaches(&found->listener->local, asked))
			return found;
	}
	return NULL;
}

/* As a kernel does, the connection is up before it is accepted. */
static void arrive_request(struct memory_end *to)
{
	struct memory_connection *connection = to->connection;
	struct memory_listener *found = memory_listener_find(connection->network, &to->local);

	if (found == NULL) {
		signal_to(to->peer, arrive_reset);
		return;
	}
	to->is_connected = true;
	connection->references++; /* the server's, until its stream is closed */
	connection->listening = found->listener->local;
	list_append(&found->waiting, &connection->waiting);
	signal_to(to->peer, arrive_accepted);
	found->listener->arrived(found->listener);
}

static void land_parcel(struct flight *flight)
{
	struct parcel *parcel = container_of(flight, struct parcel, flight);
	struct memory_end *to = parcel->to;
	struct memory_connection *connection = to->connection;
	bool is_kept = parcel->size > 0 && !to->is_closed;

	connection->references++;
	if (is_kept)
		list_append(&to->arrived, &flight->node);
	parcel->arrive(to);
	if (!is_kept)
		drop_flight(flight);
	memory_connection_release(connection);
}

/* ---- what the streams use */

static void init_end(struct memory_end *end, struct memory_connection *connection,
		     struct memory_end *peer, const struct endpoint *local)
{
	end->connection = connection;
	end->peer = peer;
	end->local = *local;
	list_init(&end->arrived);
	deferred_init(&end->telling, tell_deferred);
}

struct memory_connection *memory_connection_new(struct memory_network *network,
						const struct endpoint *client,
						const struct endpoint *server)
{
	struct memory_connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return NULL;
	connection->loop = network->loop;
	connection->network = network;
	deferred_init(&connection->ending, free_connection);
	list_init(&connection->waiting);
	list_append(&network->connections, &connection->node);
	init_end(&connection->client, connection, &connection->server, client);
	init_end(&connection->server, connection, &connection->client, server);
	return connection;
}

void memory_end_send_request(struct memory_end *to)
{
	signal_to(to, arrive_request);
}

void memory_end_send_end(struct memory_end *to)
{
	signal_to(to, arrive_end);
}

void memory_end_send_reset(struct memory_end *to)
{
	signal_to(to, arrive_reset);
}

void memory_end_send_room(struct memory_end *to)
{
	signal_to(to, arrive_room);
}

static size_t smallest(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void gather(uint8_t *into, size_t size, const struct iovec *parts)
{
	for (size_t done = 0; done < size; parts++) {
		size_t taken = parts->iov_len < size - done ? parts->iov_len : size - done;
		memcpy(into + done, parts->iov_base, taken);
		done += taken;
	}
}

int memory_end_send_bytes(struct memory_end *to, const struct iovec *parts, size_t size)
{
	struct parcel *parcel = new_parcel(to, arrive_bytes, size);

	if (parcel == NULL)
		return -ENOMEM;
	gather(parcel->data, size, parts);
	to->used_bytes += size;
	launch(parcel);
	return 0;
}

size_t memory_end_take(struct memory_end *end, uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size && !list_is_empty(&end->arrived)) {
		struct parcel *first = container_of(end->arrived.next, struct parcel, flight.node);
		size_t taken = smallest(first->size - first->offset, size - done);
		if (data != NULL)
			memcpy(data + done, first->data + first->offset, taken);
		done += taken;
		first->offset += taken;
		if (first->offset < first->size)
			break;
		list_remove(&first->flight.node);
		first->flight.kind->drop(&first->flight);
	}
	end->used_bytes -= done;
	return done;
}
