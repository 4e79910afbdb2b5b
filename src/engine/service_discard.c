/* The service discard: reads, counts, and answers the end with the count as a decimal line. Who
 * sends in bulk is read in lumps. */
#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "engine/service_connection.h"

/* A sender on another cpu is held up by a receiver who wakes for every segment: with a low-water
 * mark one connection carried 68 Gbit/s instead of 61, at 0.2 cpus of the receiver instead of 0.8.
 * Less than 512 KiB gains half of it. */
#define LOW_WATER_BYTES ((size_t)1024 * 1024)
/* A receive of so much begins to look at the rate, and so much in a look is bulk (1.3 Gbit/s: the
 * mark is reached 16 times a look). What lies below the mark waits for the next look at most, so
 * that a sender who turns slow is counted all the same. */
#define LOOK_BYTES ((size_t)64 * 1024)
#define LOOK_NS    (100 * NS_PER_MS)
#define BULK_BYTES (16 * LOW_WATER_BYTES)

struct bulk {
	struct service_protocol protocol;
	uint64_t looked_bytes; /* received when it looked last */
	bool is_looking;
	bool has_mark;
};
static_assert(sizeof(struct bulk) <= SERVICE_PROTOCOL_BYTES, "memory of a connection");

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

static const struct service_state *discard_readable(struct service_connection *connection);

static struct bulk *bulk_of(const struct service_connection *connection)
{
	return container_of(connection->protocol, struct bulk, protocol);
}

static void set_mark(struct service_connection *connection, bool is_wanted)
{
	struct bulk *bulk = bulk_of(connection);

	if (bulk->has_mark != is_wanted)
		stream_set_low_water(&connection->stream, is_wanted ? LOW_WATER_BYTES : 1);
	bulk->has_mark = is_wanted;
}

static void look_on(struct service_connection *connection)
{
	struct bulk *bulk = bulk_of(connection);

	bulk->is_looking = true;
	bulk->looked_bytes = connection->count.received_bytes;
	service_protocol_wait(connection, LOOK_NS);
}

static void look(struct service_connection *connection)
{
	struct bulk *bulk = bulk_of(connection);
	uint64_t before = bulk->looked_bytes;

	bulk->is_looking = false;
	connection->state = discard_readable(connection);
	if (connection->state != &service_discard)
		return;
	bool is_bulk = connection->count.received_bytes - before >= BULK_BYTES;
	set_mark(connection, is_bulk);
	if (is_bulk)
		look_on(connection);
}

static void release(struct service_protocol *protocol)
{
	(void)protocol;
}

static const struct service_protocol_kind bulk_kind = { .timeout = look, .release = release };

/* Who said how large the buffer is, or from where on to wake, has said enough. */
static bool may_mark(const struct service_connection *connection)
{
	const struct socket_options *options = &connection->owner->worker->plan->socket_options;

	return options->receive_buffer_bytes == 0 && options->receive_low_water_bytes == 0;
}

static void begin_looking(struct service_connection *connection)
{
	if (connection->protocol == NULL && may_mark(connection))
		(void)service_protocol_new(connection, &bulk_kind); /* without it nothing is lost */
	if (connection->protocol != NULL && !bulk_of(connection)->is_looking)
		look_on(connection);
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
	if (size >= LOOK_BYTES)
		begin_looking(connection);
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
