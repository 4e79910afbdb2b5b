// Whatever arrives at the HTTP server, however it is cut, over the in-memory network: every answer
// is framed as HTTP, what forms hold is decoded within bounds, and nothing stays open for ever. The
// first byte chooses how the bytes are cut, and whether the client ends behind them.
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/form.h"
#include "fuzz.h"
#include "net/http_server.h"
#include "net/memory.h"
#include "proto/http1.h"

#define DAY_NS UINT64_C(86400000000000)

struct talk {
	struct loop *loop;
	struct stream stream;
	struct http1 http;
	uint64_t answers;
	bool has_ended;
};

static void answer_form(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	const char *accept = http_server_field(request, "Accept");
	char value[16];

	(void)context;
	if (form_find(request->query, "a", value, sizeof(value)) ||
	    form_find(request->body, "a", value, sizeof(value)))
		buffer_append_text(&response->body, value);
	assert(strlen(value) < sizeof(value));
	assert(strlen(request->body) <= request->body_size);
	buffer_append_repeated(&response->body, 'x', accept != NULL ? 2000 : 10);
}

static bool allow(void *context, const struct http_server_request *request,
		  struct http_server_response *response)
{
	(void)context;
	if (http_server_field(request, "Authorization") == NULL)
		return true;
	response->status = 401;
	return false;
}

/* Answers to HEAD have no body, which a reader has to know; here those end what is checked. */
static void hear(struct talk *talk, const uint8_t *data, size_t size)
{
	struct http1_event event = { .what = HTTP1_END };

	for (size_t used = 0; event.what != HTTP1_MORE;) {
		used += http1_read(&talk->http, data + used, size - used, &event);
		assert(event.what != HTTP1_WRONG);
		talk->answers += event.what == HTTP1_END;
	}
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct talk *talk = container_of(stream, struct talk, stream);
	uint8_t data[4096];
	ssize_t got = 1;

	(void)events;
	while (got > 0) {
		got = stream_receive(stream, data, sizeof(data));
		if (got > 0)
			hear(talk, data, (size_t)got);
	}
	talk->has_ended |= got != -EAGAIN;
}

static struct http_server *open_server(struct talk *talk, struct memory_network *network)
{
	static const struct http_server_route routes[] = {
		{ "GET", "/", answer_form },
		{ "POST", "/", answer_form },
	};
	struct http_server_options options = {
		.transport = &stream_memory,
		.listen.network = network,
		.routes = routes,
		.route_count = array_size(routes),
		.allow = allow,
		.compresses = true,
	};
	struct http_server *server = NULL;

	if (endpoint_parse("10.0.0.1", 80, &options.listen.local) < 0 ||
	    http_server_open(talk->loop, &options, &server) < 0)
		abort();
	return server;
}

static void say(struct talk *talk, const uint8_t *data, size_t size, size_t piece)
{
	for (size_t at = 0; at < size && !talk->has_ended; at += piece) {
		struct iovec part = { (void *)(data + at), size - at < piece ? size - at : piece };
		if (stream_send(&talk->stream, &part, 1) < 0)
			return;
		if (loop_run(talk->loop, loop_now(talk->loop) + 1) < 0)
			abort();
	}
}

static bool has_head_request(const uint8_t *data, size_t size)
{
	return memmem(data, size, "HEAD", 4) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk talk = { .loop = NULL };
	struct memory_network *network = NULL;

	if (size == 0 || has_head_request(data, size))
		return 0;
	if (loop_new(&(struct loop_options){ .is_simulated = true, .simulated_start_ns = DAY_NS },
		     &talk.loop) < 0 ||
	    memory_network_new(talk.loop, &(struct memory_options){ 0 }, &network) < 0)
		abort();
	struct http_server *server = open_server(&talk, network);
	struct stream_connect connect = { .remote = *http_server_local(server),
					  .network = network };
	http1_init(&talk.http, HTTP1_RESPONSES);
	if (stream_connect(&talk.stream, &stream_memory, talk.loop, &connect, on_ready) < 0)
		abort();
	if (loop_run(talk.loop, loop_now(talk.loop) + 1) < 0)
		abort();
	say(&talk, data + 1, size - 1, data[0] % 16 ? data[0] % 16 : size);
	if (data[0] & 0x80)
		(void)stream_finish(&talk.stream);
	/* Until every time limit is over. */
	if (loop_run(talk.loop, loop_now(talk.loop) + DAY_NS) < 0)
		abort();
	assert(talk.has_ended && http1_is_between(&talk.http));
	assert(talk.answers == http_server_requests(server));
	stream_close(&talk.stream);
	http1_deinit(&talk.http);
	http_server_close(server);
	memory_network_free(network);
	loop_free(talk.loop);
	return 0;
}
