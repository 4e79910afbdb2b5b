/* The service http: HTTP/1.1 with keep-alive and pipelining, on the routes of http_route.h. What
 * arrives together is answered in one send. Bodies are passed on or thrown away as they come, and
 * zeros need no memory, so that any size is served from a few KiB. While an answer waits for room
 * or for its time nothing more is read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "engine/http_route.h"
#include "engine/service_connection.h"
#include "proto/http1.h"

/* The worker's scratch is cut in two: what has come, at most what one chunk of a backlog keeps
 * while an answer waits, and the answers. */
#define READ_BYTES   BACKLOG_CHUNK_BYTES
#define ANSWER_BYTES (WORKER_SCRATCH_BYTES - READ_BYTES)
/* Room that any event finds: a head with a short text, or what was read as a chunk. */
#define EVENT_BYTES (READ_BYTES + HTTP_ANSWER_HEAD_MAX + 512)
/* Up to this many zeros go out with their head. */
#define ZEROS_AT_ONCE (64 * 1024)
static_assert(EVENT_BYTES + ZEROS_AT_ONCE <= ANSWER_BYTES, "an answer fits");

/* Limits: how long a whole head may take, from its first byte or the connection's beginning; how
 * long nothing may move; how large a body may be that nobody wants. */
#define HEAD_NS        (10 * NS_PER_S)
#define IDLE_NS        (60 * NS_PER_S)
#define BODY_BYTES_MAX ((uint64_t)1024 * 1024)

struct service_http {
	struct service_protocol protocol;
	struct timer clock;
	struct http1 http;
	struct backlog input; /* what came while an answer waited */
	struct http_route route;
	uint64_t body_bytes;    /* of the request under way */
	uint64_t zeros;         /* that are still to be sent */
	uint64_t due_ns;        /* of an answer that waits for its time; 0: none does */
	uint64_t head_since_ns; /* of a head that has come in part; 0: none has */
	uint64_t moved_bytes;   /* sent, when the clock was looked at last */
	uint32_t unsent;        /* answers that are complete but may not have left */
	bool is_asked;          /* the request under way is counted */
	bool is_head;           /* it is a HEAD */
	bool is_answering;      /* the head of the answer is written */
	bool is_old;
	bool is_last; /* the connection ends behind this answer */
	bool is_over; /* and it is complete: nothing is read any more */
};
static_assert(sizeof(struct service_http) <= SERVICE_PROTOCOL_BYTES, "memory of a connection");

/* The answers to what has come, until they are sent. */
struct output {
	uint8_t *bytes;
	size_t size;
};

static struct service_http *http_of(const struct service_connection *connection)
{
	return container_of(connection->protocol, struct service_http, protocol);
}

static struct loop *loop_of(const struct service_connection *connection)
{
	return connection->owner->worker->loop;
}

static bool is_waiting(const struct service_http *http)
{
	return http->zeros > 0 || http->due_ns > 0;
}

static void count_request(struct service_connection *connection)
{
	struct service_http *http = http_of(connection);

	if (!http->is_asked)
		service_count_tell_arrived(&connection->count, connection->owner->counters, 1);
	http->is_asked = true;
}

static void record(const struct service_connection *connection, enum outcome outcome)
{
	struct worker *worker = connection->owner->worker;

	recorder_error(worker->recorders[PLAN_SERVED], PHASE_RECEIVE, outcome, 0,
		       loop_now(worker->loop));
}

/* ---- answers */

static void prepare(struct service_connection *connection)
{
	struct service_connections *owner = connection->owner;

	http_answer_prepare(&owner->http_common, owner->worker->plan->serve.name,
			    loop_now(owner->worker->loop));
}

static void add(struct output *out, const void *data, size_t size)
{
	memcpy(out->bytes + out->size, data, size);
	out->size += size;
}

static enum http_answer_connection connection_of(const struct service_http *http)
{
	if (http->is_last)
		return HTTP_ANSWER_CLOSES;
	return http->is_old ? HTTP_ANSWER_KEEPS_OLD : HTTP_ANSWER_KEEPS;
}

static void add_head(struct service_connection *connection, struct http_answer answer,
		     struct output *out)
{
	struct service_http *http = http_of(connection);

	http->is_last |= connection->owner->is_draining;
	http->is_answering = true;
	answer.connection = connection_of(http);
	out->size +=
		http_answer_write(&connection->owner->http_common, &answer, out->bytes + out->size);
}

static void end_answer(struct service_http *http)
{
	http->is_asked = false;
	http->is_answering = false;
	http->is_over = http->is_last;
	http->unsent++;
}

static void add_text_answer(struct service_connection *connection, uint16_t status,
			    const char *text, struct output *out)
{
	struct service_http *http = http_of(connection);
	bool is_bare = status == 204 || status == 304;
	size_t size = strlen(text);

	add_head(connection,
		 (struct http_answer){
			 .status = status,
			 .body = is_bare ? HTTP_ANSWER_NONE : HTTP_ANSWER_LENGTH,
			 .length = size,
		 },
		 out);
	if (!is_bare && !http->is_head)
		add(out, text, size);
	end_answer(http);
}

static void add_name_answer(struct service_connection *connection, struct output *out)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "%.63s\n", connection->owner->worker->plan->serve.name);
	add_text_answer(connection, 200, text, out);
}

static void add_status_answer(struct service_connection *connection, uint16_t status,
			      struct output *out)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%u %s\n", status, http_answer_reason(status));
	add_text_answer(connection, status, text, out);
}

/* What is wrong about a request is its last answer: what follows it may be anything. */
static void refuse(struct service_connection *connection, uint16_t status, const char *sentence,
		   struct output *out)
{
	struct service_http *http = http_of(connection);
	char text[128];

	count_request(connection);
	http->is_last = true;
	if (sentence == NULL) {
		add_status_answer(connection, status, out);
	} else {
		(void)snprintf(text, sizeof(text), "the client %s\n", sentence);
		add_text_answer(connection, status, text, out);
	}
}

static void add_zeros(struct service_connection *connection, uint64_t count, struct output *out)
{
	struct service_http *http = http_of(connection);

	add_head(connection, (struct http_answer){ .status = 200, .length = count }, out);
	if (!http->is_head && count > ZEROS_AT_ONCE) {
		http->zeros = count;
		return;
	}
	if (!http->is_head) {
		memset(out->bytes + out->size, 0, count);
		out->size += count;
	}
	end_answer(http);
}

static void wait_until_due(struct service_connection *connection, uint64_t delay_ms)
{
	struct service_http *http = http_of(connection);

	http->due_ns = loop_now(loop_of(connection)) + delay_ms * NS_PER_MS;
	loop_set_timer(loop_of(connection), &http->clock, http->due_ns);
}

static void answer(struct service_connection *connection, struct output *out)
{
	struct service_http *http = http_of(connection);

	switch (http->route.kind) {
	case HTTP_ROUTE_NAME:
		add_name_answer(connection, out);
		break;
	case HTTP_ROUTE_BYTES:
		add_zeros(connection, http->route.value, out);
		break;
	case HTTP_ROUTE_DELAY:
		wait_until_due(connection, http->route.value);
		break;
	case HTTP_ROUTE_STATUS:
		add_status_answer(connection, (uint16_t)http->route.value, out);
		break;
	case HTTP_ROUTE_ECHO:
	case HTTP_ROUTE_WRONG:
		break;
	}
}

/* ---- the echo */

/* Framed as the request was. */
static void begin_echo(struct service_connection *connection, struct output *out)
{
	const struct http1 *request = &http_of(connection)->http;

	add_head(connection,
		 (struct http_answer){
			 .status = 200,
			 .body = request->is_chunked ? HTTP_ANSWER_CHUNKED : HTTP_ANSWER_LENGTH,
			 .length = request->has_length ? request->left : 0,
		 },
		 out);
}

static void add_echo(const struct service_http *http, const struct http1_event *body,
		     struct output *out)
{
	char line[24];

	if (http->is_head)
		return;
	if (http->http.is_chunked)
		add(out, line, (size_t)snprintf(line, sizeof(line), "%zx\r\n", body->size));
	add(out, body->data, body->size);
	if (http->http.is_chunked)
		add(out, "\r\n", 2);
}

/* ---- requests */

static void note_request(struct service_http *http, const struct http1_event *start)
{
	http->route = http_route_find(start->name, start->name_size, start->data, start->size);
	http->is_head = start->name_size == 4 && memcmp(start->name, "HEAD", 4) == 0;
	http->body_bytes = 0;
}

static void note_head(struct service_connection *connection, struct output *out)
{
	struct service_http *http = http_of(connection);
	const struct http1 *request = &http->http;

	count_request(connection);
	http->head_since_ns = 0;
	http->is_old = request->is_old;
	http->is_last = request->is_last;
	if (http->route.kind == HTTP_ROUTE_WRONG)
		refuse(connection, (uint16_t)http->route.value, NULL, out);
	else if (request->is_expecting_more)
		refuse(connection, 417, NULL, out);
	else if (http->route.kind != HTTP_ROUTE_ECHO && request->has_length &&
		 request->left > BODY_BYTES_MAX)
		refuse(connection, 413, NULL, out);
	if (http->is_over)
		return;
	if (request->wants_continue && !request->is_old)
		add(out, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	if (http->route.kind == HTTP_ROUTE_ECHO)
		begin_echo(connection, out);
}

static void note_body(struct service_connection *connection, const struct http1_event *body,
		      struct output *out)
{
	struct service_http *http = http_of(connection);

	http->body_bytes += body->size;
	if (http->route.kind == HTTP_ROUTE_ECHO)
		add_echo(http, body, out);
	else if (http->body_bytes > BODY_BYTES_MAX)
		refuse(connection, 413, NULL, out);
}

static void note_end(struct service_connection *connection, bool is_chunked, struct output *out)
{
	struct service_http *http = http_of(connection);

	if (http->route.kind != HTTP_ROUTE_ECHO) {
		answer(connection, out);
		return;
	}
	if (is_chunked && !http->is_head)
		add(out, "0\r\n\r\n", 5);
	end_answer(http);
}

/* In mid-answer there is no place to say so. */
static void note_wrong(struct service_connection *connection, struct output *out)
{
	struct service_http *http = http_of(connection);
	enum http1_verdict verdict = (enum http1_verdict)http->http.verdict;
	uint16_t status = http1_verdict_status(verdict);

	record(connection, OUTCOME_PROTOCOL);
	http->is_over = true;
	if (status > 0 && !http->is_answering)
		refuse(connection, status, http1_verdict_sentence(verdict), out);
}

static void note(struct service_connection *connection, const struct http1_event *event,
		 bool is_chunked, struct output *out)
{
	switch (event->what) {
	case HTTP1_START:
		note_request(http_of(connection), event);
		break;
	case HTTP1_HEAD:
		note_head(connection, out);
		break;
	case HTTP1_BODY:
		note_body(connection, event, out);
		break;
	case HTTP1_END:
		note_end(connection, is_chunked, out);
		break;
	case HTTP1_WRONG:
		note_wrong(connection, out);
		break;
	case HTTP1_MORE:
	case HTTP1_FIELD:
	case HTTP1_INTERIM:
		break;
	}
}

/* ---- sending */

/* The answers that are complete have left. */
static void count_answered(struct service_connection *connection)
{
	struct service_http *http = http_of(connection);

	service_count_tell_answered(&connection->count, connection->owner->counters, http->unsent);
	http->unsent = 0;
}

/* 0 or -errno; where there was no room the rest is in the backlog. */
static int flush(struct service_connection *connection, struct output *out)
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
	struct service_http *http = http_of(connection);
	size_t size = http->zeros < WORKER_SCRATCH_BYTES ? http->zeros : WORKER_SCRATCH_BYTES;
	struct iovec zeros = { (void *)connection->owner->worker->zeros, size };
	ssize_t sent = stream_send(&connection->stream, &zeros, 1);

	if (sent < 0)
		return sent == -EAGAIN ? 0 : (int)sent;
	connection->owner->counters->bytes_sent += (size_t)sent;
	service_count_answered(&connection->count, connection->owner->counters, (size_t)sent);
	http->zeros -= (size_t)sent;
	if (http->zeros == 0) {
		end_answer(http);
		count_answered(connection);
	} else if ((size_t)sent == size) {
		service_go_on(connection);
	}
	return 0;
}

/* ---- reading */

/* Answers what it can of these bytes; 0 or -errno. */
static int serve(struct service_connection *connection, const uint8_t *data, size_t size,
		 size_t *ret_used)
{
	struct service_http *http = http_of(connection);
	struct worker *worker = connection->owner->worker;
	struct output out = { .bytes = worker->scratch + READ_BYTES };
	struct http1_event event = { .what = HTTP1_START };

	*ret_used = 0;
	prepare(connection);
	while (event.what != HTTP1_MORE && !is_waiting(http) && !http->is_over) {
		bool is_chunked = http->http.is_chunked; /* the end forgets it */
		*ret_used += http1_read(&http->http, data + *ret_used, size - *ret_used, &event);
		note(connection, &event, is_chunked, &out);
		if (ANSWER_BYTES - out.size >= EVENT_BYTES + ZEROS_AT_ONCE)
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
	struct service_http *http = http_of(connection);
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
	struct service_http *http = http_of(connection);

	if (http->head_since_ns > 0 || is_waiting(http) || http1_is_in_body(&http->http) ||
	    http1_is_between(&http->http))
		return;
	http->head_since_ns = loop_now(loop_of(connection));
	loop_set_timer(loop_of(connection), &http->clock, http->head_since_ns + HEAD_NS);
}

static int answer_what_is_due(struct service_connection *connection)
{
	struct output out = { .bytes = connection->owner->worker->scratch + READ_BYTES };

	http_of(connection)->due_ns = 0;
	prepare(connection);
	add_name_answer(connection, &out);
	return flush(connection, &out);
}

/* Goes on as far as it can. */
static const struct service_state *go_on(struct service_connection *connection)
{
	struct service_http *http = http_of(connection);
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
		} else if (http->is_over) {
			return service_leave(connection);
		} else if (!backlog_is_empty(&http->input)) {
			rc = serve_kept(connection);
		} else if (connection->has_peer_ended) {
			return service_leave(connection);
		} else {
			watch_head(connection);
			return connection->state;
		}
	}
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : connection->state;
}

static const struct service_state *http_readable(struct service_connection *connection)
{
	struct service_http *http = http_of(connection);
	const struct service_state *next = connection->state;
	size_t used = 0;

	if (!backlog_is_empty(&connection->backlog) || !backlog_is_empty(&http->input) ||
	    is_waiting(http))
		return next;
	size_t size = service_receive_most(connection, READ_BYTES, &next);
	if (size == 0)
		return next;
	uint8_t *data = connection->owner->worker->scratch;
	int rc = serve(connection, data, size, &used);
	if (rc == 0 && used < size && !http->is_over)
		rc = backlog_fill(&http->input, &connection->owner->backlog_pool, data + used,
				  size - used);
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : go_on(connection);
}

/* ---- time */

static void release(struct service_protocol *protocol)
{
	struct service_http *http = container_of(protocol, struct service_http, protocol);
	struct service_connections *owner = protocol->connection->owner;

	loop_clear_timer(owner->worker->loop, &http->clock);
	backlog_clear(&http->input, &owner->backlog_pool);
	http1_deinit(&http->http);
}

/* Whether it waits for nothing but another request. */
static bool is_idle(const struct service_connection *connection)
{
	const struct service_http *http = http_of(connection);

	return http->head_since_ns == 0 && http1_is_between(&http->http);
}

static const struct service_state *give_up(struct service_connection *connection)
{
	struct service_http *http = http_of(connection);
	struct output out = { .bytes = connection->owner->worker->scratch + READ_BYTES };

	if (!backlog_is_empty(&connection->backlog) || http->zeros > 0)
		return service_fail(connection, PHASE_SEND, ETIMEDOUT);
	if (http->is_answering)
		return service_fail(connection, PHASE_RECEIVE, ETIMEDOUT);
	if (!is_idle(connection)) {
		record(connection, OUTCOME_TIMED_OUT);
		prepare(connection);
		refuse(connection, 408, NULL, &out);
	}
	int rc = flush(connection, &out);
	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : service_leave(connection);
}

static uint64_t deadline_of(struct service_connection *connection, uint64_t now_ns)
{
	struct service_http *http = http_of(connection);

	if (http->due_ns > now_ns)
		return http->due_ns;
	if (connection->count.answered_bytes != http->moved_bytes)
		connection->moved_ns = now_ns;
	http->moved_bytes = connection->count.answered_bytes;
	return http->head_since_ns > 0 ? http->head_since_ns + HEAD_NS
				       : connection->moved_ns + IDLE_NS;
}

static void look_at_clock(struct timer *timer)
{
	struct service_http *http = container_of(timer, struct service_http, clock);
	struct service_connection *connection = http->protocol.connection;
	uint64_t now_ns = loop_now(loop_of(connection));

	if (http->due_ns > 0 && http->due_ns <= now_ns)
		service_connection_ready(&connection->stream, STREAM_WRITABLE);
	if (connection->state != &service_closed && deadline_of(connection, now_ns) <= now_ns) {
		if (connection->state == &service_finished)
			service_connection_cut_off(connection);
		else
			connection->state = give_up(connection);
		http->head_since_ns = 0;
	}
	if (connection->state != &service_closed && !timer_is_set(timer))
		loop_set_timer(loop_of(connection), timer, deadline_of(connection, now_ns));
}

/* ---- the state */

static const struct service_state *http_writable(struct service_connection *connection)
{
	if (connection->protocol != NULL) {
		count_answered(connection);
		return go_on(connection);
	}
	if (service_protocol_new(connection, release) == NULL)
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	struct service_http *http = http_of(connection);
	connection->count.is_told = true;
	http1_init(&http->http, HTTP1_REQUESTS);
	http->head_since_ns = loop_now(loop_of(connection));
	timer_init(&http->clock, look_at_clock);
	loop_set_timer(loop_of(connection), &http->clock, http->head_since_ns + HEAD_NS);
	return connection->state;
}

static bool http_is_at_rest(const struct service_connection *connection, uint64_t now_ns)
{
	const struct service_http *http = http_of(connection);

	(void)now_ns;
	return backlog_is_empty(&connection->backlog) && backlog_is_empty(&http->input) &&
	       !is_waiting(http) && http1_is_between(&http->http);
}

/* Who has ended may still wait for an answer. */
static const struct service_state *http_leave(struct service_connection *connection)
{
	const struct service_http *http = http_of(connection);

	return is_waiting(http) || !backlog_is_empty(&http->input) ? connection->state
								   : service_leave(connection);
}

const struct service_state service_http = {
	.name = "http",
	.readable = http_readable,
	.writable = http_writable,
	.is_at_rest = http_is_at_rest,
	.leave = http_leave,
};
