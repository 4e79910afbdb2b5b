/* How requests over HTTP/2 turn into answers: see service_h2.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/service_h2.h"
#include "proto/http1_line.h"

/* What is to be echoed is no more than the client's window, behind as much that has gone. */
#define BODY_MAX ((size_t)2 * H2_SERVER_STREAM_BYTES)

struct service_h2 *service_h2_of(const struct service_connection *connection)
{
	return container_of(connection->protocol, struct service_h2, protocol);
}

static struct h2 *h2_of(const struct service_h2_request *request)
{
	return service_h2_of(request->connection)->h2;
}

/* ---- heads of answers */

#define COMMON_FIELDS 5
#define MORE_FIELDS   3

static size_t add_field(struct h2_field *fields, size_t at, const char *name, const char *value)
{
	fields[at] = (struct h2_field){ name, value, strlen(name), strlen(value) };
	return at + 1;
}

void service_h2_head(struct service_h2_request *request, uint16_t status,
		     const struct h2_field *more, size_t more_count)
{
	const struct service_connections *owner = request->connection->owner;
	struct h2_field fields[COMMON_FIELDS + MORE_FIELDS];
	char status_text[8];
	size_t count = 0;

	(void)snprintf(status_text, sizeof(status_text), "%u", status);
	count = add_field(fields, count, ":status", status_text);
	count = add_field(fields, count, "server", "conntest");
	count = add_field(fields, count, "x-backend", owner->worker->plan->serve.name);
	count = add_field(fields, count, "date", owner->http_common.date);
	if (status == 405)
		count = add_field(fields, count, "allow", "GET, HEAD, POST");
	assert(more_count <= MORE_FIELDS);
	for (size_t i = 0; i < more_count; i++)
		fields[count++] = more[i];
	bool has_body = !request->is_complete || request->zeros > 0 || request->body.size > 0;
	request->has_answered = true;
	if (h2_answer(h2_of(request), request->id, fields, count, has_body) < 0)
		h2_reset(h2_of(request), request->id, H2_CANCEL);
}

void service_h2_go_on(struct service_h2_request *request)
{
	h2_resume(h2_of(request), request->id);
}

void service_h2_keep(struct service_h2_request *request, const void *data, size_t size)
{
	buffer_append(&request->body, data, size);
	if (request->body.error < 0)
		h2_reset(h2_of(request), request->id, H2_CANCEL);
	else
		service_h2_go_on(request);
}

static bool is_head(const struct service_h2_request *request)
{
	return strcmp(request->method, "HEAD") == 0;
}

static void answer_with(struct service_h2_request *request, const struct http_reply *reply)
{
	char length[24];
	struct h2_field field = { "content-length", length, 14, 0 };

	field.value_size = (size_t)snprintf(length, sizeof(length), "%" PRIu64, reply->size);
	request->is_complete = true;
	if (!is_head(request) && reply->text[0] != '\0')
		buffer_append_text(&request->body, reply->text);
	else if (!is_head(request))
		request->zeros = reply->size;
	service_h2_head(request, reply->status, &field, !reply->is_bare);
}

void service_h2_refuse(struct service_h2_request *request, uint16_t status)
{
	struct http_reply reply;

	http_reply_say(status, NULL, &reply);
	answer_with(request, &reply);
}

/* ---- routes */

static const char *name_of(const struct service_h2_request *request)
{
	return request->connection->owner->worker->plan->serve.name;
}

static void begin_echo(struct service_h2_request *request)
{
	char length[24];
	struct h2_field field = { "content-length", length, 14, 0 };

	field.value_size = (size_t)snprintf(length, sizeof(length), "%" PRIu64, request->length);
	request->is_complete = is_head(request);
	request->is_echoing = !is_head(request);
	service_h2_head(request, 200, &field, request->has_length);
}

static void route_head(struct service_h2_request *request)
{
	request->route = http_route_find(request->method, strlen(request->method), request->path,
					 strlen(request->path));
	uint16_t refusal =
		http_reply_refusal(&request->route, request->is_expecting_more, request->length);
	if (refusal > 0) {
		service_h2_refuse(request, refusal);
		return;
	}
	if (request->wants_continue && !h2_has_ended(h2_of(request), request->id))
		(void)h2_continue(h2_of(request), request->id);
	if (request->route.kind == HTTP_ROUTE_ECHO)
		begin_echo(request);
}

static void route_body(struct service_h2_request *request, const uint8_t *data, size_t size)
{
	if (request->is_echoing) {
		service_h2_keep(request, data, size);
		return;
	}
	h2_consume(h2_of(request), request->id, size);
	if (request->body_bytes > HTTP_BODY_BYTES_MAX)
		service_h2_refuse(request, 413);
}

static void route_end(struct service_h2_request *request)
{
	struct http_reply reply;

	if (request->is_echoing) {
		request->is_complete = true;
		service_h2_go_on(request);
		return;
	}
	http_reply_make(&request->route, name_of(request), &reply);
	if (request->route.kind == HTTP_ROUTE_DELAY)
		request->due_ns =
			loop_now(request->connection->owner->worker->loop) + reply.delay_ns + 1;
	else
		answer_with(request, &reply);
}

void service_h2_act_due(struct service_h2_request *request, uint64_t now_ns)
{
	struct http_reply reply;

	if (request->due_ns > 0 && request->due_ns <= now_ns) {
		request->due_ns = 0;
		http_reply_make(&request->route, name_of(request), &reply);
		answer_with(request, &reply);
	}
	if (request->deadline_ns > 0 && request->deadline_ns <= now_ns) {
		request->deadline_ns = 0;
		service_grpc_late(request);
	}
}

/* ---- what is told of a request */

static void *begin(void *owner, int32_t id)
{
	struct service_connection *connection = owner;
	struct service_connections *all = connection->owner;
	struct service_h2_request *request = slab_take(&all->request_pool);

	if (request == NULL)
		return NULL;
	request->connection = connection;
	request->id = id;
	buffer_init(&request->body, BODY_MAX);
	list_init(&request->node);
	list_append(&service_h2_of(connection)->requests, &request->node);
	service_count_tell_arrived(&connection->count, all->counters, 1);
	return request;
}

static bool is_named(const struct h2_field *field, const char *name)
{
	return field->name_size == strlen(name) && memcmp(field->name, name, field->name_size) == 0;
}

/* As much of it as there is room for: what is longer means nothing here. */
static void keep(const struct h2_field *field, size_t size, char *out, size_t room)
{
	size_t length = size < room ? size : room - 1;

	memcpy(out, field->value, length);
	out[length] = '\0';
}

/* A query may be as long as it likes. */
static void keep_path(struct service_h2_request *request, const struct h2_field *field)
{
	const char *query = memchr(field->value, '?', field->value_size);

	keep(field, query != NULL ? (size_t)(query - field->value) : field->value_size,
	     request->path, sizeof(request->path));
}

/* nghttp2 has seen that it is a number, and holds the body to it. */
static void keep_length(struct service_h2_request *request, const struct h2_field *field)
{
	request->has_length = true;
	request->length = 0;
	for (size_t i = 0; i < field->value_size; i++)
		request->length = request->length * 10 + (uint64_t)(field->value[i] - '0');
}

static void note_field(void *owner, void *stream, const struct h2_field *field)
{
	struct service_h2_request *request = stream;

	(void)owner;
	if (is_named(field, ":method")) {
		keep(field, field->value_size, request->method, sizeof(request->method));
	} else if (is_named(field, ":path")) {
		keep_path(request, field);
	} else if (is_named(field, "content-length")) {
		keep_length(request, field);
	} else if (is_named(field, "expect")) {
		request->wants_continue =
			http1_is_word(field->value, field->value_size, "100-continue");
		request->is_expecting_more = !request->wants_continue;
	} else if (is_named(field, "content-type")) {
		request->is_grpc = field->value_size >= 16 &&
				   memcmp(field->value, "application/grpc", 16) == 0;
	} else if (is_named(field, "grpc-timeout")) {
		request->has_timeout =
			grpc_parse_timeout(field->value, field->value_size, &request->timeout_ns);
	}
}

static void note_head(void *owner, void *stream, enum h2_head head)
{
	struct service_h2_request *request = stream;

	(void)owner;
	if (head != H2_HEAD_FINAL)
		return;
	if (service_h2_of(request->connection)->is_grpc)
		service_grpc_head(request);
	else
		route_head(request);
}

/* Who is answered need not say the rest (RFC 9113 8.1). Most see that by themselves, and some lose
 * the answer when they are told. */
static void ignore(struct service_h2_request *request, size_t size)
{
	h2_consume(h2_of(request), request->id, size);
	if (request->body_bytes > 2 * HTTP_BODY_BYTES_MAX)
		h2_reset(h2_of(request), request->id, H2_NO_ERROR);
}

static void note_body(void *owner, void *stream, const uint8_t *data, size_t size)
{
	struct service_h2_request *request = stream;

	(void)owner;
	request->body_bytes += size;
	if (request->is_complete)
		ignore(request, size);
	else if (service_h2_of(request->connection)->is_grpc)
		service_grpc_body(request, data, size);
	else
		route_body(request, data, size);
}

static void note_end(void *owner, void *stream)
{
	struct service_h2_request *request = stream;

	(void)owner;
	if (request->is_complete)
		return;
	if (service_h2_of(request->connection)->is_grpc)
		service_grpc_end(request);
	else
		route_end(request);
}

static void note_closed(void *owner, void *stream, uint32_t code, const char *why)
{
	struct service_h2_request *request = stream;
	struct service_h2 *http = service_h2_of(owner);

	(void)why;
	if (code == H2_NO_ERROR && request->is_complete)
		http->unsent++;
	buffer_deinit(&request->body);
	list_remove(&request->node);
	slab_put(&request->connection->owner->request_pool, request);
}

/* ---- bodies of answers */

static size_t take_body(struct service_h2_request *request, uint8_t *data, size_t room)
{
	size_t left = request->body.size - request->body_sent;
	size_t size = left < room ? left : room;

	if (size == 0)
		return 0;
	memcpy(data, request->body.data + request->body_sent, size);
	request->body_sent += size;
	if (request->body_sent < H2_SERVER_STREAM_BYTES && size < left)
		return size;
	memmove(request->body.data, request->body.data + request->body_sent, left - size);
	buffer_cut(&request->body, left - size);
	request->body_sent = 0;
	return size;
}

static void fill(void *owner, void *stream, struct h2_fill *ret)
{
	struct service_h2_request *request = stream;
	size_t size = take_body(request, ret->data, ret->room);
	size_t zeros = ret->room - size < request->zeros ? ret->room - size : request->zeros;

	(void)owner;
	if (request->is_echoing && size > 0)
		h2_consume(h2_of(request), request->id, size);
	memset(ret->data + size, 0, zeros);
	request->zeros -= zeros;
	ret->size = size + zeros;
	ret->is_last = request->is_complete && request->zeros == 0 &&
		       request->body.size == request->body_sent;
	ret->has_trailers = ret->is_last && request->call != SERVICE_H2_ROUTE;
	if (ret->has_trailers)
		service_grpc_trailers(request);
}

const struct h2_handler service_h2_handler = {
	.begin = begin,
	.field = note_field,
	.head = note_head,
	.body = note_body,
	.end = note_end,
	.closed = note_closed,
	.fill = fill,
};
