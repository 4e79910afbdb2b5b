/* One look over HTTP/2 (RFC 9113): a request and its answer, or a health check of gRPC, as one
 * stream; one at a time, and several after one another on a connection that is kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/grpc_health.h"
#include "probe/http_look.h"
#include "probe/talk.h"
#include "proto/h2_fields.h"

/* ": " and the end of the line: a head counts as HTTP/1.1 would write it. */
#define FIELD_OVERHEAD 4
/* A HealthCheckResponse has seven, with its prefix. */
#define HEALTH_BODY_MAX ((uint64_t)64 * 1024)

#define LENGTH_TEXT_MAX 24

struct talk_h2 {
	struct talk talk;
	struct h2 *h2;
	const uint8_t *body;
	size_t body_size;
	size_t body_sent;
	uint8_t health[GRPC_HEALTH_REQUEST_MAX];
	struct http_look look;
	struct grpc_health_answer grpc;
	int32_t id; /* of the stream */
	uint32_t status;
	uint32_t code;      /* it was reset with */
	const char *broken; /* the rule that the peer broke on it */
	uint32_t going_code;
	bool is_open;  /* the stream */
	bool is_whole; /* the answer */
	bool is_going; /* the peer takes no more requests */
	char why[PROBE_WHY_BYTES];
};

static bool is_grpc(const struct talk_h2 *h2)
{
	return h2->talk.request->uri->service == SERVICE_GRPC;
}

/* Nothing of what still comes on the stream is wanted. */
static bool is_over(const struct talk_h2 *h2)
{
	return h2->talk.result == NULL || h2->talk.state == TALK_ANSWERED ||
	       h2->talk.outcome != OUTCOME_DONE || h2->is_whole;
}

/* ---- what is heard ---- */

static void note_field(void *owner, void *stream, const struct h2_field *field)
{
	struct talk_h2 *h2 = owner;
	struct probe_result *result = h2->talk.result;

	(void)stream;
	if (is_over(h2))
		return;
	h2->talk.state = TALK_HEARING;
	result->head_bytes += field->name_size + field->value_size + FIELD_OVERHEAD;
	if (field->name_size == 7 && memcmp(field->name, ":status", 7) == 0)
		h2->status = (uint32_t)strtoul(field->value, NULL, 10);
	else if (is_grpc(h2))
		grpc_health_field(&h2->grpc, field->name, field->name_size, field->value,
				  field->value_size);
	else
		http_look_field(&h2->look, field->name, field->name_size, field->value,
				field->value_size);
}

/* What an interim one says is not the answer's. */
static void forget_head(struct talk_h2 *h2)
{
	h2->talk.result->head_bytes = 0;
	h2->talk.result->location[0] = '\0';
	h2->grpc = (struct grpc_health_answer){ 0 };
}

static void note_head(void *owner, void *stream, enum h2_head head)
{
	struct talk_h2 *h2 = owner;

	(void)stream;
	if (is_over(h2))
		return;
	if (head == H2_HEAD_INTERIM)
		forget_head(h2);
	else if (head == H2_HEAD_FINAL && !is_grpc(h2))
		http_look_head(&h2->look, h2->status);
}

static void keep_health(struct talk_h2 *h2, const uint8_t *data, size_t size)
{
	struct probe_result *result = h2->talk.result;

	grpc_health_body(&h2->grpc, data, size);
	result->body_bytes += size;
	result->is_cut = result->body_bytes > HEALTH_BODY_MAX;
}

static void note_body(void *owner, void *stream, const uint8_t *data, size_t size)
{
	struct talk_h2 *h2 = owner;

	(void)stream;
	if (is_over(h2))
		return;
	if (is_grpc(h2))
		keep_health(h2, data, size);
	else
		http_look_body(&h2->look, data, size);
	h2->is_whole = h2->talk.result->is_cut;
}

static void note_end(void *owner, void *stream)
{
	(void)stream;
	((struct talk_h2 *)owner)->is_whole = true;
}

static void note_closed(void *owner, void *stream, uint32_t code, const char *why)
{
	struct talk_h2 *h2 = owner;

	(void)stream;
	h2->is_open = false;
	h2->code = code;
	h2->broken = why;
}

static void fill(void *owner, void *stream, struct h2_fill *ret)
{
	struct talk_h2 *h2 = owner;
	size_t left = h2->body_size - h2->body_sent;

	(void)stream;
	ret->size = left < ret->room ? left : ret->room;
	if (ret->size > 0)
		memcpy(ret->data, h2->body + h2->body_sent, ret->size);
	h2->body_sent += ret->size;
	ret->is_last = h2->body_sent == h2->body_size;
	h2->talk.is_held_back = !ret->is_last;
}

static void note_going(void *owner, uint32_t code)
{
	struct talk_h2 *h2 = owner;

	h2->is_going = true;
	h2->going_code = code;
}

static const struct h2_handler handler = {
	.field = note_field,
	.head = note_head,
	.body = note_body,
	.end = note_end,
	.closed = note_closed,
	.fill = fill,
	.going = note_going,
};

/* ---- what it comes to ---- */

/* Adds to what is to be sent. */
static void pump(struct talk_h2 *h2)
{
	const uint8_t *frame = NULL;
	ssize_t size;

	while ((size = h2_write(h2->h2, &frame)) > 0)
		buffer_append(h2->talk.out, frame, (size_t)size);
	if (size < 0 || h2->talk.out->error != 0) {
		h2->talk.is_ended = true;
		if (!is_over(h2))
			talk_go_wrong(&h2->talk, OUTCOME_NO_MEMORY, NULL);
	}
}

/* What nghttp2 says of a rule is no clause. */
static void end_broken(struct talk_h2 *h2, const char *rule)
{
	bool is_clause = rule[0] >= 'a' && rule[0] <= 'z';

	(void)snprintf(h2->why, sizeof(h2->why), "%s%s",
		       is_clause ? "" : "broke a rule of HTTP/2: ", rule);
	talk_go_wrong(&h2->talk, OUTCOME_PROTOCOL, h2->why);
}

static const char *where_it_is(const struct talk_h2 *h2)
{
	if (!h2_is_between(h2->h2))
		return "in mid-frame";
	return h2->talk.state == TALK_HEARING ? "in mid-answer" : "before it answered";
}

static void end_closed(struct talk_h2 *h2)
{
	if (!h2->is_going) {
		http_look_closed(&h2->look, where_it_is(h2));
		return;
	}
	(void)snprintf(h2->why, sizeof(h2->why), "with GOAWAY %s, %s", h2_code_name(h2->going_code),
		       where_it_is(h2));
	talk_go_wrong(&h2->talk, OUTCOME_CLOSED, h2->why);
}

/* The stream ended without its answer. */
static void end_reset(struct talk_h2 *h2)
{
	if (h2->broken != NULL) {
		end_broken(h2, h2->broken);
	} else if (h2->is_going && h2->code == H2_REFUSED_STREAM) {
		end_closed(h2);
	} else {
		(void)snprintf(h2->why, sizeof(h2->why), "RST_STREAM %s", h2_code_name(h2->code));
		talk_go_wrong(&h2->talk, OUTCOME_RESET, h2->why);
	}
}

static void end_look(struct talk_h2 *h2)
{
	const char *complaint = h2_complaint(h2->h2);

	if (h2->is_whole && is_grpc(h2))
		grpc_health_end(&h2->grpc, &h2->talk, h2->status);
	else if (h2->is_whole)
		http_look_end(&h2->look);
	else if (complaint != NULL)
		end_broken(h2, complaint);
	else if (!h2->is_open)
		end_reset(h2);
}

/* All of the answer has come, or no more of it will. */
static void conclude(struct talk_h2 *h2)
{
	struct talk *talk = &h2->talk;
	bool is_going = h2->is_going || h2_complaint(h2->h2) != NULL || h2_room(h2->h2) == 0;

	if (talk->result != NULL && talk->state != TALK_ANSWERED && talk->outcome == OUTCOME_DONE)
		end_look(h2);
	if (is_over(h2) && is_going)
		talk->is_ended = true;
}

/* ---- the talk ---- */

static int open_talk(struct talk *talk)
{
	struct talk_h2 *h2 = container_of(talk, struct talk_h2, talk);

	return h2_new(H2_CLIENT, &handler, h2, &h2->h2);
}

static void close_talk(struct talk *talk)
{
	struct talk_h2 *h2 = container_of(talk, struct talk_h2, talk);

	h2_free(h2->h2);
	h2->h2 = NULL;
}

static void choose_body(struct talk_h2 *h2)
{
	const struct talk_request *request = h2->talk.request;
	const char *path = request->uri->path;

	h2->body = request->body;
	h2->body_size = request->body_size;
	if (!is_grpc(h2))
		return;
	h2->body = h2->health;
	h2->body_size = grpc_write_health_request(path[0] == '/' ? path + 1 : "", h2->health);
}

static void add_length(struct h2_fields *fields, size_t size, char text[LENGTH_TEXT_MAX])
{
	int length = snprintf(text, LENGTH_TEXT_MAX, "%zu", size);

	fields->fields[fields->count++] =
		(struct h2_field){ "content-length", text, 14, (size_t)length };
}

/* The stream's id, or -errno. */
static int32_t submit(struct talk_h2 *h2)
{
	const struct talk_request *asked = h2->talk.request;
	const struct probe_target *target = h2->talk.prober->target;
	const struct http1_request request = {
		.method = is_grpc(h2) ? "POST" : asked->method,
		.path = is_grpc(h2) ? GRPC_HEALTH_CHECK : asked->uri->path,
		.authority = asked->authority,
		.headers = target->headers,
		.header_count = target->header_count,
	};
	bool is_tls = asked->uri->transport == TRANSPORT_TLS;
	struct h2_fields fields;
	char length[LENGTH_TEXT_MAX];
	int rc = h2_fields_init(&fields, &request, is_tls ? "https" : "http",
				is_grpc(h2) ? H2_CONTENT_GRPC : H2_CONTENT_ANY);

	if (rc < 0)
		return rc;
	if (h2->body != NULL && !is_grpc(h2))
		add_length(&fields, h2->body_size, length);
	rc = h2_request(h2->h2, fields.fields, fields.count, h2->body != NULL, h2);
	h2_fields_deinit(&fields);
	return rc;
}

static void ask(struct talk *talk)
{
	struct talk_h2 *h2 = container_of(talk, struct talk_h2, talk);

	http_look_begin(&h2->look, talk);
	h2->grpc = (struct grpc_health_answer){ 0 };
	h2->body_sent = 0;
	h2->status = 0;
	h2->code = H2_NO_ERROR;
	h2->broken = NULL;
	h2->is_whole = false;
	choose_body(h2);
	talk->is_held_back = h2->body_size > 0;
	h2->id = submit(h2);
	h2->is_open = h2->id > 0;
	if (h2->is_open)
		pump(h2);
	else if (h2->id == -E2BIG)
		talk_go_wrong(talk, OUTCOME_OTHER, "more headers than can be sent");
	else
		talk_go_wrong(talk, OUTCOME_NO_MEMORY, NULL);
}

/* The answer is over and the stream is not: its body was cut, or it came before the whole request
 * had gone. */
static void drop_stream(struct talk_h2 *h2)
{
	if (!h2->is_open || !h2->is_whole)
		return;
	h2_reset(h2->h2, h2->id, H2_CANCEL);
	h2->talk.is_held_back = false;
}

static void hear(struct talk *talk, const uint8_t *data, size_t size, uint64_t now_ns)
{
	struct talk_h2 *h2 = container_of(talk, struct talk_h2, talk);

	for (size_t used = 0; used < size;) {
		used += h2_read(h2->h2, data + used, size - used, now_ns);
		drop_stream(h2);
		pump(h2);
	}
	conclude(h2);
	if (size > 0)
		return;
	talk->is_ended = true;
	if (!is_over(h2))
		end_closed(h2);
}

const struct talk_kind talk_h2 = {
	.name = "h2",
	.protocol = "h2",
	.size = sizeof(struct talk_h2),
	.open = open_talk,
	.ask = ask,
	.hear = hear,
	.close = close_talk,
};
