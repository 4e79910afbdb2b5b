/* What nghttp2 tells, told on to the handler. */
#include <string.h>

#include "proto/h2_parts.h"

/* The list of RFC 9113 6.5.2. */
#define FIELD_OVERHEAD 32

static struct h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

/* ---- heads */

static int begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
	struct h2 *h2 = owner;

	if (h2->role == H2_CLIENT || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct h2_stream *stream = h2_stream_new(h2, frame->hd.stream_id);
	if (stream == NULL)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	(void)nghttp2_session_set_stream_user_data(session, stream->id, stream);
	stream->owned = h2->handler->begin(h2->owner, stream->id);
	if (stream->owned != NULL)
		return 0;
	h2_stream_free(stream);
	(void)nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, NULL);
	(void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
					NGHTTP2_REFUSED_STREAM);
	return 0;
}

static int header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
		  nghttp2_rcbuf *value, uint8_t flags, void *owner)
{
	struct h2 *h2 = owner;
	struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
	nghttp2_vec name_bytes = nghttp2_rcbuf_get_buf(name);
	nghttp2_vec value_bytes = nghttp2_rcbuf_get_buf(value);

	(void)flags;
	if (stream == NULL)
		return 0;
	stream->header_bytes += name_bytes.len + value_bytes.len + FIELD_OVERHEAD;
	if (stream->header_bytes > H2_HEADERS_MAX_BYTES) {
		h2_complain(h2, "sent more than 64 KiB of headers", NGHTTP2_ENHANCE_YOUR_CALM);
		return 0;
	}
	struct h2_field field = { (const char *)name_bytes.base, (const char *)value_bytes.base,
				  name_bytes.len, value_bytes.len };
	if (field.name_size == 7 && field.value_size > 0 && memcmp(field.name, ":status", 7) == 0)
		stream->status_class = field.value[0];
	h2->handler->field(h2->owner, stream->owned, &field);
	return 0;
}

/* nghttp2 has one category for trailers and for what follows an interim response. */
static enum h2_head kind_of(const nghttp2_frame *frame, const struct h2_stream *stream)
{
	if (stream->h2->role == H2_SERVER)
		return frame->headers.cat == NGHTTP2_HCAT_REQUEST ? H2_HEAD_FINAL
								  : H2_HEAD_TRAILERS;
	if (stream->status_class == '1')
		return H2_HEAD_INTERIM;
	return stream->status_class != '\0' ? H2_HEAD_FINAL : H2_HEAD_TRAILERS;
}

static void note_head(struct h2 *h2, const nghttp2_frame *frame, struct h2_stream *stream)
{
	enum h2_head kind = kind_of(frame, stream);

	stream->header_bytes = 0;
	stream->status_class = '\0';
	h2->handler->head(h2->owner, stream->owned, kind);
}

/* ---- frames */

static bool is_end(const nghttp2_frame *frame)
{
	bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

	return can_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

static int frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
	struct h2 *h2 = owner;
	struct h2_stream *stream = stream_of(session, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_GOAWAY && h2->handler->going != NULL)
		h2->handler->going(h2->owner, frame->goaway.error_code);
	if (stream == NULL)
		return 0;
	stream->has_ended |= is_end(frame);
	if (frame->hd.type == NGHTTP2_HEADERS)
		note_head(h2, frame, stream);
	if (is_end(frame))
		h2->handler->end(h2->owner, stream->owned);
	return 0;
}

static int data_received(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
			 size_t size, void *owner)
{
	struct h2 *h2 = owner;
	struct h2_stream *stream = stream_of(session, id);

	(void)flags;
	if (stream != NULL)
		h2->handler->body(h2->owner, stream->owned, data, size);
	else if (h2->role == H2_SERVER)
		(void)nghttp2_session_consume(session, id, size);
	return 0;
}

static int stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *owner)
{
	struct h2 *h2 = owner;
	struct h2_stream *stream = stream_of(session, id);

	if (stream == NULL)
		return 0;
	h2->handler->closed(h2->owner, stream->owned, code, stream->why);
	h2_stream_free(stream);
	return 0;
}

/* A request that could not be begun any more. */
static int not_sent(nghttp2_session *session, const nghttp2_frame *frame, int code, void *owner)
{
	struct h2 *h2 = owner;
	const struct list *node = h2->streams.next;

	(void)code;
	if (frame->hd.type != NGHTTP2_HEADERS || h2->role == H2_SERVER)
		return 0;
	while (node != &h2->streams &&
	       container_of(node, struct h2_stream, node)->id != frame->hd.stream_id)
		node = node->next;
	if (node == &h2->streams)
		return 0;
	struct h2_stream *stream = container_of(node, struct h2_stream, node);
	(void)nghttp2_session_set_stream_user_data(session, stream->id, NULL);
	h2->handler->closed(h2->owner, stream->owned, NGHTTP2_REFUSED_STREAM, NULL);
	h2_stream_free(stream);
	return 0;
}

static int invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int code,
			 void *owner)
{
	struct h2 *h2 = owner;
	struct h2_stream *stream = stream_of(session, frame->hd.stream_id);

	h2->suspicion = nghttp2_strerror(code);
	if (stream != NULL)
		stream->why = h2->suspicion;
	return 0;
}

/* ---- sending */

/* NOLINTNEXTLINE(readability-function-size): nghttp2 calls it so */
ssize_t h2_fill_body(nghttp2_session *session, int32_t id, uint8_t *data, size_t room,
		     uint32_t *flags, nghttp2_data_source *source, void *owner)
{
	struct h2 *h2 = owner;
	struct h2_stream *stream = source->ptr;
	struct h2_fill fill = { .data = data, .room = room };

	(void)session;
	(void)id;
	h2->handler->fill(h2->owner, stream->owned, &fill);
	if (fill.is_last)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (fill.has_trailers)
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	return fill.size == 0 && !fill.is_last ? NGHTTP2_ERR_DEFERRED : (ssize_t)fill.size;
}

/* nghttp2 ends a connection by itself where the peer broke a rule; of some it does not say which.
 */
static const char *complaint_of(const struct h2 *h2)
{
	if (h2->suspicion != NULL)
		return h2->suspicion;
	return h2_watch_type(&h2->watch) == NGHTTP2_RST_STREAM
		       ? "reset its streams as fast as it began them"
		       : "sent frames that break a rule of HTTP/2";
}

static int before_sent(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
	struct h2 *h2 = owner;
	struct h2_stream *stream = stream_of(session, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
	    h2->complaint == NULL)
		h2->complaint = complaint_of(h2);
	if (stream != NULL && h2->handler->begun != NULL && frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		h2->handler->begun(h2->owner, stream->owned);
	return 0;
}

/* ---- the table */

nghttp2_session_callbacks *h2_callbacks_new(void)
{
	nghttp2_session_callbacks *callbacks = NULL;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(callbacks, header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_received);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalid_frame);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, not_sent);
	nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, before_sent);
	return callbacks;
}
