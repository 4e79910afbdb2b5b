// Whatever a server says to a look: over HTTP/1.1 with where it redirects to, on a WebSocket before
// and behind its handshake, as an echo. The first byte chooses which, and how the rest is cut.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "probe/http_look.h"
#include "probe/stream_prober.h"
#include "proto/websocket_handshake.h"

enum { WEB, SOCKET, OPEN_SOCKET, ECHO, KINDS };

struct look {
	struct probe_target target;
	struct prober prober;
	struct stream_prober owner;
	struct probe probe;
	struct talk_request request;
	struct buffer out;
	struct talk *talk;
};

static void set_up(struct look *look, unsigned kind, bool is_kept)
{
	static const struct talk_kind *const kinds[KINDS] = { &talk_http1, &talk_ws, &talk_ws,
							      &talk_echo };
	static const char *const targets[KINDS] = { "http://web.test/a/b?c", "ws://web.test/",
						    "ws://web.test/", "traffic://web.test" };
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP };
	struct error error;

	*look = (struct look){ .target.follows = true,
			       .target.is_kept = is_kept,
			       .target.body_max_bytes = 100,
			       .target.text = "ok",
			       .prober.target = &look->target,
			       .owner.prober = &look->prober };
	assert(uri_parse(targets[kind], &defaults, &error, &look->target.uri) == 0);
	assert(needle_init_text(&look->owner.text, look->target.text) == 0);
	look->request = (struct talk_request){ .uri = &look->target.uri,
					       .authority = "web.test",
					       .method = "GET",
					       .text = &look->owner.text };
	buffer_init(&look->out, TALK_OUT_MAX);
	look->talk = calloc(1, kinds[kind]->size);
	assert(look->talk != NULL);
	look->talk->kind = kinds[kind];
	look->talk->prober = &look->prober;
	look->talk->request = &look->request;
	look->talk->out = &look->out;
	assert(look->talk->kind->open(look->talk) == 0);
	look->talk->result = &look->probe.result;
	look->talk->outcome = OUTCOME_DONE;
	look->talk->kind->ask(look->talk);
}

static void tear_down(struct look *look)
{
	look->talk->kind->close(look->talk);
	free(look->talk);
	buffer_deinit(&look->out);
	needle_deinit(&look->owner.text);
}

/* As a right server answers. */
static void open_socket(struct look *look)
{
	static const char field[] = "Sec-WebSocket-Key: ";
	char accept[WEBSOCKET_ACCEPT_BYTES];
	char answer[256];
	const char *key = strstr(buffer_text(&look->out), field);

	assert(key != NULL);
	websocket_write_accept(key + strlen(field), accept);
	int size = snprintf(answer, sizeof(answer),
			    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
			    "Sec-WebSocket-Accept: %.*s\r\n\r\n",
			    WEBSOCKET_ACCEPT_BYTES, accept);
	look->talk->kind->hear(look->talk, (const uint8_t *)answer, (size_t)size, 0);
	assert(look->talk->outcome == OUTCOME_DONE && look->talk->state == TALK_HEARING);
	buffer_clear(&look->out);
}

/* Where it leads to is a target like any other. */
static void follow(struct look *look)
{
	struct stream_call call = { .owner = &look->owner,
				    .probe = &look->probe,
				    .request = look->request };
	struct error error = { "" };

	if (!http_look_is_followed(&look->target, &look->probe.result))
		return;
	if (stream_redirect_take(&call, &error) == 0)
		assert(call.request.uri->service == SERVICE_HTTP && call.request.authority[0]);
	else
		assert(error.text[0] != '\0');
	free(call.detour);
}

static bool is_over(const struct talk *talk)
{
	return talk->state == TALK_ANSWERED || talk->outcome != OUTCOME_DONE;
}

static void hear(struct look *look, const uint8_t *data, size_t size)
{
	enum talk_state before = look->talk->state;
	uint8_t *copy = malloc(size + 1); /* so that the sanitizer sees what reads beyond */

	assert(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	look->talk->kind->hear(look->talk, copy, size, 0);
	free(copy);
	assert(look->talk->state >= before);
	assert(look->probe.result.body_bytes <= 128);
	assert(size > 0 || is_over(look->talk));
	buffer_clear(&look->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct look look;
	size_t piece;

	if (size == 0)
		return 0;
	unsigned kind = data[0] % KINDS;
	piece = data[0] / KINDS % 8 ? data[0] / KINDS % 8 : size;
	set_up(&look, kind, data[0] & 0x80);
	if (kind == OPEN_SOCKET)
		open_socket(&look);
	for (size_t at = 1; at < size && !is_over(look.talk); at += piece)
		hear(&look, data + at, size - at < piece ? size - at : piece);
	if (!is_over(look.talk))
		hear(&look, NULL, 0);
	if (look.talk->state == TALK_ANSWERED)
		follow(&look);
	tear_down(&look);
	return 0;
}
