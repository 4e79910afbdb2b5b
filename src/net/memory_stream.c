/* Streams of the memory network. A connection is one block with its two ends; it lives as long as
 * a stream, a flight or an untold event refers to it. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/memory_network.h"

struct memory_end {
	struct memory_connection *connection;
	struct memory_end *peer;
	struct stream *stream; /* NULL: not accepted yet, or closed */
	struct endpoint local;
	struct list arrived;      /* struct parcel with bytes that are not received yet */
	size_t used_bytes;        /* of the buffer towards this end: on the way or arrived */
	uint64_t last_arrival_ns; /* of what is on the way here: nothing overtakes it */
	struct deferred telling;
	unsigned untold; /* events for the end of this turn */
	int failure;
	bool is_connected;
	bool is_closed;
	bool is_finished;
	bool has_ended; /* the peer's end has arrived */
};

struct memory_connection {
	struct memory_network *network;
	struct list node;    /* network->connections */
	struct list waiting; /* memory_listener.waiting */
	struct endpoint listening;
	struct memory_end client;
	struct memory_end server;
	unsigned references;
};

struct memory_listener {
	struct list node; /* network->listeners */
	struct memory_network *network;
	struct listener *listener;
	struct list waiting;
};

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

static void release(struct memory_connection *connection)
{
	if (--connection->references > 0)
		return;
	list_remove(&connection->node);
	list_remove(&connection->waiting);
	free(connection);
}

static void drop_parcel(struct parcel *parcel)
{
	struct memory_connection *connection = parcel->to->connection;
	free(parcel);
	release(connection);
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
	release(end->connection);
}

static void tell_later(struct memory_end *end, unsigned events)
{
	if (end->untold == 0) {
		end->connection->references++;
		loop_defer(end->connection->network->loop, &end->telling);
	}
	end->untold |= events;
}

/* ---- flights */

static void land_parcel(struct flight *flight);

static void drop_flight(struct flight *flight)
{
	drop_parcel(container_of(flight, struct parcel, flight));
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

static struct memory_listener *find_listener(const struct memory_network *network,
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
	struct memory_listener *found = find_listener(connection->network, &to->local);

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

	if (parcel->size == 0 || to->is_closed) {
		parcel->arrive(to);
		drop_parcel(parcel);
		return;
	}
	/* Bytes wait at their end; their reference keeps it while it is being told. */
	connection->references++;
	list_append(&to->arrived, &parcel->flight.node);
	parcel->arrive(to);
	release(connection);
}

/* ---- connect, accept, end */

static void init_end(struct memory_end *end, struct memory_connection *connection,
		     struct memory_end *peer, const struct endpoint *local)
{
	end->connection = connection;
	end->peer = peer;
	end->local = *local;
	list_init(&end->arrived);
	deferred_init(&end->telling, tell_deferred);
}

static void attach(struct memory_end *end, struct stream *stream)
{
	end->stream = stream;
	stream->state = end;
}

static int memory_connect(struct stream *stream, const struct stream_connect *connect)
{
	struct memory_network *network = connect->network;
	struct memory_connection *connection = calloc(1, sizeof(*connection));
	struct endpoint local = connect->local;

	if (connection == NULL)
		return -ENOMEM;
	memory_network_name(network, connect->remote.family, &local);
	connection->network = network;
	connection->references = 1;
	list_init(&connection->waiting);
	list_append(&network->connections, &connection->node);
	init_end(&connection->client, connection, &connection->server, &local);
	init_end(&connection->server, connection, &connection->client, &connect->remote);
	attach(&connection->client, stream);
	signal_to(&connection->server, arrive_request);
	return 0;
}

static int memory_accept(struct listener *listener, struct stream *stream)
{
	struct memory_listener *state = listener->state;
	struct list *node = list_take_first(&state->waiting);
	if (node == NULL)
		return -EAGAIN;
	struct memory_end *end = &container_of(node, struct memory_connection, waiting)->server;
	attach(end, stream);
	if (!list_is_empty(&end->arrived) || end->has_ended || end->failure != 0)
		tell_later(end, STREAM_READABLE);
	return 0;
}

static void throw_away(struct list *arrived)
{
	for (struct list *node; (node = list_take_first(arrived)) != NULL;)
		drop_parcel(container_of(node, struct parcel, flight.node));
}

/* Bytes that nobody will receive make it a reset, as in a kernel. */
static void close_end(struct memory_end *end, bool is_reset)
{
	if (!list_is_empty(&end->arrived))
		is_reset = true;
	end->is_closed = true;
	end->stream = NULL;
	throw_away(&end->arrived);
	if (end->failure == 0 && is_reset)
		signal_to(end->peer, arrive_reset);
	else if (end->failure == 0 && !end->is_finished)
		signal_to(end->peer, arrive_end);
	release(end->connection);
}

static void detach(struct stream *stream, bool is_reset)
{
	struct memory_end *end = stream->state;

	stream->state = NULL;
	stream->is_connecting = false;
	close_end(end, is_reset);
}

static void memory_close(struct stream *stream)
{
	detach(stream, false);
}

static void memory_reset(struct stream *stream)
{
	detach(stream, true);
}

static int memory_finish(struct stream *stream)
{
	struct memory_end *end = stream->state;

	if (!end->is_connected)
		return -ENOTCONN;
	if (!end->is_finished && end->failure == 0)
		signal_to(end->peer, arrive_end);
	end->is_finished = true;
	return 0;
}

unsigned memory_network_reset_streams(struct memory_network *network,
				      const struct endpoint *listening)
{
	unsigned count = 0;

	for (struct list *node = network->connections.next; node != &network->connections;
	     node = node->next) {
		struct memory_connection *connection =
			container_of(node, struct memory_connection, node);
		struct memory_end *server = &connection->server;
		if (server->stream == NULL || server->failure != 0 ||
		    !endpoint_is_equal(&connection->listening, listening))
			continue;
		server->failure = ECONNRESET;
		tell_later(server, STREAM_READABLE);
		signal_to(&connection->client, arrive_reset);
		count++;
	}
	return count;
}

/* ---- bytes */

static size_t total_of(const struct iovec *parts, int count)
{
	size_t total = 0;
	for (int i = 0; i < count; i++)
		total += parts[i].iov_len;
	return total;
}

static void gather(uint8_t *into, size_t size, const struct iovec *parts)
{
	for (size_t done = 0; done < size; parts++) {
		size_t taken = parts->iov_len < size - done ? parts->iov_len : size - done;
		memcpy(into + done, parts->iov_base, taken);
		done += taken;
	}
}

static size_t smallest(size_t a, size_t b)
{
	return a < b ? a : b;
}

static ssize_t memory_send(struct stream *stream, const struct iovec *parts, int count)
{
	struct memory_end *end = stream->state;
	const struct memory_options *options = &end->connection->network->options;
	size_t asked = total_of(parts, count);
	size_t room = options->buffer_bytes - end->peer->used_bytes;
	size_t size = smallest(asked, end->is_connected ? room : 0);

	if (end->failure != 0 || end->is_finished)
		return end->failure != 0 ? -end->failure : -EPIPE;
	if (options->chunk_max_bytes > 0)
		size = smallest(size, options->chunk_max_bytes);
	stream->is_blocked = size < asked;
	if (size == 0)
		return asked == 0 ? 0 : -EAGAIN;
	struct parcel *parcel = new_parcel(end->peer, arrive_bytes, size);
	if (parcel == NULL)
		return -ENOMEM;
	gather(parcel->data, size, parts);
	end->peer->used_bytes += size;
	launch(parcel);
	if (stream->is_blocked && size < room)
		tell_later(end, STREAM_WRITABLE); /* cut short by chunk_max_bytes only */
	return (ssize_t)size;
}

/* Moves what has arrived into `data` (NULL: nowhere). */
static size_t take_arrived(struct memory_end *end, uint8_t *data, size_t size)
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
		drop_parcel(first);
	}
	end->used_bytes -= done;
	return done;
}

static ssize_t memory_receive(struct stream *stream, void *data, size_t size)
{
	struct memory_end *end = stream->state;
	size_t taken = take_arrived(end, data, size);

	if (taken == 0 && end->failure != 0)
		return -end->failure;
	if (taken == 0)
		return end->has_ended || size == 0 ? 0 : -EAGAIN;
	if (end->peer->stream != NULL && end->peer->stream->is_blocked)
		signal_to(end->peer, arrive_room);
	if (taken < size && end->has_ended)
		tell_later(end, STREAM_READABLE);
	return (ssize_t)taken;
}

static ssize_t memory_skip(struct stream *stream, size_t size)
{
	return memory_receive(stream, NULL, size);
}

/* ---- information and listeners */

static int memory_info(struct stream *stream, struct stream_info *ret)
{
	const struct memory_end *end = stream->state;

	ret->is_known = true;
	ret->rtt_ns = 2 * end->connection->network->options.delay_ns;
	ret->rtt_min_ns = ret->rtt_ns;
	return 0;
}

static int memory_endpoints(struct stream *stream, struct endpoint *local, struct endpoint *remote)
{
	const struct memory_end *end = stream->state;

	if (local != NULL)
		*local = end->local;
	if (remote != NULL)
		*remote = end->peer->local;
	return 0;
}

static int memory_listen(struct listener *listener, const struct listen_options *options)
{
	struct memory_network *network = options->network;
	struct endpoint local = options->local;

	if (local.family == 0)
		local.family = AF_INET6;
	memory_network_name(network, local.family, &local);
	if (!options->is_shared && find_listener(network, &local) != NULL)
		return -EADDRINUSE;
	struct memory_listener *state = calloc(1, sizeof(*state));
	if (state == NULL)
		return -ENOMEM;
	listener->local = local;
	listener->state = state;
	state->network = network;
	state->listener = listener;
	list_init(&state->waiting);
	list_append(&network->listeners, &state->node);
	return 0;
}

static void memory_stop_listening(struct listener *listener)
{
	struct memory_listener *state = listener->state;

	list_remove(&state->node);
	for (struct list *node; (node = list_take_first(&state->waiting)) != NULL;)
		close_end(&container_of(node, struct memory_connection, waiting)->server, true);
	free(state);
	listener->state = NULL;
}

const struct stream_transport stream_memory = {
	.name = "memory",
	.connect = memory_connect,
	.accept = memory_accept,
	.send = memory_send,
	.receive = memory_receive,
	.skip = memory_skip,
	.finish = memory_finish,
	.close = memory_close,
	.reset = memory_reset,
	.info = memory_info,
	.endpoints = memory_endpoints,
	.listen = memory_listen,
	.stop_listening = memory_stop_listening,
};
