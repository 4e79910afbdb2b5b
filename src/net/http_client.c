#include "net/http_client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/outcome.h"
#include "net/resolver.h"
#include "proto/http1.h"

#define REQUEST_MAX   ((size_t)16 << 20)
#define RECEIVE_BYTES 16384
#define HOST_MAX      256

enum http_client_state { IDLE, RESOLVING, TALKING, DONE };

struct http_client {
	struct http_client_setup setup;
	char host[HOST_MAX];
	enum http_client_state state;
	struct resolver *resolver; /* NULL until a name is asked for */
	struct endpoint remotes[RESOLVER_ENDPOINTS_MAX];
	size_t remote_count;
	size_t next_remote;
	struct stream stream;
	bool is_connected;
	struct http1 http;
	struct buffer request;
	size_t sent;
	uint16_t status;
	struct buffer body;
	struct timer deadline;
	struct deferred telling;
	int code;
	struct error failure; /* its sentence */
};

/* ---- the end of a request ---- */

/* A regular close may go on sending what TLS still holds; what failed is not worth it. */
static void let_go(struct http_client *client, void (*end)(struct stream *stream))
{
	loop_clear_timer(client->setup.loop, &client->deadline);
	end(&client->stream);
	buffer_clear(&client->request);
}

static void finish(struct http_client *client, int code, const char *sentence)
{
	if (client->state == DONE)
		return;
	let_go(client, code < 0 ? stream_reset : stream_close);
	client->state = DONE;
	client->code = code;
	if (code < 0)
		(void)error_set(&client->failure, -code, "%s", sentence);
	loop_defer(client->setup.loop, &client->telling);
}

static void finish_errno(struct http_client *client, int code)
{
	const char *complaint = client->setup.tls ? tls_client_complaint(client->setup.tls) : NULL;
	bool is_tls = code == -EKEYREJECTED || code == -EKEYREVOKED || code == -EPROTO;
	finish(client, code,
	       is_tls && complaint ? complaint : outcome_sentence(outcome_from_errno(-code)));
}

/* At the end of a turn, where the owner may do what he likes. */
static void tell(struct deferred *deferred)
{
	struct http_client *client = container_of(deferred, struct http_client, telling);
	struct http_client_answer answer = {
		.code = client->code,
		.sentence = client->failure.text,
		.status = client->status,
		.body = buffer_text(&client->body),
		.size = client->body.size,
	};
	client->state = IDLE;
	client->setup.done(client->setup.context, &answer);
}

static void on_deadline(struct timer *timer)
{
	struct http_client *client = container_of(timer, struct http_client, deadline);
	/* The resolver has no other way to drop a question. */
	if (client->state == RESOLVING) {
		struct resolver *resolver = client->resolver;
		client->resolver = NULL;
		finish(client, -ETIMEDOUT, "no answer from DNS in time");
		resolver_free(resolver);
		return;
	}
	finish(client, -ETIMEDOUT, "no answer in time");
}

/* ---- talking ---- */

/* False: it is over. */
static bool send_request(struct http_client *client)
{
	while (client->sent < client->request.size) {
		struct iovec part = { client->request.data + client->sent,
				      client->request.size - client->sent };
		ssize_t sent = stream_send(&client->stream, &part, 1);
		if (sent == -EAGAIN)
			return true;
		if (sent < 0) {
			finish_errno(client, (int)sent);
			return false;
		}
		client->sent += (size_t)sent;
	}
	return true;
}

/* False: it is over. */
static bool take_event(struct http_client *client, const struct http1_event *event)
{
	switch (event->what) {
	case HTTP1_HEAD:
		client->status = client->http.status;
		return true;
	case HTTP1_BODY:
		buffer_append(&client->body, event->data, event->size);
		if (client->body.error) {
			finish(client, client->body.error, "its answer is too long");
			return false;
		}
		return true;
	case HTTP1_END:
		finish(client, 0, NULL);
		return false;
	case HTTP1_WRONG:
		finish(client, -EPROTO,
		       http1_verdict_sentence((enum http1_verdict)client->http.verdict));
		return false;
	default:
		return true;
	}
}

static bool take_bytes(struct http_client *client, const char *bytes, size_t size)
{
	struct http1_event event = { .what = HTTP1_FIELD };
	while (event.what != HTTP1_MORE) {
		size_t taken = http1_read(&client->http, bytes, size, &event);
		bytes += taken;
		size -= taken;
		if (!take_event(client, &event))
			return false;
	}
	return true;
}

static void take_end(struct http_client *client)
{
	struct http1_event event;
	http1_read_end(&client->http, &event);
	if (event.what == HTTP1_MORE)
		finish(client, -ECONNRESET, "closed without an answer");
	else
		(void)take_event(client, &event);
}

/* False: it is over. */
static bool receive_answer(struct http_client *client)
{
	char bytes[RECEIVE_BYTES];
	for (;;) {
		ssize_t got = stream_receive(&client->stream, bytes, sizeof(bytes));
		if (got == -EAGAIN)
			return true;
		if (got < 0)
			finish_errno(client, (int)got);
		else if (got == 0)
			take_end(client);
		if (got <= 0 || !take_bytes(client, bytes, (size_t)got))
			return false;
	}
}

static void connect_next(struct http_client *client, int failure);

static void on_ready(struct stream *stream, unsigned events)
{
	struct http_client *client = container_of(stream, struct http_client, stream);
	client->is_connected |= (events & STREAM_CONNECTED) != 0;
	if ((events & (STREAM_CONNECTED | STREAM_WRITABLE)) != 0 && !send_request(client))
		return;
	if ((events & STREAM_READABLE) != 0 && !receive_answer(client))
		return;
	if ((events & STREAM_FAILED) == 0)
		return;
	if (client->is_connected)
		finish_errno(client, -stream_error(stream));
	else
		connect_next(client, -stream_error(stream));
}

/* The address after the one that `failure` came from; behind the last, that is how it ends. */
static void connect_next(struct http_client *client, int failure)
{
	stream_close(&client->stream);
	while (client->next_remote < client->remote_count) {
		struct stream_connect connect = {
			.remote = client->remotes[client->next_remote++],
			.network = client->setup.network,
			.below = client->setup.below,
			.tls = client->setup.tls,
			.server_name = client->host,
		};
		failure = stream_connect(&client->stream, client->setup.transport,
					 client->setup.loop, &connect, on_ready);
		if (failure >= 0)
			return;
	}
	finish_errno(client, failure);
}

/* ---- asking ---- */

static void on_resolved(void *context, const struct resolver_answer *answer)
{
	struct http_client *client = context;
	if (client->state != RESOLVING)
		return;
	if (answer->code < 0) {
		finish(client, answer->code, answer->sentence);
		return;
	}
	client->remote_count = answer->count;
	client->next_remote = 0;
	memcpy(client->remotes, answer->endpoints, answer->count * sizeof(*client->remotes));
	client->state = TALKING;
	connect_next(client, -EHOSTUNREACH);
}

static void resolve(struct http_client *client)
{
	const struct http_client_setup *setup = &client->setup;
	struct resolver_options options = { .servers = setup->servers };
	struct endpoint numeric;
	client->state = RESOLVING;
	if (resolver_parse_numeric(client->host, setup->port, &numeric) == 0) {
		struct resolver_answer answer = { .endpoints = &numeric, .count = 1 };
		on_resolved(client, &answer);
		return;
	}
	int result = client->resolver ? 0 : resolver_new(setup->loop, &options, &client->resolver);
	if (result >= 0)
		result = resolver_resolve(client->resolver, client->host, setup->port, on_resolved,
					  client);
	if (result < 0)
		finish_errno(client, result);
}

int http_client_ask(struct http_client *client, const struct http1_request *request,
		    const void *body, size_t size, uint64_t deadline_ns)
{
	char length[HTTP1_LENGTH_TEXT_MAX];
	assert(client->state == IDLE);
	buffer_clear(&client->body);
	buffer_clear(&client->request);
	client->sent = 0;
	client->is_connected = false;
	client->status = 0;
	client->failure.text[0] = '\0';
	http1_deinit(&client->http);
	http1_init(&client->http, HTTP1_RESPONSES);
	client->http.is_head_asked = strcmp(request->method, "HEAD") == 0;
	http1_write_head(request, &client->request);
	buffer_append_text(&client->request, "Connection: close\r\n");
	buffer_append(&client->request, length, http1_format_length(size, length));
	buffer_append(&client->request, body, size);
	if (client->request.error)
		return client->request.error;
	loop_set_timer(client->setup.loop, &client->deadline, deadline_ns);
	resolve(client);
	return 0;
}

bool http_client_is_busy(const struct http_client *client)
{
	return client->state != IDLE;
}

/* ---- life ---- */

int http_client_new(const struct http_client_setup *setup, struct http_client **ret)
{
	struct http_client *client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	if (strlen(setup->host) >= sizeof(client->host)) {
		free(client);
		return -ENAMETOOLONG;
	}
	client->setup = *setup;
	memcpy(client->host, setup->host, strlen(setup->host) + 1);
	client->stream.watch.fd = -1;
	http1_init(&client->http, HTTP1_RESPONSES);
	buffer_init(&client->request, REQUEST_MAX);
	buffer_init(&client->body, setup->body_max);
	timer_init(&client->deadline, on_deadline);
	deferred_init(&client->telling, tell);
	*ret = client;
	return 0;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	client->state = DONE; /* nobody hears what the resolver says now */
	resolver_free(client->resolver);
	let_go(client, stream_reset);
	list_remove(&client->telling.node);
	http1_deinit(&client->http);
	buffer_deinit(&client->request);
	buffer_deinit(&client->body);
	free(client);
}
