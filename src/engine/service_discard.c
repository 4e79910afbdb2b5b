/* The service discard: reads, counts, and answers the end with the count as a decimal line. What it
 * has got of each connection stands in the worker's table, for the service control to tell. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/service_connection.h"

/* Endpoints are asked for once: they cost two system calls. */
struct discard_session {
	struct service_protocol protocol;
	struct receiver_key key;
};
static_assert(sizeof(struct discard_session) <= SERVICE_PROTOCOL_BYTES, "goes with a connection");

/* NULL: out of memory, or the connection is gone before it could be asked. */
static const struct receiver_key *key_of(struct service_connection *connection)
{
	struct receiver_key key = { .transport = TRANSPORT_TCP };

	if (connection->protocol == NULL) {
		if (stream_endpoints(&connection->stream, &key.local, &key.remote) < 0 ||
		    service_protocol_new(connection, NULL) == NULL)
			return NULL;
		container_of(connection->protocol, struct discard_session, protocol)->key = key;
	}
	return &container_of(connection->protocol, struct discard_session, protocol)->key;
}

/* Of messages nothing is known: the bytes are thrown away unseen. */
static void note(struct service_connection *connection)
{
	struct receiver_table *received = connection->owner->received;
	const struct receiver_key *key = received != NULL ? key_of(connection) : NULL;

	if (key != NULL)
		receiver_table_stream(received, key, connection->count.received_bytes, 0,
				      connection->moved_ns);
}

static const struct service_state *discard_readable(struct service_connection *connection)
{
	struct service_connections *owner = connection->owner;
	const struct service_state *next = connection->state;
	size_t size = service_skip(connection, &next);

	if (size == 0)
		return next;
	connection->moved_ns = loop_now(owner->worker->loop);
	service_count_arrived(&connection->count, owner->counters, NULL, size);
	service_count_answered(&connection->count, owner->counters, size);
	note(connection);
	return next;
}

static const struct service_state *tell_count(struct service_connection *connection)
{
	char line[24];
	int size = snprintf(line, sizeof(line), "%" PRIu64 "\n", connection->count.received_bytes);
	int rc = service_send(connection, line, (size_t)size);

	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : service_leave(connection);
}

const struct service_state service_discard = {
	.name = "discard",
	.readable = discard_readable,
	.writable = service_stay,
	.is_at_rest = service_is_quiet,
	.leave = tell_count,
};
