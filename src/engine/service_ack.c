/* The service ack: the older conntest's line protocol (proto/ack.h), so that its clients find a
 * server here. */
#include <errno.h>
#include <string.h>

#include "engine/service_connection.h"
#include "proto/ack.h"

/* Even if all are lines without a byte, their answers fit into a chunk of the backlog. */
#define READ_BYTES (BACKLOG_CHUNK_BYTES / ACK_ANSWER_BYTES)
static_assert(READ_BYTES * ACK_ANSWER_BYTES <= WORKER_SCRATCH_BYTES, "answers lie in the scratch");

struct ack_session {
	struct service_protocol protocol;
	struct ack_reader reader;
};
static_assert(sizeof(struct ack_session) <= SERVICE_PROTOCOL_BYTES, "goes with a connection");

static struct ack_reader *reader_of(const struct service_connection *connection)
{
	return &container_of(connection->protocol, struct ack_session, protocol)->reader;
}

/* Over the bytes that were read, which are done with. */
static const struct service_state *answer(struct service_connection *connection, size_t lines)
{
	struct counters *counters = connection->owner->counters;
	static const uint8_t one[ACK_ANSWER_BYTES] = ACK_ANSWER;
	uint8_t *scratch = connection->owner->worker->scratch;

	if (lines == 0)
		return connection->state;
	for (size_t i = 0; i < lines; i++)
		memcpy(scratch + i * sizeof(one), one, sizeof(one));
	service_count_tell_arrived(&connection->count, counters, (uint32_t)lines);
	int rc = service_send(connection, scratch, lines * ACK_ANSWER_BYTES);
	if (rc < 0)
		return service_fail(connection, PHASE_SEND, -rc);
	service_count_tell_answered(&connection->count, counters, (uint32_t)lines);
	return connection->state;
}

static void ignore_timeout(struct service_connection *connection)
{
	(void)connection;
}

static void release(struct service_protocol *protocol)
{
	(void)protocol;
}

static const struct service_protocol_kind ack_kind = { .timeout = ignore_timeout,
						       .release = release };

static const struct service_state *ack_writable(struct service_connection *connection)
{
	if (connection->protocol == NULL && service_protocol_new(connection, &ack_kind) == NULL)
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	connection->count.is_told = true;
	return connection->state;
}

/* While answers wait for room nothing more is read. */
static const struct service_state *ack_readable(struct service_connection *connection)
{
	const struct service_state *next = connection->state;
	size_t lines = 0;

	if (!backlog_is_empty(&connection->backlog))
		return next;
	size_t size = service_receive_most(connection, READ_BYTES, &next);
	if (size == 0)
		return next;
	enum ack_verdict verdict =
		ack_read(reader_of(connection), connection->owner->worker->scratch, size, &lines);
	next = answer(connection, lines);
	if (verdict == ACK_GOES_ON || next == &service_closed)
		return next;
	if (verdict == ACK_IS_TOO_LONG)
		service_record(connection, PHASE_RECEIVE, OUTCOME_LIMITED, 0);
	return service_leave(connection);
}

static bool is_between_lines(const struct service_connection *connection, uint64_t now_ns)
{
	(void)now_ns;
	return backlog_is_empty(&connection->backlog) && list_is_empty(&connection->unread) &&
	       reader_of(connection)->length == 0;
}

const struct service_state service_ack = {
	.name = "ack",
	.readable = ack_readable,
	.writable = ack_writable,
	.is_at_rest = is_between_lines,
	.leave = service_leave,
};
