/* The service http: HTTP/2 where the client begins with its preface, else HTTP/1.1 with keep-alive
 * and pipelining, on the routes of http_route.h. What arrives together is answered in one send.
 * Bodies are passed on or thrown away as they come, and zeros need no memory, so that any size is
 * served from a few KiB. While an answer waits for room or for its time nothing more is read. */
#include "engine/service_http.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "engine/service_h2.h"

/* The worker's scratch is cut in two: what has come, at most what one chunk of a backlog keeps
 * while an answer waits, and the answers. */
#define READ_BYTES   SERVICE_HTTP_READ_BYTES
#define ANSWER_BYTES (WORKER_SCRATCH_BYTES - READ_BYTES)
static_assert(SERVICE_HTTP_EVENT_BYTES <= ANSWER_BYTES, "an answer fits");

/* Limits: how long a whole head may take, from its first byte or the connection's beginning; how
 * long nothing may move. */
#define HEAD_NS (10 * NS_PER_S)
#define IDLE_NS (60 * NS_PER_S)

static struct loop *loop_of(const struct service_connection *connection)
{
	return connection->owner->worker->loop;
}

/* ---- sending */

/* The answers that are complete have left. */
static void count_answered(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);

	service_count_tell_answered(&connection->count, connection->owner->counters, http->unsent);
	http->unsent = 0;
	connection->moved_ns = loop_now(loop_of(connection));
}

/* 0 or -errno; where there was no room the rest is in the backlog. */
static int flush(struct service_connection *connection, struct http_output *out)
{
	int rc = out->size > 0 ? service_send(connection, out->bytes, out->size) : 0;

	out->size = 0;
	if (rc == 0 && backlog_is_empty(&connection->backlog))
		count_answered(connection);
	return rc;
}

/* 0, also where there is no more room, or -errno. */
static int send_zeros(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);
	size_t size = http->zeros < WORKER_SCRATCH_BYTES ? http->zeros : WORKER_SCRATCH_BYTES;
	struct iovec zeros = { (void *)connection->owner->worker->zeros, size };
	ssize_t sent = stream_send(&connection->stream, &zeros, 1);

	if (sent < 0)
		return sent == -EAGAIN ? 0 : (int)sent;
	connection->owner->counters->writes++;
	connection->owner->counters->bytes_sent += (size_t)sent;
	service_count_answered(&connection->count, connection->owner->counters, (size_t)sent);
	connection->moved_ns = loop_now(loop_of(connection));
	http->zeros -= (size_t)sent;
	if (http->zeros == 0) {
		service_http_end_answer(http);
		count_answered(connection);
	} else if ((size_t)sent == size) {
		service_go_on(connection);
	}
	return 0;
}

/* ---- between requests */

static const struct service_protocol_kind http_kind;
static const struct service_state http_asked;
static const struct service_state http_fresh;
static const struct service_state http_resting;

static bool http_is_at_rest(const struct service_connection *connection, uint64_t now_ns)
{
	const struct service_http *http = service_http_of(connection);

	(void)now_ns;
	return backlog_is_empty(&connection->backlog) && backlog_is_empty(&http->input) &&
	       !service_http_is_waiting(http) && http1_is_between(&http->http);
}

/* Gives the connection what a request needs. */
static bool wake(struct service_connection *connection)
{
	if (service_protocol_new(connection, &http_kind) == NULL)
		return false;
	http1_init(&service_http_of(connection)->http, HTTP1_REQUESTS);
	connection->state = &http_asked;
	return true;
}

static const struct service_state *await_first(struct service_connection *connection)
{
	struct service_waiting *fresh = &connection->owner->fresh;

	list_append(&fresh->connections, &connection->unread);
	if (!timer_is_set(&fresh->over))
		loop_set_timer(loop_of(connection), &fresh->over, connection->moved_ns + HEAD_NS);
	return &http_fresh;
}

static const struct service_state *await_next(struct service_connection *connection)
{
	struct service_waiting *resting = &connection->owner->resting;

	list_append(&resting->connections, &connection->unread);
	if (!timer_is_set(&resting->over))
		loop_set_timer(loop_of(connection), &resting->over, connection->moved_ns + IDLE_NS);
	return &http_resting;
}

/* Between requests nothing is kept but when the last one was answered. */
static const struct service_state *rest_if_idle(struct service_connection *connection)
{
	const struct service_http *http = service_http_of(connection);

	if (!http_is_at_rest(connection, 0) || http->is_over || http->head_since_ns > 0 ||
	    http->held_bytes > 0 || !list_is_empty(&connection->unread))
		return connection->state;
	service_protocol_drop(connection);
	return await_next(connection);
}

/* ---- reading */

/* Answers what it can of these bytes; 0 or -errno. */
static int serve(struct service_connection *connection, const uint8_t *data, size_t size,
		 size_t *ret_used)
{
	struct service_http *http = service_http_of(connection);
	struct worker *worker = connection->owner->worker;
	struct http_output out = { .bytes = worker->scratch + READ_BYTES };
	struct http1_event event = { .what = HTTP1_START };

	*ret_used = 0;
	service_http_prepare(connection);
	while (event.what != HTTP1_MORE && !service_http_is_waiting(http) && !http->is_over) {
		*ret_used += http1_read(&http->http, data + *ret_used, size - *ret_used, &event);
		service_http_note(connection, &event, &out);
		if (ANSWER_BYTES - out.size >= SERVICE_HTTP_EVENT_BYTES)
			continue;
		int rc = flush(connection, &out);
		if (rc < 0 || !backlog_is_empty(&connection->backlog))
			return rc;
	}
	return flush(connection, &out);
}

/* 0 or -errno. */
static int serve_kept(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);
	struct iovec parts[BACKLOG_PARTS_MAX];
	size_t used = 0;

	(void)backlog_parts(&http->input, parts);
	int rc = serve(connection, parts[0].iov_base, parts[0].iov_len, &used);
	backlog_drain(&http->input, &connection->owner->backlog_pool, used);
	return rc;
}

/* A head that is slow to come is given up; anything else has until nothing moved for long. */
static void watch_head(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);

	if (http->head_since_ns > 0 || service_http_is_waiting(http) ||
	    http1_is_in_body(&http->http) || http1_is_between(&http->http))
		return;
	http->head_since_ns = loop_now(loop_of(connection));
	service_protocol_wait(connection, HEAD_NS);
}

static int answer_what_is_due(struct service_connection *connection)
{
	struct http_output out = { .bytes = connection->owner->worker->scratch + READ_BYTES };

	service_http_add_due(connection, &out);
	return flush(connection, &out);
}

/* Nothing more is to be answered. */
static bool is_through(const struct service_connection *connection)
{
	const struct service_http *http = service_http_of(connection);

	return http->is_over || (connection->has_peer_ended && backlog_is_empty(&http->input));
}

/* ---- time */

static uint64_t deadline_of(struct service_connection *connection, uint64_t now_ns)
{
	struct service_http *http = service_http_of(connection);

	if (http->due_ns > now_ns)
		return http->due_ns;
	/* What is left of an answer goes out unseen. */
	if (!backlog_is_empty(&connection->backlog) &&
	    connection->count.answered_bytes != http->moved_bytes)
		connection->moved_ns = now_ns;
	http->moved_bytes = connection->count.answered_bytes;
	return http->head_since_ns > 0 ? http->head_since_ns + HEAD_NS
				       : connection->moved_ns + IDLE_NS;
}

/* Neither closed nor resting. */
static bool is_under_way(const struct service_connection *connection)
{
	return connection->state != &service_closed && connection->protocol != NULL;
}

static void set_deadline(struct service_connection *connection)
{
	struct loop *loop = loop_of(connection);

	if (is_under_way(connection) && !timer_is_set(&connection->protocol->timer))
		loop_set_timer(loop, &connection->protocol->timer,
			       deadline_of(connection, loop_now(loop)));
}

/* ---- going on */

static const struct service_state *go_as_far_as_it_can(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);
	int rc = 0;

	while (rc == 0 && backlog_is_empty(&connection->backlog)) {
		if (http->due_ns > loop_now(loop_of(connection)))
			return connection->state;
		if (http->due_ns > 0) {
			rc = answer_what_is_due(connection);
		} else if (http->zeros > 0) {
			rc = send_zeros(connection);
			if (rc == 0 && http->zeros > 0)
				return connection->state;
		} else if (is_through(connection)) {
			return service_leave(connection);
		} else if (!backlog_is_empty(&http->input)) {
			rc = serve_kept(connection);
		} else {
			watch_head(connection);
			return rest_if_idle(connection);
		}
	}
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : connection->state;
}

/* With what has been held back in front; false: it may yet become a preface, and is held. */
static bool look_at_preface(struct service_http *http, uint8_t *data, size_t *size)
{
	memmove(data + http->held_bytes, data, *size);
	memcpy(data, H2_PREFACE, http->held_bytes);
	*size += http->held_bytes;
	size_t common = *size < H2_PREFACE_BYTES ? *size : H2_PREFACE_BYTES;
	http->is_http1 = memcmp(data, H2_PREFACE, common) != 0;
	bool is_open = !http->is_http1 && common < H2_PREFACE_BYTES;
	http->held_bytes = is_open ? (uint8_t)common : 0;
	return !is_open;
}

static const struct service_state *go_on(struct service_connection *connection)
{
	connection->state = go_as_far_as_it_can(connection);
	set_deadline(connection);
	return connection->state;
}

/* While an answer waits nothing more is read. */
static bool is_busy(const struct service_connection *connection)
{
	const struct service_http *http = service_http_of(connection);

	return !backlog_is_empty(&connection->backlog) || !backlog_is_empty(&http->input) ||
	       service_http_is_waiting(http);
}

static const struct service_state *read_http1(struct service_connection *connection,
					      const uint8_t *data, size_t size)
{
	struct service_http *http = service_http_of(connection);
	size_t used = 0;

	int rc = serve(connection, data, size, &used);
	if (rc == 0 && used < size && !http->is_over)
		rc = backlog_fill(&http->input, &connection->owner->backlog_pool, data + used,
				  size - used);
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : go_on(connection);
}

static const struct service_state *http_readable(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);
	const struct service_state *next = connection->state;

	if (is_busy(connection))
		return next;
	size_t size = service_receive_most(connection, READ_BYTES - http->held_bytes, &next);
	if (size == 0)
		return next;
	uint8_t *data = connection->owner->worker->scratch;
	if (!http->is_http1 && !look_at_preface(http, data, &size))
		return next;
	return http->is_http1 ? read_http1(connection, data, size)
			      : service_h2_take_over(connection, data, size);
}

/* ---- deadlines */

static void release(struct service_protocol *protocol)
{
	struct service_http *http = container_of(protocol, struct service_http, protocol);
	struct service_connections *owner = protocol->connection->owner;

	backlog_clear(&http->input, &owner->backlog_pool);
	http1_deinit(&http->http);
}

/* Whether it waits for nothing but another request. */
static bool is_idle(const struct service_connection *connection)
{
	const struct service_http *http = service_http_of(connection);

	return http->head_since_ns == 0 && http1_is_between(&http->http);
}

static const struct service_state *give_up(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);
	struct http_output out = { .bytes = connection->owner->worker->scratch + READ_BYTES };

	if (!backlog_is_empty(&connection->backlog) || http->zeros > 0)
		return service_fail(connection, PHASE_SEND, ETIMEDOUT);
	if (http->is_answering)
		return service_fail(connection, PHASE_RECEIVE, ETIMEDOUT);
	if (!is_idle(connection)) {
		service_record(connection, PHASE_RECEIVE, OUTCOME_TIMED_OUT, 0);
		service_http_prepare(connection);
		service_http_refuse(connection, 408, NULL, &out);
	}
	int rc = flush(connection, &out);
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : service_leave(connection);
}

static void look_at_clock(struct service_connection *connection)
{
	const struct service_http *http = service_http_of(connection);
	uint64_t now_ns = loop_now(loop_of(connection));

	if (http->due_ns > 0 && http->due_ns <= now_ns)
		service_connection_ready(&connection->stream, STREAM_WRITABLE);
	if (is_under_way(connection) && deadline_of(connection, now_ns) <= now_ns) {
		connection->state = give_up(connection);
		service_http_of(connection)->head_since_ns = 0;
	}
	set_deadline(connection);
}

static const struct service_protocol_kind http_kind = { .timeout = look_at_clock,
							.release = release };

/* ---- the states */

static const struct service_state *http_writable(struct service_connection *connection)
{
	count_answered(connection);
	return go_on(connection);
}

/* Who has ended may still wait for an answer. */
static const struct service_state *http_leave(struct service_connection *connection)
{
	const struct service_http *http = service_http_of(connection);

	return service_http_is_waiting(http) || !backlog_is_empty(&http->input)
		       ? connection->state
		       : service_leave(connection);
}

static const struct service_state http_asked = {
	.name = "http",
	.readable = http_readable,
	.writable = http_writable,
	.is_at_rest = http_is_at_rest,
	.leave = http_leave,
};

static bool is_resting(const struct service_connection *connection, uint64_t now_ns)
{
	(void)connection;
	(void)now_ns;
	return true;
}

static const struct service_state *leave_wait(struct service_connection *connection)
{
	list_remove(&connection->unread);
	return service_leave(connection);
}

/* Bytes may have arrived. A whole head has to, within its time from the connection's beginning. */
static const struct service_state *fresh_readable(struct service_connection *connection)
{
	uint64_t since_ns = connection->moved_ns;

	list_remove(&connection->unread);
	if (!wake(connection))
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	service_http_of(connection)->head_since_ns = since_ns;
	connection->state = http_readable(connection);
	set_deadline(connection);
	return connection->state;
}

static const struct service_state *resting_readable(struct service_connection *connection)
{
	list_remove(&connection->unread);
	if (!wake(connection))
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	connection->state = http_readable(connection);
	set_deadline(connection);
	return connection->state;
}

/* A new connection. */
static const struct service_state *begin(struct service_connection *connection)
{
	connection->count.is_told = true;
	return await_first(connection);
}

const struct service_state service_http = {
	.name = "new",
	.readable = service_stay,
	.writable = begin,
	.is_at_rest = is_resting,
	.leave = service_leave,
};

static const struct service_state http_fresh = {
	.name = "fresh",
	.readable = fresh_readable,
	.writable = service_stay,
	.is_at_rest = is_resting,
	.leave = leave_wait,
};

static const struct service_state http_resting = {
	.name = "resting",
	.readable = resting_readable,
	.writable = service_stay,
	.is_at_rest = is_resting,
	.leave = leave_wait,
};

/* How it parts takes what a request takes. */
static const struct service_state *end_wait(struct service_connection *connection)
{
	bool is_fresh = connection->state == &http_fresh;

	list_remove(&connection->unread);
	if (!wake(connection))
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	if (is_fresh)
		service_http_of(connection)->head_since_ns = connection->moved_ns;
	return give_up(connection);
}

static void end_waits(struct service_waiting *waiting, struct loop *loop, uint64_t most_ns)
{
	while (!list_is_empty(&waiting->connections)) {
		struct service_connection *first =
			container_of(waiting->connections.next, struct service_connection, unread);
		uint64_t over_ns = first->moved_ns + most_ns;
		if (over_ns > loop_now(loop)) {
			loop_set_timer(loop, &waiting->over, over_ns);
			return;
		}
		first->state = end_wait(first);
	}
}

void service_http_end_fresh(struct timer *timer)
{
	struct service_connections *owner =
		container_of(timer, struct service_connections, fresh.over);
	end_waits(&owner->fresh, owner->worker->loop, HEAD_NS);
}

void service_http_end_rests(struct timer *timer)
{
	struct service_connections *owner =
		container_of(timer, struct service_connections, resting.over);
	end_waits(&owner->resting, owner->worker->loop, IDLE_NS);
}
