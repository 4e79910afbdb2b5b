/* Streams of the memory network. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "net/memory_connection.h"

/* ---- connect, accept, end */

static void attach(struct memory_end *end, struct stream *stream)
{
	end->stream = stream;
	stream->state = end;
}

static int memory_connect(struct stream *stream, const struct stream_connect *connect)
{
	struct memory_network *network = connect->network;
	struct endpoint local = connect->local;

	memory_network_name(network, connect->remote.family, &local);
	struct memory_connection *connection =
		memory_connection_new(network, &local, &connect->remote);
	if (connection == NULL)
		return -ENOMEM;
	connection->references = 1;
	attach(&connection->client, stream);
	memory_end_send_request(&connection->server);
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
		memory_end_tell_later(end, STREAM_READABLE);
	return 0;
}

/* Bytes that nobody will receive make it a reset, as in a kernel. */
static void close_end(struct memory_end *end, bool is_reset)
{
	if (!list_is_empty(&end->arrived))
		is_reset = true;
	end->is_closed = true;
	end->stream = NULL;
	memory_network_drop_all(&end->arrived);
	if (end->failure == 0 && is_reset)
		memory_end_send_reset(end->peer);
	else if (end->failure == 0 && !end->is_finished)
		memory_end_send_end(end->peer);
	memory_connection_release(end->connection);
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
		memory_end_send_end(end->peer);
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
		memory_end_tell_later(server, STREAM_READABLE);
		memory_end_send_reset(&connection->client);
		count++;
	}
	return count;
}

/* ---- bytes */

static size_t smallest(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t total_of(const struct iovec *parts, int count)
{
	size_t total = 0;
	for (int i = 0; i < count; i++)
		total += parts[i].iov_len;
	return total;
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
	int rc = memory_end_send_bytes(end->peer, parts, size);
	if (rc < 0)
		return rc;
	if (stream->is_blocked && size < room)
		memory_end_tell_later(end, STREAM_WRITABLE); /* cut short by chunk_max_bytes only */
	return (ssize_t)size;
}

static ssize_t memory_receive(struct stream *stream, void *data, size_t size)
{
	struct memory_end *end = stream->state;
	size_t taken = memory_end_take(end, data, size);

	if (taken == 0 && end->failure != 0)
		return -end->failure;
	if (taken == 0)
		return end->has_ended || size == 0 ? 0 : -EAGAIN;
	if (end->peer->stream != NULL && end->peer->stream->is_blocked)
		memory_end_send_room(end->peer);
	if (taken < size && end->has_ended)
		memory_end_tell_later(end, STREAM_READABLE);
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
	if (!options->is_shared && memory_listener_find(network, &local) != NULL)
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
