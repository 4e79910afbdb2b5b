/* The services traffic and echo. */
#include <string.h>

#include "engine/service_connection.h"

/* Sends back what has arrived in the scratch. */
static const struct service_state *answer(struct service_connection *connection, size_t size)
{
	int rc = service_send(connection, connection->owner->worker->scratch, size);

	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : connection->state;
}

/* While an answer waits for room nothing more is read: the peer's own sending comes to a halt. */
static const struct service_state *echo_readable(struct service_connection *connection)
{
	const struct service_state *next = connection->state;

	if (!backlog_is_empty(&connection->backlog))
		return next;
	size_t size = service_receive(connection, &next);
	return size > 0 ? answer(connection, size) : next;
}

/* The name and its NUL lie over the first bytes of the connection, which may come in pieces. */
static void overlay_name(struct worker *worker, uint64_t at, size_t size)
{
	const char *name = worker->plan->serve.name;
	size_t name_size = strnlen(name, WIRE_NAME_BYTES - 1) + 1;

	if (at < name_size)
		memcpy(worker->scratch, name + at, size < name_size - at ? size : name_size - at);
}

static const struct service_state *traffic_readable(struct service_connection *connection)
{
	const struct service_state *next = connection->state;
	uint64_t at = connection->count.received_bytes;

	if (!backlog_is_empty(&connection->backlog))
		return next;
	size_t size = service_receive(connection, &next);
	if (size == 0)
		return next;
	if (at < WIRE_NAME_BYTES)
		overlay_name(connection->owner->worker, at, size);
	return answer(connection, size);
}

static bool is_between_messages(const struct service_connection *connection, uint64_t now_ns)
{
	if (!backlog_is_empty(&connection->backlog) || !list_is_empty(&connection->unread))
		return false;
	if (connection->count.message_bytes == 0)
		return service_is_quiet(connection, now_ns);
	return service_count_is_whole(&connection->count);
}

const struct service_state service_echo = {
	.name = "echo",
	.readable = echo_readable,
	.writable = service_stay,
	.is_at_rest = is_between_messages,
	.leave = service_leave,
};

const struct service_state service_traffic = {
	.name = "traffic",
	.readable = traffic_readable,
	.writable = service_stay,
	.is_at_rest = is_between_messages,
	.leave = service_leave,
};
