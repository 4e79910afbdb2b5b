/* The service discard: reads, counts, and answers the end with the count as a decimal line. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/service_connection.h"

static bool open_record(struct service_connection *connection)
{
	struct receiver_key key = { .transport = TRANSPORT_TCP };

	if (stream_endpoints(&connection->stream, &key.local, &key.remote) < 0)
		return false;
	connection->place =
		receiver_table_open(connection->owner->receivers, &key, connection->moved_ns);
	return true;
}

/* For whoever asks the control service. */
static void tell_received(struct service_connection *connection)
{
	struct receiver_table *receivers = connection->owner->receivers;
	uint64_t bytes = connection->count.received_bytes;

	if (!receiver_table_stream(receivers, &connection->place, bytes, 0, connection->moved_ns) &&
	    open_record(connection))
		(void)receiver_table_stream(receivers, &connection->place, bytes, 0,
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
	tell_received(connection);
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
