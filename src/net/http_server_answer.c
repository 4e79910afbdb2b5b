/* From requests to answers: see http_server_connection.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/http_server_connection.h"
#include "proto/http1_response.h"
#include "sys/clock.h"

static const char plain[] = "text/plain; charset=utf-8";

void http_server_forget(struct http_server_connection *connection)
{
	buffer_deinit(&connection->request);
	buffer_deinit(&connection->body);
	buffer_deinit(&connection->answer_head);
	http_server_body_drop(&connection->answer_body);
	http_server_prepare(connection);
}

void http_server_prepare(struct http_server_connection *connection)
{
	/* A NUL takes the place of each separator, and the query's end is one more. */
	buffer_init(&connection->request, HTTP_SERVER_HEAD_BYTES_MAX + 16);
	buffer_init(&connection->body, HTTP_SERVER_BODY_BYTES_MAX);
	buffer_init(&connection->answer_head, HTTP_SERVER_ANSWER_HEAD_MAX);
	connection->fields_at = 0;
	connection->head_bytes = 0;
	connection->sent_bytes = 0;
	connection->has_begun = false;
	connection->has_head = false;
	connection->is_old = false;
	connection->is_last = false;
}

/* ---- the answer */

static void add_connection(const struct http_server_connection *connection, struct buffer *head)
{
	if (connection->is_last)
		buffer_append_text(head, "Connection: close\r\n");
	else if (connection->is_old)
		buffer_append_text(head, "Connection: keep-alive\r\n");
}

static void write_head(struct http_server_connection *connection,
		       const struct http_server_response *response, bool is_gzip)
{
	struct buffer *head = &connection->answer_head;
	char date[HTTP1_DATE_MAX];

	buffer_append_format(head,
			     "HTTP/1.1 %u %s\r\n"
			     "Server: conntest\r\n"
			     "Date: %s\r\n"
			     "Content-Type: %s\r\n"
			     "Content-Length: %zu\r\n"
			     "%s%s",
			     response->status, http1_reason(response->status),
			     http1_format_date(clock_wall().unix_ns, date), response->content_type,
			     connection->answer_body.sent->size,
			     is_gzip ? "Content-Encoding: gzip\r\n" : "",
			     response->fields ? response->fields : "");
	if (http_server_options(connection->server)->compresses)
		buffer_append_text(head, "Vary: Accept-Encoding\r\n");
	add_connection(connection, head);
	buffer_append_text(head, "\r\n");
}

static void begin_response(const struct http_server_connection *connection,
			   struct http_server_response *response, uint16_t status)
{
	size_t most = http_server_options(connection->server)->response_bytes_max;

	*response = (struct http_server_response){ .status = status, .content_type = plain };
	buffer_init(&response->body, most > 0 ? most : HTTP_SERVER_RESPONSE_BYTES_MAX);
}

/* Takes the body over. */
static void give(struct http_server_connection *connection, struct http_server_response *response,
		 bool wants_gzip)
{
	if (http_server_response_body(response)->error != 0) {
		buffer_deinit(&response->body);
		begin_response(connection, response, 500);
	}
	if (response->status >= 400 && http_server_response_body(response)->size == 0)
		buffer_append_format(&response->body, "%u %s\n", response->status,
				     http1_reason(response->status));
	bool is_gzip = http_server_body_take(&connection->answer_body, response, wants_gzip);
	write_head(connection, response, is_gzip);
	http_server_count_request(connection->server);
}

void http_server_refuse(struct http_server_connection *connection, uint16_t status,
			const char *text)
{
	struct http_server_response response;

	connection->is_last = true;
	begin_response(connection, &response, status);
	if (text != NULL)
		buffer_append_format(&response.body, "%s\n", text);
	give(connection, &response, false);
}

/* ---- the request */

static void keep_text(struct http_server_connection *connection, const char *text, size_t size)
{
	buffer_append(&connection->request, text, size);
	buffer_append(&connection->request, "", 1);
}

/* Absolute targets name this server too (RFC 9112 3.2.2). */
static void keep_target(struct http_server_connection *connection, const char *target, size_t size)
{
	const char *end = target + size;
	const char *path = target;

	if (size > 7 && strncasecmp(target, "http://", 7) == 0) {
		path = memchr(target + 7, '/', size - 7);
		if (path == NULL)
			path = end;
	}
	const char *query = memchr(path, '?', (size_t)(end - path));
	const char *path_end = query != NULL ? query : end;
	if (path == path_end)
		keep_text(connection, "/", 1);
	else
		keep_text(connection, path, (size_t)(path_end - path));
	query = query != NULL ? query + 1 : end;
	keep_text(connection, query, (size_t)(end - query));
}

static void keep_field(struct http_server_connection *connection, const struct http1_event *field)
{
	keep_text(connection, field->name, field->name_size);
	keep_text(connection, field->data, field->size);
}

static const char *after(const char *text)
{
	return text + strlen(text) + 1;
}

const char *http_server_field(const struct http_server_request *request, const char *name)
{
	for (const char *at = request->fields; at < request->fields_end; at = after(after(at)))
		if (strcasecmp(at, name) == 0)
			return after(at);
	return NULL;
}

static struct http_server_request request_of(const struct http_server_connection *connection)
{
	const char *method = connection->request.data;
	const char *path = after(method);

	return (struct http_server_request){
		.method = method,
		.path = path,
		.query = after(path),
		.fields = method + connection->fields_at,
		.fields_end = method + connection->request.size,
		.body = buffer_text(&connection->body),
		.body_size = connection->body.size,
		.remote = connection->remote,
	};
}

/* ---- routes */

/* The methods of a path, as 405 has to tell them (RFC 9110 15.5.6). */
static void write_allowed(const struct http_server_options *options, const char *path,
			  struct buffer *out)
{
	for (size_t i = 0; i < options->route_count; i++) {
		const struct http_server_route *route = &options->routes[i];
		if (strcmp(route->path, path) == 0)
			buffer_append_format(out, "%s%s%s",
					     out->size > 0 ? ", " : "Allow: ", route->method,
					     strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
	}
	if (out->size > 0)
		buffer_append_text(out, "\r\n");
}

static void give_unrouted(struct http_server_connection *connection, const char *path)
{
	struct http_server_response response;
	struct buffer allowed cleanup(buffer_deinit);

	buffer_init(&allowed, 256);
	write_allowed(http_server_options(connection->server), path, &allowed);
	begin_response(connection, &response, allowed.size > 0 ? 405 : 404);
	response.fields = buffer_text(&allowed);
	give(connection, &response, false);
}

static const struct http_server_route *find_route(const struct http_server_options *options,
						  const char *method, const char *path)
{
	for (size_t i = 0; i < options->route_count; i++)
		if (strcmp(options->routes[i].path, path) == 0 &&
		    strcmp(options->routes[i].method, method) == 0)
			return &options->routes[i];
	return NULL;
}

/* True: it is answered by a route, or by who says that it may not be. */
static bool handle(const struct http_server_options *options,
		   const struct http_server_request *request, bool is_head,
		   struct http_server_response *response)
{
	if (options->allow != NULL && !options->allow(options->context, request, response))
		return true;
	const struct http_server_route *route =
		find_route(options, is_head ? "GET" : request->method, request->path);
	if (route != NULL)
		route->handle(options->context, request, response);
	return route != NULL;
}

static void answer(struct http_server_connection *connection)
{
	const struct http_server_options *options = http_server_options(connection->server);
	const struct http_server_request request = request_of(connection);
	bool is_head = strcmp(request.method, "HEAD") == 0;
	struct http_server_response response;

	begin_response(connection, &response, 200);
	if (handle(options, &request, is_head, &response))
		give(connection, &response,
		     options->compresses && http_server_wants_gzip(http_server_field(
						    &request, "Accept-Encoding")));
	else
		give_unrouted(connection, request.path);
	if (is_head)
		http_server_body_drop(&connection->answer_body);
}

/* ---- events */

static bool refuse(struct http_server_connection *connection, uint16_t status, const char *text)
{
	http_server_refuse(connection, status, text);
	return true;
}

/* True: what comes behind the head is not wanted. */
static bool note_head(struct http_server_connection *connection)
{
	const struct http1 *http = &connection->http;

	connection->has_head = true;
	connection->is_old = http->is_old;
	connection->is_last = http->is_last;
	if (connection->request.error != 0)
		return refuse(connection, 500, NULL);
	if (connection->is_refused)
		return refuse(connection, 503, "too many connections; try again");
	/* A client then sends its body without asking first (RFC 9110 15.5.18). */
	if (http->is_expecting_more || http->wants_continue)
		return refuse(connection, 417, NULL);
	if (http->has_length && http->left > HTTP_SERVER_BODY_BYTES_MAX)
		return refuse(connection, 413, NULL);
	return false;
}

static bool note_wrong(struct http_server_connection *connection)
{
	enum http1_verdict verdict = (enum http1_verdict)connection->http.verdict;
	uint16_t status = http1_verdict_status(verdict);
	char text[160];

	if (status == 0)
		return false;
	(void)snprintf(text, sizeof(text), "the client %s", http1_verdict_sentence(verdict));
	return refuse(connection, status, text);
}

bool http_server_note(struct http_server_connection *connection, const struct http1_event *event)
{
	if (!connection->has_head && connection->head_bytes > HTTP_SERVER_HEAD_BYTES_MAX)
		return refuse(connection, 431, "the client sent more than 8 KiB of header fields");
	switch (event->what) {
	case HTTP1_START:
		keep_text(connection, event->name, event->name_size);
		keep_target(connection, event->data, event->size);
		connection->fields_at = connection->request.size;
		return false;
	case HTTP1_FIELD:
		keep_field(connection, event);
		return false;
	case HTTP1_HEAD:
		return note_head(connection);
	case HTTP1_BODY:
		buffer_append(&connection->body, event->data, event->size);
		return connection->body.error != 0 && refuse(connection, 413, NULL);
	case HTTP1_END:
		answer(connection);
		return true;
	case HTTP1_WRONG:
		return note_wrong(connection);
	case HTTP1_MORE:
	case HTTP1_INTERIM:
		return false;
	}
	return false;
}
