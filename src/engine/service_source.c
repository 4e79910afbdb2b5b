/* The service source: sends zeros as fast as they are read, until the peer's end. */
#include <errno.h>

#include "engine/service_connection.h"

static const struct service_state *source_readable(struct service_connection *connection)
{
	const struct service_state *next = connection->state;

	(void)service_skip(connection, &next);
	return next;
}

/* Zeros need no backlog: what found no room is as good as what comes next. */
static const struct service_state *source_writable(struct service_connection *connection)
{
	struct iovec zeros = { (void *)connection->owner->worker->zeros, WORKER_SCRATCH_BYTES };
	ssize_t sent = stream_send(&connection->stream, &zeros, 1);

	if (sent == -EAGAIN)
		return connection->state;
	if (sent < 0)
		return service_fail(connection, PHASE_SEND, (int)-sent);
	connection->owner->counters->writes++;
	connection->owner->counters->bytes_sent += (size_t)sent;
	if (sent == WORKER_SCRATCH_BYTES)
		service_go_on(connection);
	return connection->state;
}

static bool always(const struct service_connection *connection, uint64_t now_ns)
{
	(void)connection;
	(void)now_ns;
	return true;
}

const struct service_state service_source = {
	.name = "source",
	.readable = source_readable,
	.writable = source_writable,
	.is_at_rest = always,
	.leave = service_leave,
};
