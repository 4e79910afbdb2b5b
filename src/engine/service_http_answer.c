/* How the requests of service http turn into answers: see service_http.h. */
#include <stdio.h>
#include <string.h>

#include "engine/http_reply.h"
#include "engine/service_http.h"

struct service_http *service_http_of(const struct service_connection *connection)
{
	return container_of(connection->protocol, struct service_http, protocol);
}

bool service_http_is_waiting(const struct service_http *http)
{
	return http->zeros > 0 || http->due_ns > 0;
}

static void count_request(struct service_connection *connection)
{
	struct service_http *http = service_http_of(connection);

	if (!http->is_asked)
		service_count_tell_arrived(&connection->count, connection->owner->counters, 1);
	http->is_asked = true;
}

/* ---- answers */

void service_http_prepare(struct service_connection *connection)
{
	struct service_connections *owner = connection->owner;

	http_answer_prepare(&owner->http_common, owner->worker->plan->serve.name,
			    loop_now(owner->worker->loop));
}

static void add(struct http_output *out, const void *data, size_t size)
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
		     struct http_output *out)
{
	struct service_http *http = service_http_of(connection);

	http->is_last |= connection->owner->is_draining;
	http->is_answering = true;
	answer.connection = connection_of(http);
	out->size +=
		http_answer_write(&connection->owner->http_common, &answer, out->bytes + out->size);
}

void service_http_end_answer(struct service_http *http)
{
	http->is_asked = false;
	http->is_answering = false;
	http->is_over = http->is_last;
	http->unsent++;
}

static void add_text(struct service_connection *connection, const struct http_reply *reply,
		     struct http_output *out)
{
	struct service_http *http = service_http_of(connection);

	add_head(connection,
		 (struct http_answer){
			 .status = reply->status,
			 .body = reply->is_bare ? HTTP_ANSWER_NONE : HTTP_ANSWER_LENGTH,
			 .length = reply->size,
		 },
		 out);
	if (!http->is_head)
		add(out, reply->text, reply->size);
	service_http_end_answer(http);
}

/* What is wrong about a request is its last answer: what follows it may be anything. */
void service_http_refuse(struct service_connection *connection, uint16_t status,
			 const char *sentence, struct http_output *out)
{
	struct service_http *http = service_http_of(connection);
	struct http_reply reply;

	count_request(connection);
	http->is_last = true;
	http_reply_say(status, sentence, &reply);
	add_text(connection, &reply, out);
}

static void add_zeros(struct service_connection *connection, uint64_t count,
		      struct http_output *out)
{
	struct service_http *http = service_http_of(connection);

	add_head(connection, (struct http_answer){ .status = 200, .length = count }, out);
	if (!http->is_head && count > SERVICE_HTTP_ZEROS) {
		http->zeros = count;
		return;
	}
	if (!http->is_head) {
		memset(out->bytes + out->size, 0, count);
		out->size += count;
	}
	service_http_end_answer(http);
}

static void add_reply(struct service_connection *connection, const struct http_reply *reply,
		      struct http_output *out)
{
	if (reply->text[0] == '\0' && !reply->is_bare)
		add_zeros(connection, reply->size, out);
	else
		add_text(connection, reply, out);
}

static struct http_reply reply_of(struct service_connection *connection)
{
	struct http_reply reply;

	http_reply_make(&service_http_of(connection)->route,
			connection->owner->worker->plan->serve.name, &reply);
	return reply;
}

static void answer(struct service_connection *connection, struct http_output *out)
{
	struct service_http *http = service_http_of(connection);
	struct http_reply reply = reply_of(connection);

	if (http->route.kind != HTTP_ROUTE_DELAY) {
		add_reply(connection, &reply, out);
		return;
	}
	http->due_ns = loop_now(connection->owner->worker->loop) + reply.delay_ns;
	service_protocol_wait(connection, reply.delay_ns);
}

/* ---- the echo */

/* Framed as the request was. */
static void begin_echo(struct service_connection *connection, struct http_output *out)
{
	const struct http1 *request = &service_http_of(connection)->http;

	add_head(connection,
		 (struct http_answer){
			 .status = 200,
			 .body = request->is_chunked ? HTTP_ANSWER_CHUNKED : HTTP_ANSWER_LENGTH,
			 .length = request->has_length ? request->left : 0,
		 },
		 out);
}

static void add_echo(const struct service_http *http, const struct http1_event *body,
		     struct http_output *out)
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

static void note_head(struct service_connection *connection, struct http_output *out)
{
	struct service_http *http = service_http_of(connection);
	const struct http1 *request = &http->http;

	count_request(connection);
	http->head_since_ns = 0;
	http->is_chunked = request->is_chunked; /* the parser forgets it with the end */
	http->is_old = request->is_old;
	http->is_last = request->is_last;
	uint16_t refusal = http_reply_refusal(&http->route, request->is_expecting_more,
					      request->has_length ? request->left : 0);
	if (refusal > 0)
		service_http_refuse(connection, refusal, NULL, out);
	if (http->is_over)
		return;
	if (request->wants_continue && !request->is_old)
		add(out, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	if (http->route.kind == HTTP_ROUTE_ECHO)
		begin_echo(connection, out);
}

static void note_body(struct service_connection *connection, const struct http1_event *body,
		      struct http_output *out)
{
	struct service_http *http = service_http_of(connection);

	http->body_bytes += body->size;
	if (http->route.kind == HTTP_ROUTE_ECHO)
		add_echo(http, body, out);
	else if (http->body_bytes > HTTP_BODY_BYTES_MAX)
		service_http_refuse(connection, 413, NULL, out);
}

static void note_end(struct service_connection *connection, struct http_output *out)
{
	struct service_http *http = service_http_of(connection);

	if (http->route.kind != HTTP_ROUTE_ECHO) {
		answer(connection, out);
		return;
	}
	if (http->is_chunked && !http->is_head)
		add(out, "0\r\n\r\n", 5);
	service_http_end_answer(http);
}

/* In mid-answer there is no place to say so. */
static void note_wrong(struct service_connection *connection, struct http_output *out)
{
	struct service_http *http = service_http_of(connection);
	enum http1_verdict verdict = (enum http1_verdict)http->http.verdict;
	uint16_t status = http1_verdict_status(verdict);

	service_record(connection, PHASE_RECEIVE, OUTCOME_PROTOCOL, 0);
	http->is_over = true;
	if (status > 0 && !http->is_answering)
		service_http_refuse(connection, status, http1_verdict_sentence(verdict), out);
}

void service_http_note(struct service_connection *connection, const struct http1_event *event,
		       struct http_output *out)
{
	switch (event->what) {
	case HTTP1_START:
		note_request(service_http_of(connection), event);
		break;
	case HTTP1_HEAD:
		note_head(connection, out);
		break;
	case HTTP1_BODY:
		note_body(connection, event, out);
		break;
	case HTTP1_END:
		note_end(connection, out);
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

void service_http_add_due(struct service_connection *connection, struct http_output *out)
{
	struct http_reply reply = reply_of(connection);

	service_http_of(connection)->due_ns = 0;
	service_http_prepare(connection);
	add_reply(connection, &reply, out);
}
