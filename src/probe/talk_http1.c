/* A request of HTTP/1.1 and its answer. */
#include <string.h>

#include "probe/http_look.h"
#include "probe/talk.h"
#include "proto/http1.h"
#include "proto/http1_line.h"
#include "proto/http1_request.h"

struct http1_talk {
	struct talk talk;
	struct http1 http;
	struct http_look look;
};

static int open_talk(struct talk *talk)
{
	struct http1_talk *http1 = container_of(talk, struct http1_talk, talk);
	http1_init(&http1->http, HTTP1_RESPONSES);
	http1->http.wants_fields = true;
	return 0;
}

static void close_talk(struct talk *talk)
{
	http1_deinit(&container_of(talk, struct http1_talk, talk)->http);
}

/* ---- asking ---- */

static bool has_header(const struct probe_target *target, const char *name)
{
	for (uint32_t i = 0; i < target->header_count; i++) {
		const char *header = target->headers[i];
		if (http1_is_word(header, strcspn(header, ":"), name))
			return true;
	}
	return false;
}

static void write_request(struct talk *talk)
{
	const struct probe_target *target = talk->prober->target;
	const struct talk_request *request = talk->request;
	const struct http1_request head = {
		.method = request->method,
		.path = request->uri->path,
		.authority = request->authority,
		.headers = target->headers,
		.header_count = target->header_count,
	};
	char length[HTTP1_LENGTH_TEXT_MAX];
	http1_write_head(&head, talk->out);
	if (!target->is_kept && !has_header(target, "Connection"))
		buffer_append_text(talk->out, "Connection: close\r\n");
	if (!request->body) {
		http1_write_end(talk->out);
		return;
	}
	buffer_append(talk->out, length, http1_format_length(request->body_size, length));
	buffer_append(talk->out, request->body, request->body_size);
}

static void ask(struct talk *talk)
{
	struct http1_talk *http1 = container_of(talk, struct http1_talk, talk);
	http1->http.is_head_asked = strcmp(talk->request->method, "HEAD") == 0;
	http_look_begin(&http1->look, talk);
	write_request(talk);
}

/* ---- hearing ---- */

static void hear_head(struct http1_talk *http1)
{
	http1->talk.is_ended |= http1->http.is_last;
	if (http1->http.status == 101)
		talk_go_wrong(&http1->talk, OUTCOME_PROTOCOL,
			      "switched to a protocol that nobody asked for");
	else
		http_look_head(&http1->look, http1->http.status);
}

static void hear_event(struct http1_talk *http1, const struct http1_event *event)
{
	struct http_look *look = &http1->look;
	switch (event->what) {
	case HTTP1_FIELD:
		http_look_field(look, event->name, event->name_size, event->data, event->size);
		break;
	case HTTP1_HEAD:
		hear_head(http1);
		break;
	case HTTP1_BODY:
		http_look_body(look, event->data, event->size);
		http1->talk.is_ended |= http1->talk.result->is_cut;
		break;
	case HTTP1_END:
		http_look_end(look);
		break;
	case HTTP1_WRONG:
		talk_go_wrong(&http1->talk, OUTCOME_PROTOCOL,
			      http1_verdict_sentence((enum http1_verdict)http1->http.verdict));
		break;
	case HTTP1_INTERIM:
	case HTTP1_MORE:
	case HTTP1_START:
		break;
	}
}

static void hear_end(struct http1_talk *http1)
{
	struct http1_event event;
	bool is_in_body = http1_is_in_body(&http1->http);
	bool is_between = http1_is_between(&http1->http);
	http1->talk.is_ended = true;
	http1_read_end(&http1->http, &event);
	if (event.what == HTTP1_END)
		http_look_end(&http1->look);
	else if (is_between)
		http_look_closed(&http1->look, "before it answered");
	else
		http_look_closed(&http1->look, is_in_body ? "in mid-body" : "in mid-header");
}

static void hear(struct talk *talk, const uint8_t *data, size_t size, uint64_t now_ns)
{
	struct http1_talk *http1 = container_of(talk, struct http1_talk, talk);
	struct http1_event event = { .what = HTTP1_FIELD };
	(void)now_ns;
	/* Nothing is awaited; a server that ends the connection may say so (RFC 9110 15.5.9). */
	if (!talk->result) {
		talk->is_ended = true;
		return;
	}
	if (size == 0) {
		hear_end(http1);
		return;
	}
	talk->state = TALK_HEARING;
	while (talk->state == TALK_HEARING && talk->outcome == OUTCOME_DONE &&
	       event.what != HTTP1_MORE) {
		bool is_in_body = http1_is_in_body(&http1->http);
		size_t used = http1_read(&http1->http, data, size, &event);
		if (!is_in_body)
			talk->result->head_bytes += used;
		data += used;
		size -= used;
		hear_event(http1, &event);
	}
	talk->is_ended |= size > 0;
}

const struct talk_kind talk_http1 = {
	.name = "http/1.1",
	.protocol = "http/1.1",
	.size = sizeof(struct http1_talk),
	.open = open_talk,
	.ask = ask,
	.hear = hear,
	.close = close_talk,
};
