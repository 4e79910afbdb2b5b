#include "support/h2_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_MAX ((size_t)1 << 20)
#define BODY_MAX ((size_t)64 << 20)

static bool is_named(const struct h2_field *field, const char *name)
{
	return field->name_size == strlen(name) && memcmp(field->name, name, field->name_size) == 0;
}

static void note_field(void *owner, void *memory, const struct h2_field *field)
{
	struct h2_talk_stream *stream = memory;

	(void)owner;
	if (is_named(field, ":status"))
		(void)snprintf(stream->status, sizeof(stream->status), "%.*s",
			       (int)field->value_size, field->value);
	if (is_named(field, "grpc-status") || is_named(field, "allow"))
		(void)snprintf(stream->trailer, sizeof(stream->trailer), " %.*s: %.*s",
			       (int)field->name_size, field->name, (int)field->value_size,
			       field->value);
}

static void note_head(void *owner, void *memory, enum h2_head head)
{
	(void)owner;
	(void)memory;
	(void)head;
}

static void note_body(void *owner, void *memory, const uint8_t *data, size_t size)
{
	struct h2_talk_stream *stream = memory;

	(void)owner;
	buffer_append(&stream->got, data, size);
}

static void note_end(void *owner, void *memory)
{
	(void)owner;
	(void)memory;
}

static void note_closed(void *owner, void *memory, uint32_t code, const char *why)
{
	struct h2_talk_stream *stream = memory;

	(void)owner;
	stream->fate = why != NULL ? why : code == H2_NO_ERROR ? "done" : h2_code_name(code);
}

static void fill(void *owner, void *memory, struct h2_fill *ret)
{
	struct h2_talk_stream *stream = memory;
	size_t left = stream->size - stream->sent;

	(void)owner;
	ret->size = left < ret->room ? left : ret->room;
	memcpy(ret->data, (const uint8_t *)stream->body + stream->sent, ret->size);
	stream->sent += ret->size;
	ret->is_last = stream->sent == stream->size && !stream->is_open_ended;
}

static void note_going(void *owner, uint32_t code)
{
	(void)code;
	((struct h2_talk *)owner)->is_going = true;
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

void h2_talk_init(struct h2_talk *talk)
{
	*talk = (struct h2_talk){ .count = 0 };
	buffer_init(&talk->out, BODY_MAX);
	buffer_init(&talk->text, TEXT_MAX);
	assert_int_equal(h2_new(H2_CLIENT, &handler, talk, &talk->h2), 0);
}

void h2_talk_deinit(struct h2_talk *talk)
{
	h2_free(talk->h2);
	for (size_t i = 0; i < talk->count; i++)
		buffer_deinit(&talk->streams[i].got);
	buffer_deinit(&talk->out);
	buffer_deinit(&talk->text);
}

struct h2_talk_stream *h2_talk_ask(struct h2_talk *talk, const char *method, const char *path,
				   const char *type, const void *body, size_t size)
{
	struct h2_talk_stream *stream = &talk->streams[talk->count++];
	const struct h2_field fields[] = {
		H2_FIELD(":method", method),
		H2_FIELD(":scheme", "http"),
		H2_FIELD(":authority", "web"),
		H2_FIELD(":path", path),
		H2_FIELD("content-type", type != NULL ? type : "text/plain"),
	};

	*stream = (struct h2_talk_stream){ .body = body, .size = size, .fate = "" };
	buffer_init(&stream->got, BODY_MAX);
	assert_true(h2_request(talk->h2, fields, array_size(fields), body != NULL, stream) > 0);
	return stream;
}

void h2_talk_write(struct h2_talk *talk)
{
	const uint8_t *bytes = NULL;
	ssize_t size = 0;

	while ((size = h2_write(talk->h2, &bytes)) > 0)
		buffer_append(&talk->out, bytes, (size_t)size);
	assert_int_equal(size, 0);
}

void h2_talk_read(struct h2_talk *talk, const void *data, size_t size)
{
	for (size_t used = 0; used < size;)
		used += h2_read(talk->h2, (const uint8_t *)data + used, size - used, talk->now_ns);
}

static void write_stream(const struct h2_talk_stream *stream, struct buffer *text)
{
	bool is_done = strcmp(stream->fate, "done") == 0;

	if (stream->status[0] == '\0' && stream->fate[0] == '\0')
		buffer_append_text(text, "-");
	else if (!is_done && stream->fate[0] != '\0')
		buffer_append_text(text, stream->fate);
	else
		buffer_append_text(text, stream->status);
	if (stream->got.size > 100)
		buffer_append_format(text, " %zu bytes", stream->got.size);
	else if (stream->got.size > 0)
		buffer_append_format(
			text, " %.*s",
			(int)(stream->got.size - (stream->got.data[stream->got.size - 1] == '\n')),
			stream->got.data);
	bool is_cut = stream->fate[0] == '\0' && stream->status[0] != '\0';
	buffer_append_format(text, "%s%s|", stream->trailer, is_cut ? "..." : "");
}

const char *h2_talk_text(struct h2_talk *talk)
{
	buffer_clear(&talk->text);
	for (size_t i = 0; i < talk->count; i++)
		write_stream(&talk->streams[i], &talk->text);
	return buffer_text(&talk->text);
}

void h2_talk_frame(struct buffer *out, uint8_t type, uint8_t flags, uint32_t id,
		   const void *payload, size_t size)
{
	const uint8_t head[] = {
		(uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size,      type,        flags,
		(uint8_t)(id >> 24),   (uint8_t)(id >> 16),  (uint8_t)(id >> 8), (uint8_t)id,
	};

	buffer_append(out, head, sizeof(head));
	buffer_append(out, payload, size);
}
