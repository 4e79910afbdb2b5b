// Whatever arrives as HTTP/1.1 is read within its bounds and told the same however it is cut. The
// first byte chooses what is read and how it is cut; the rest is what arrives.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/http1.h"

#define BODY_BYTE(hash, byte) (((hash) ^ (byte)) * UINT64_C(1099511628211))

struct told {
	struct http1 http;
	uint64_t hash; /* of all events; pieces of a body are one */
	uint64_t body_bytes;
	enum http1_what last;
};

static void mix(struct told *told, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		told->hash = BODY_BYTE(told->hash, (uint8_t)text[i]);
}

static void tell(struct told *told, const struct http1_event *event)
{
	const struct http1 *http = &told->http;

	if (event->what == HTTP1_HEAD)
		told->hash += http->status + 7u * http->is_last + 11u * http->wants_continue;
	if (event->what == HTTP1_WRONG)
		assert(http->verdict > HTTP1_FINE && http->verdict < HTTP1_VERDICT_COUNT);
	if (event->what != HTTP1_BODY)
		told->hash = BODY_BYTE(told->hash, event->what);
	mix(told, event->name, event->name_size);
	mix(told, event->data, event->size);
	told->body_bytes += event->what == HTTP1_BODY ? event->size : 0;
}

static void give(struct told *told, const uint8_t *data, size_t size)
{
	struct http1_event event = { .what = told->last };
	uint8_t *copy = malloc(size + 1); /* so that the sanitizer sees what reads beyond */
	size_t used = 0;

	assert(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	while (event.what != HTTP1_WRONG) {
		used += http1_read(&told->http, copy + used, size - used, &event);
		assert(used <= size);
		if (event.what == HTTP1_MORE)
			break;
		tell(told, &event);
	}
	told->last = event.what == HTTP1_WRONG ? HTTP1_WRONG : HTTP1_MORE;
	free(copy);
}

static struct told read_in_pieces(uint8_t how, const uint8_t *data, size_t size, size_t piece)
{
	struct told told = { .hash = UINT64_C(14695981039346656037) };
	struct http1_event event;

	http1_init(&told.http, (how & 1) != 0 ? HTTP1_REQUESTS : HTTP1_RESPONSES);
	told.http.wants_fields = (how & 2) != 0;
	told.http.is_head_asked = (how & 4) != 0;
	for (size_t at = 0; at < size; at += piece)
		give(&told, data + at, size - at < piece ? size - at : piece);
	if (told.last != HTTP1_WRONG) {
		http1_read_end(&told.http, &event);
		tell(&told, &event);
	}
	http1_deinit(&told.http);
	return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct told whole = read_in_pieces(data[0], data + 1, size - 1, size);
	struct told cut = read_in_pieces(data[0], data + 1, size - 1, 1u + (data[0] >> 3));
	assert(whole.hash == cut.hash && whole.body_bytes == cut.body_bytes);
	assert(whole.http.verdict == cut.http.verdict && whole.body_bytes < size);
	return 0;
}
