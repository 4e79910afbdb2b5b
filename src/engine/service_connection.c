#include "engine/service_connection.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "engine/service_http.h"

/* A quiet line for this long, and what came last was a whole message. */
#define QUIET_NS (20 * NS_PER_MS)
/* How long the peer has to answer our end with its own. Closing earlier would turn its late bytes
 * into a reset that may overtake our end. */
#define FINISH_NS (200 * NS_PER_MS)
/* The same where nothing drains and the protocol tells its peer when to end: what is on its way may
 * be much. */
#define PARTING_NS (10 * NS_PER_S)
/* Up to this many chunks backlogs grow freely; beyond, a connection reads no more than fits in one,
 * so that those who don't read what they asked for can't take all memory, nor stop the others. */
#define BACKLOG_FREE_CHUNKS 4096
#define SKIP_BYTES          (1024 * 1024)
#define CONNECTIONS_AT_ONCE 64

/* ---- all of a worker */

static void read_on(struct deferred *deferred)
{
	struct service_connections *connections =
		container_of(deferred, struct service_connections, read_on);
	struct list now;

	list_init(&now);
	list_move_all(&now, &connections->unread);
	for (struct list *node; (node = list_take_first(&now)) != NULL;) {
		struct service_connection *connection =
			container_of(node, struct service_connection, unread);
		service_connection_ready(&connection->stream, STREAM_WRITABLE | STREAM_READABLE);
	}
}

static void bury(struct deferred *deferred)
{
	struct service_connections *connections =
		container_of(deferred, struct service_connections, bury);

	for (struct list *node; (node = list_take_first(&connections->closed)) != NULL;) {
		struct service_connection *connection =
			container_of(node, struct service_connection, node);
		slab_put(&connections->protocol_pool, connection->protocol);
		slab_put(&connections->slab, connection);
	}
}

void service_connections_init(struct service_connections *connections, struct worker *worker,
			      struct service_shared *shared)
{
	*connections = (struct service_connections){
		.worker = worker,
		.shared = shared,
		.counted = service_counted(shared, worker),
		.totals = &worker->service,
		.counters = &worker->recorders[PLAN_SERVED]->counters,
	};
	list_init(&connections->open);
	list_init(&connections->unread);
	list_init(&connections->closed);
	list_init(&connections->fresh.connections);
	list_init(&connections->resting.connections);
	timer_init(&connections->fresh.over, service_http_end_fresh);
	timer_init(&connections->resting.over, service_http_end_rests);
	deferred_init(&connections->read_on, read_on);
	deferred_init(&connections->bury, bury);
	slab_init(&connections->slab, sizeof(struct service_connection), CONNECTIONS_AT_ONCE);
	slab_init(&connections->protocol_pool, SERVICE_PROTOCOL_BYTES, CONNECTIONS_AT_ONCE);
	slab_init(&connections->request_pool, SERVICE_REQUEST_BYTES, CONNECTIONS_AT_ONCE);
	backlog_pool_init(&connections->backlog_pool);
}

void service_connections_deinit(struct service_connections *connections)
{
	assert(list_is_empty(&connections->open));
	list_remove(&connections->read_on.node);
	list_remove(&connections->bury.node);
	loop_clear_timer(connections->worker->loop, &connections->fresh.over);
	loop_clear_timer(connections->worker->loop, &connections->resting.over);
	slab_deinit(&connections->slab);
	slab_deinit(&connections->protocol_pool);
	slab_deinit(&connections->request_pool);
	slab_deinit(&connections->backlog_pool);
}

/* ---- the life of one */

struct service_connection *service_connection_new(struct service_connections *connections)
{
	struct service_connection *connection = slab_take(&connections->slab);

	if (connection == NULL)
		return NULL;
	connection->owner = connections;
	connection->state = &service_closed;
	list_init(&connection->node);
	list_init(&connection->unread);
	return connection;
}

void service_connection_free(struct service_connection *connection)
{
	slab_put(&connection->owner->slab, connection);
}

void service_connection_begin(struct service_connection *connection,
			      const struct service_state *state)
{
	struct service_connections *owner = connection->owner;

	connection->moved_ns = loop_now(owner->worker->loop);
	list_append(&owner->open, &connection->node);
	owner->totals->connections_now++;
	owner->counters->connects++;
	owner->counters->connections++;
	connection->state = state;
	connection->state = state->writable(connection);
}

static void record_end(struct service_connection *connection)
{
	struct service_connections *owner = connection->owner;
	struct stream_info info;

	service_count_ended(&connection->count, owner->counters);
	owner->totals->connections_now--;
	owner->counters->connections--;
	if (!owner->is_draining)
		owner->counters->disconnects++;
	if (stream_info(&connection->stream, &info) < 0 || !info.is_known)
		return;
	owner->counters->retransmitted_segments += info.retransmitted_segments;
	hist_add(recorder_hist(owner->worker->recorders[PLAN_SERVED], LATENCY_RTT), info.rtt_ns);
}

static void let_go(struct service_connection *connection)
{
	if (connection->protocol == NULL)
		return;
	loop_clear_timer(connection->owner->worker->loop, &connection->protocol->timer);
	connection->protocol->kind->release(connection->protocol);
}

/* How it is closed is the caller's. */
static const struct service_state *end(struct service_connection *connection,
				       void (*close)(struct stream *stream))
{
	struct service_connections *owner = connection->owner;

	record_end(connection);
	close(&connection->stream);
	let_go(connection);
	backlog_clear(&connection->backlog, &owner->backlog_pool);
	list_remove(&connection->unread);
	list_remove(&connection->node);
	list_append(&owner->closed, &connection->node);
	loop_defer(owner->worker->loop, &owner->bury);
	(void)atomic_fetch_sub_explicit(owner->counted, 1, memory_order_relaxed);
	if (owner->is_draining && list_is_empty(&owner->open))
		worker_check(owner->worker);
	return &service_closed;
}

static void count_sent(struct service_connection *connection, size_t size)
{
	struct counters *counters = connection->owner->counters;

	counters->writes += size > 0;
	counters->bytes_sent += size;
	service_count_answered(&connection->count, counters, size);
}

static const struct service_state *send_backlog(struct service_connection *connection)
{
	struct iovec parts[BACKLOG_PARTS_MAX];
	int count = backlog_parts(&connection->backlog, parts);
	ssize_t sent = stream_send(&connection->stream, parts, count);

	if (sent == -EAGAIN)
		return connection->state;
	if (sent < 0)
		return service_fail(connection, PHASE_SEND, (int)-sent);
	backlog_drain(&connection->backlog, &connection->owner->backlog_pool, (size_t)sent);
	count_sent(connection, (size_t)sent);
	return connection->state;
}

static const struct service_state *has_room(struct service_connection *connection)
{
	const struct service_state *state = connection->state;

	if (!backlog_is_empty(&connection->backlog))
		state = send_backlog(connection);
	return backlog_is_empty(&connection->backlog) ? state->writable(connection) : state;
}

void service_connection_ready(struct stream *stream, unsigned events)
{
	struct service_connection *connection =
		container_of(stream, struct service_connection, stream);

	if ((events & STREAM_WRITABLE) != 0) {
		connection->state = has_room(connection);
		events |= STREAM_READABLE; /* what came while there was none */
	}
	if ((events & STREAM_READABLE) != 0)
		connection->state = connection->state->readable(connection);
	if ((events & STREAM_FAILED) != 0 && connection->state != &service_closed)
		connection->state = service_fail(connection, PHASE_RECEIVE, stream_error(stream));
	if (connection->owner->is_draining)
		service_connection_drain(connection, loop_now(stream->loop));
}

void service_connection_drain(struct service_connection *connection, uint64_t now_ns)
{
	if (connection->state->part != NULL)
		connection->state = connection->state->part(connection);
	if (!connection->state->is_at_rest(connection, now_ns))
		return;
	connection->state = connection->state->readable(connection);
	if (connection->state->is_at_rest(connection, now_ns))
		connection->state = connection->state->leave(connection);
}

void service_connection_cut_off(struct service_connection *connection)
{
	struct service_connections *owner = connection->owner;

	if (connection->state == &service_finished) {
		connection->state = end(connection, stream_close);
		return;
	}
	owner->totals->cut_off++;
	connection->state = end(connection, stream_reset);
}

/* ---- for states */

static size_t room_of(const struct service_connections *connections)
{
	return connections->backlog_pool.taken < BACKLOG_FREE_CHUNKS ? WORKER_SCRATCH_BYTES
								     : BACKLOG_CHUNK_BYTES;
}

/* The state that follows when a receive brought no bytes. */
static const struct service_state *after_no_bytes(struct service_connection *connection,
						  ssize_t got)
{
	if (got == -EAGAIN)
		return connection->state;
	if (got < 0)
		return service_fail(connection, PHASE_RECEIVE, (int)-got);
	connection->has_peer_ended = true;
	return connection->state->leave(connection);
}

static void count_arrived(struct service_connection *connection, const uint8_t *data, size_t size)
{
	struct service_connections *owner = connection->owner;

	connection->moved_ns = loop_now(owner->worker->loop);
	owner->counters->reads++;
	owner->counters->bytes_received += size;
	service_count_arrived(&connection->count, owner->counters, data, size);
}

size_t service_receive_most(struct service_connection *connection, size_t most,
			    const struct service_state **ret_next)
{
	uint8_t *scratch = connection->owner->worker->scratch;
	size_t room = room_of(connection->owner);
	if (room > most)
		room = most;
	ssize_t got = stream_receive(&connection->stream, scratch, room);

	if (got <= 0) {
		*ret_next = after_no_bytes(connection, got);
		return 0;
	}
	count_arrived(connection, scratch, (size_t)got);
	if ((size_t)got == room)
		service_go_on(connection);
	return (size_t)got;
}

size_t service_receive(struct service_connection *connection, const struct service_state **ret_next)
{
	return service_receive_most(connection, WORKER_SCRATCH_BYTES, ret_next);
}

size_t service_skip(struct service_connection *connection, const struct service_state **ret_next)
{
	ssize_t got = stream_skip(&connection->stream, SKIP_BYTES);

	if (got <= 0) {
		*ret_next = after_no_bytes(connection, got);
		return 0;
	}
	connection->owner->counters->reads++;
	connection->owner->counters->bytes_received += (size_t)got;
	if ((size_t)got == SKIP_BYTES)
		service_go_on(connection);
	return (size_t)got;
}

static void on_protocol_timer(struct timer *timer)
{
	struct service_protocol *protocol = container_of(timer, struct service_protocol, timer);
	struct service_connection *connection = protocol->connection;

	if (connection->state == &service_finished)
		connection->state = end(connection, stream_close);
	else
		protocol->kind->timeout(connection);
}

struct service_protocol *service_protocol_new(struct service_connection *connection,
					      const struct service_protocol_kind *kind)
{
	struct service_protocol *protocol = slab_take(&connection->owner->protocol_pool);

	connection->protocol = protocol;
	if (protocol == NULL)
		return NULL;
	protocol->kind = kind;
	protocol->connection = connection;
	timer_init(&protocol->timer, on_protocol_timer);
	return protocol;
}

void service_protocol_drop(struct service_connection *connection)
{
	let_go(connection);
	slab_put(&connection->owner->protocol_pool, connection->protocol);
	connection->protocol = NULL;
}

void service_protocol_wait(struct service_connection *connection, uint64_t time_ns)
{
	struct loop *loop = connection->owner->worker->loop;

	loop_set_timer(loop, &connection->protocol->timer, loop_now(loop) + time_ns);
}

int service_send(struct service_connection *connection, const void *data, size_t size)
{
	struct service_connections *owner = connection->owner;
	struct iovec part = { (void *)data, size };
	ssize_t sent = stream_send(&connection->stream, &part, 1);

	if (sent < 0 && sent != -EAGAIN)
		return (int)sent;
	size_t done = sent > 0 ? (size_t)sent : 0;
	count_sent(connection, done);
	if (done == size)
		return 0;
	return backlog_fill(&connection->backlog, &owner->backlog_pool,
			    (const uint8_t *)data + done, size - done);
}

void service_go_on(struct service_connection *connection)
{
	struct service_connections *owner = connection->owner;

	list_remove(&connection->unread);
	list_append(&owner->unread, &connection->unread);
	loop_defer(owner->worker->loop, &owner->read_on);
}

bool service_is_quiet(const struct service_connection *connection, uint64_t now_ns)
{
	return now_ns >= connection->moved_ns + QUIET_NS;
}

const struct service_state *service_stay(struct service_connection *connection)
{
	return connection->state;
}

const struct service_state *service_leave(struct service_connection *connection)
{
	struct service_connections *owner = connection->owner;

	if (!backlog_is_empty(&connection->backlog))
		return &service_flushing;
	if (!connection->has_peer_ended) {
		int rc = stream_finish(&connection->stream);
		if (rc < 0)
			return service_fail(connection, PHASE_SEND, -rc);
	}
	owner->totals->drained += owner->is_draining;
	connection->moved_ns = loop_now(owner->worker->loop);
	if (connection->has_peer_ended)
		return end(connection, stream_close);
	if (connection->protocol != NULL)
		service_protocol_wait(connection, PARTING_NS);
	return &service_finished;
}

void service_record(const struct service_connection *connection, enum phase phase,
		    enum outcome outcome, int code)
{
	struct worker *worker = connection->owner->worker;

	recorder_error(worker->recorders[PLAN_SERVED], phase, outcome, code,
		       loop_now(worker->loop));
}

const struct service_state *service_fail(struct service_connection *connection, enum phase phase,
					 int code)
{
	service_record(connection, phase, outcome_from_errno(code), code);
	return end(connection, stream_close);
}

/* ---- the last states */

static bool never(const struct service_connection *connection, uint64_t now_ns)
{
	(void)connection;
	(void)now_ns;
	return false;
}

const struct service_state service_flushing = {
	.name = "flushing",
	.readable = service_stay,
	.writable = service_leave,
	.is_at_rest = never,
	.leave = service_stay,
};

static const struct service_state *ignore_late_bytes(struct service_connection *connection)
{
	const struct service_state *next = &service_finished;

	(void)service_skip(connection, &next);
	return next;
}

static bool has_waited_long(const struct service_connection *connection, uint64_t now_ns)
{
	return now_ns >= connection->moved_ns + FINISH_NS;
}

static const struct service_state *close_regularly(struct service_connection *connection)
{
	return end(connection, stream_close);
}

const struct service_state service_finished = {
	.name = "finished",
	.readable = ignore_late_bytes,
	.writable = service_stay,
	.is_at_rest = has_waited_long,
	.leave = close_regularly,
};

static const struct service_state *stay_closed(struct service_connection *connection)
{
	(void)connection;
	return &service_closed;
}

const struct service_state service_closed = {
	.name = "closed",
	.readable = stay_closed,
	.writable = stay_closed,
	.is_at_rest = never,
	.leave = stay_closed,
};
