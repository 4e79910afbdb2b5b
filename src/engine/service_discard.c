/* The service discard: reads, counts, and answers the end with the count as a decimal line. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/service_connection.h"

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
