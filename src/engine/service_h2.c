/* The services h2c and grpc, and http from a client's preface on: HTTP/2 on the routes of
 * http_route.h, or calls of gRPC. Also while there is no room for an answer more is read: it may be
 * cancelled, or another one asked for; proto/h2.h bounds what that can take. */
#include "engine/service_h2.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"

/* The worker's scratch is cut in two: what has come, and the answers. */
#define READ_BYTES   ((size_t)64 * 1024)
#define ANSWER_BYTES (WORKER_SCRATCH_BYTES - READ_BYTES)
/* A client that reads all gets so much until others have their turn. */
#define SENT_A_TURN ((size_t)1024 * 1024)

/* Limits: how long a whole frame may take, or the connection's first one; how long nothing may
 * move. */
#define FRAME_NS (10 * NS_PER_S)
#define IDLE_NS  (60 * NS_PER_S)

static struct loop *loop_of(const struct service_connection *connection)
{
	return connection->owner->worker->loop;
}

/* ---- sending */

static void count_answered(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);

	service_count_tell_answered(&connection->count, connection->owner->counters, http->unsent);
	http->unsent = 0;
}

/* As many frames as fit. How many bytes, or -errno. */
static ssize_t gather(struct service_h2 *http, uint8_t *out)
{
	const uint8_t *frame = NULL;
	size_t size = 0;
	ssize_t got = 1;

	while (got > 0 && ANSWER_BYTES - size >= H2_WRITE_MAX_BYTES) {
		got = h2_write(http->h2, &frame);
		if (got > 0) {
			memcpy(out + size, frame, (size_t)got);
			size += (size_t)got;
		}
	}
	return got < 0 ? got : (ssize_t)size;
}

/* All that is to be said, as far as there is room. 0 or -errno. */
static int flush(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);
	uint8_t *out = connection->owner->worker->scratch + READ_BYTES;

	http_answer_prepare(&connection->owner->http_common,
			    connection->owner->worker->plan->serve.name,
			    loop_now(loop_of(connection)));
	for (size_t sent = 0; backlog_is_empty(&connection->backlog);) {
		ssize_t size = gather(http, out);
		if (size <= 0)
			return (int)size;
		int rc = service_send(connection, out, (size_t)size);
		if (rc < 0)
			return rc;
		if (backlog_is_empty(&connection->backlog)) {
			connection->moved_ns = loop_now(loop_of(connection));
			count_answered(connection);
		}
		sent += (size_t)size;
		if (sent < SENT_A_TURN)
			continue;
		service_go_on(connection);
		return 0;
	}
	return 0;
}

/* ---- time */

/* When something falls due by itself; 0: nothing does. */
static uint64_t next_due(const struct service_h2 *http)
{
	uint64_t next_ns = 0;

	for (const struct list *node = http->requests.next; node != &http->requests;
	     node = node->next) {
		const struct service_h2_request *request =
			container_of(node, struct service_h2_request, node);
		uint64_t due_ns = request->due_ns > 0 ? request->due_ns : request->deadline_ns;
		if (due_ns > 0 && (next_ns == 0 || due_ns < next_ns))
			next_ns = due_ns;
	}
	return next_ns;
}

/* Until then a client waits for us. */
static uint64_t longest_delay(const struct service_h2 *http)
{
	uint64_t longest_ns = 0;

	for (const struct list *node = http->requests.next; node != &http->requests;
	     node = node->next) {
		const struct service_h2_request *request =
			container_of(node, struct service_h2_request, node);
		if (request->due_ns > longest_ns)
			longest_ns = request->due_ns;
	}
	return longest_ns;
}

static bool has_call(const struct service_h2 *http, enum service_h2_call call)
{
	const struct list *node = http->requests.next;

	while (node != &http->requests &&
	       container_of(node, struct service_h2_request, node)->call != call)
		node = node->next;
	return node != &http->requests;
}

static uint64_t limit_of(struct service_connection *connection, uint64_t now_ns)
{
	struct service_h2 *http = service_h2_of(connection);

	/* What is left of an answer goes out unseen. */
	if (!backlog_is_empty(&connection->backlog) &&
	    connection->count.answered_bytes != http->moved_bytes)
		connection->moved_ns = now_ns;
	http->moved_bytes = connection->count.answered_bytes;
	if (http->part_since_ns > 0)
		return http->part_since_ns + FRAME_NS;
	uint64_t delay_ns = longest_delay(http);
	return delay_ns > connection->moved_ns + IDLE_NS ? delay_ns + 1
							 : connection->moved_ns + IDLE_NS;
}

/* To the next moment that matters. */
static void set_timer(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);
	uint64_t limit_ns = limit_of(connection, loop_now(loop_of(connection)));
	uint64_t due_ns = next_due(http);

	loop_set_timer(loop_of(connection), &http->protocol.timer,
		       due_ns > 0 && due_ns < limit_ns ? due_ns : limit_ns);
}

static void act_due(struct service_h2 *http, uint64_t now_ns)
{
	struct list *next;

	for (struct list *node = http->requests.next; node != &http->requests; node = next) {
		next = node->next;
		service_h2_act_due(container_of(node, struct service_h2_request, node), now_ns);
	}
}

/* ---- going on */

/* The client did what it must not; it is told, and that is all. */
static const struct service_state *part_in_anger(struct service_connection *connection)
{
	struct worker *worker = connection->owner->worker;

	recorder_error_why(worker->recorders[PLAN_SERVED], PHASE_RECEIVE, OUTCOME_PROTOCOL, 0,
			   loop_now(worker->loop), h2_complaint(service_h2_of(connection)->h2));
	return service_leave(connection);
}

/* Nothing is left to be answered for one who has ended. */
static bool is_through(const struct service_connection *connection)
{
	const struct service_h2 *http = service_h2_of(connection);

	return connection->has_peer_ended && backlog_is_empty(&connection->backlog) &&
	       (list_is_empty(&http->requests) || has_call(http, SERVICE_H2_WATCH));
}

static const struct service_state *go_on(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);
	int rc = flush(connection);

	if (rc < 0)
		return service_fail(connection, PHASE_SEND, -rc);
	set_timer(connection);
	if (h2_complaint(http->h2) != NULL)
		return part_in_anger(connection);
	return is_through(connection) ? service_leave(connection) : connection->state;
}

static const struct service_state *read_bytes(struct service_connection *connection,
					      const uint8_t *data, size_t size)
{
	struct service_h2 *http = service_h2_of(connection);
	uint64_t now_ns = loop_now(loop_of(connection));

	http_answer_prepare(&connection->owner->http_common,
			    connection->owner->worker->plan->serve.name, now_ns);
	for (size_t used = 0; used < size;)
		used += h2_read(http->h2, data + used, size - used, now_ns);
	if (h2_is_between(http->h2))
		http->part_since_ns = 0;
	else if (http->part_since_ns == 0)
		http->part_since_ns = now_ns;
	http->is_pinged = false;
	return go_on(connection);
}

static const struct service_state *h2_readable(struct service_connection *connection)
{
	const struct service_state *next = connection->state;

	size_t size = service_receive_most(connection, READ_BYTES, &next);
	return size == 0 ? next : read_bytes(connection, connection->owner->worker->scratch, size);
}

/* ---- deadlines */

/* Whoever only watches is asked whether it is still there. */
static const struct service_state *give_up(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);

	if (!backlog_is_empty(&connection->backlog))
		return service_fail(connection, PHASE_SEND, ETIMEDOUT);
	if (http->part_since_ns > 0)
		return service_fail(connection, PHASE_RECEIVE, ETIMEDOUT);
	if (has_call(http, SERVICE_H2_WATCH) && !http->is_pinged) {
		http->is_pinged = true;
		connection->moved_ns = loop_now(loop_of(connection));
		h2_ping(http->h2);
		return go_on(connection);
	}
	if (!list_is_empty(&http->requests))
		return service_fail(connection, PHASE_RECEIVE, ETIMEDOUT);
	h2_end(http->h2);
	int rc = flush(connection);
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : service_leave(connection);
}

static void look_at_clock(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);
	const struct service_state *before = connection->state;
	uint64_t now_ns = loop_now(loop_of(connection));

	if (before == &service_flushing) {
		connection->state = service_fail(connection, PHASE_SEND, ETIMEDOUT);
		return;
	}
	http_answer_prepare(&connection->owner->http_common,
			    connection->owner->worker->plan->serve.name, now_ns);
	act_due(http, now_ns);
	connection->state = go_on(connection);
	if (connection->state == before && limit_of(connection, now_ns) <= now_ns)
		connection->state = give_up(connection);
}

static void release(struct service_protocol *protocol)
{
	h2_free(container_of(protocol, struct service_h2, protocol)->h2);
}

static const struct service_protocol_kind h2_kind = { .timeout = look_at_clock,
						      .release = release };

/* ---- the states */

/* 0 or -errno. */
static int begin(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);

	connection->count.is_told = true;
	list_init(&http->requests);
	http->part_since_ns = loop_now(loop_of(connection));
	return h2_new(H2_SERVER, &service_h2_handler, connection, &http->h2);
}

const struct service_state *service_h2_take_over(struct service_connection *connection,
						 const uint8_t *data, size_t size)
{
	service_protocol_drop(connection);
	if (service_protocol_new(connection, &h2_kind) == NULL || begin(connection) < 0)
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	connection->state = &service_h2c;
	return read_bytes(connection, data, size);
}

static const struct service_state *h2_writable(struct service_connection *connection)
{
	if (connection->protocol != NULL) {
		count_answered(connection);
		return go_on(connection);
	}
	if (service_protocol_new(connection, &h2_kind) == NULL || begin(connection) < 0)
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	service_h2_of(connection)->is_grpc = connection->state == &service_grpc;
	return go_on(connection);
}

/* New requests are answered until none has come for a while: who sent one did not know yet. */
static const struct service_state *h2_part(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);

	if (http->is_parting)
		return connection->state;
	http->is_parting = true;
	h2_announce_end(http->h2);
	for (struct list *node = http->requests.next; node != &http->requests; node = node->next)
		service_grpc_part(container_of(node, struct service_h2_request, node));
	return go_on(connection);
}

static bool h2_is_at_rest(const struct service_connection *connection, uint64_t now_ns)
{
	const struct service_h2 *http = service_h2_of(connection);

	return backlog_is_empty(&connection->backlog) && list_is_empty(&http->requests) &&
	       service_is_quiet(connection, now_ns);
}

/* Who has ended may still wait for an answer. */
static const struct service_state *h2_leave(struct service_connection *connection)
{
	struct service_h2 *http = service_h2_of(connection);

	if (connection->has_peer_ended)
		return is_through(connection) ? service_leave(connection) : connection->state;
	h2_end(http->h2);
	int rc = flush(connection);
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : service_leave(connection);
}

const struct service_state service_h2c = {
	.name = "h2c",
	.readable = h2_readable,
	.writable = h2_writable,
	.is_at_rest = h2_is_at_rest,
	.part = h2_part,
	.leave = h2_leave,
};

const struct service_state service_grpc = {
	.name = "grpc",
	.readable = h2_readable,
	.writable = h2_writable,
	.is_at_rest = h2_is_at_rest,
	.part = h2_part,
	.leave = h2_leave,
};
