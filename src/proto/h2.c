#include "proto/h2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/h2_parts.h"

/* What a client assumes until the server says how many. */
#define STREAMS_BEFORE_SETTINGS 100
#define STREAMS_AT_ONCE         16 /* room for more is taken at once */
#define CLIENT_WINDOW_BYTES     ((1 << 30) - 1)

/* ---- the life of one */

static nghttp2_option *options_new(void)
{
	nghttp2_option *option = NULL;

	if (nghttp2_option_new(&option) != 0)
		return NULL;
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_settings(option, H2_SETTINGS_MAX);
	nghttp2_option_set_max_outbound_ack(option, H2_ACKS_MAX);
	nghttp2_option_set_max_continuations(option, H2_CONTINUATIONS_MAX);
	nghttp2_option_set_stream_reset_rate_limit(option, H2_RESETS_MAX, H2_RESETS_A_SECOND_MAX);
	nghttp2_option_set_max_send_header_block_length(option, (size_t)2 * H2_HEADERS_MAX_BYTES);
	nghttp2_option_set_peer_max_concurrent_streams(option, STREAMS_BEFORE_SETTINGS);
	return option;
}

static int new_session(struct h2 *h2)
{
	nghttp2_session_callbacks *callbacks = h2_callbacks_new();
	nghttp2_option *option = options_new();
	nghttp2_mem memory = h2_memory(h2);
	int rc = NGHTTP2_ERR_NOMEM;

	if (callbacks != NULL && option != NULL && h2->role == H2_SERVER) {
		nghttp2_option_set_no_auto_window_update(option, 1);
		rc = nghttp2_session_server_new3(&h2->session, callbacks, h2, option, &memory);
	} else if (callbacks != NULL && option != NULL) {
		rc = nghttp2_session_client_new3(&h2->session, callbacks, h2, option, &memory);
	}
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return rc;
}

static int submit_settings(struct h2 *h2)
{
	static const nghttp2_settings_entry of_server[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_SERVER_STREAMS_MAX },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_SERVER_STREAM_BYTES },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2_HEADERS_MAX_BYTES },
	};
	static const nghttp2_settings_entry of_client[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, CLIENT_WINDOW_BYTES },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2_HEADERS_MAX_BYTES },
	};
	bool is_server = h2->role == H2_SERVER;

	int rc = nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE,
					 is_server ? of_server : of_client, array_size(of_server));
	return rc != 0 ? rc
		       : nghttp2_session_set_local_window_size(
				 h2->session, NGHTTP2_FLAG_NONE, 0,
				 is_server ? H2_SERVER_CONNECTION_BYTES : CLIENT_WINDOW_BYTES);
}

int h2_new(enum h2_role role, const struct h2_handler *handler, void *owner, struct h2 **ret)
{
	struct h2 *h2 = calloc(1, sizeof(*h2));

	if (h2 == NULL)
		return -ENOMEM;
	list_init(&h2->streams);
	slab_init(&h2->pool, sizeof(struct h2_stream), STREAMS_AT_ONCE);
	h2->role = role;
	h2->handler = handler;
	h2->owner = owner;
	h2->memory_max = role == H2_SERVER ? H2_SERVER_MEMORY_MAX : H2_CLIENT_MEMORY_MAX;
	h2_watch_init(&h2->watch, role == H2_SERVER ? H2_PREFACE_BYTES : 0);
	if (new_session(h2) != 0 || submit_settings(h2) != 0) {
		h2_free(h2);
		return -ENOMEM;
	}
	*ret = h2;
	return 0;
}

void h2_free(struct h2 *h2)
{
	if (h2 == NULL)
		return;
	nghttp2_session_del(h2->session);
	for (struct list *node; (node = list_take_first(&h2->streams)) != NULL;) {
		struct h2_stream *stream = container_of(node, struct h2_stream, node);
		h2->handler->closed(h2->owner, stream->owned, H2_CANCEL, NULL);
		h2_stream_free(stream);
	}
	slab_deinit(&h2->pool);
	free(h2);
}

struct h2_stream *h2_stream_new(struct h2 *h2, int32_t id)
{
	struct h2_stream *stream = slab_take(&h2->pool);

	if (stream == NULL)
		return NULL;
	stream->h2 = h2;
	stream->id = id;
	list_init(&stream->node);
	list_append(&h2->streams, &stream->node);
	h2->open++;
	return stream;
}

void h2_stream_free(struct h2_stream *stream)
{
	list_remove(&stream->node);
	stream->h2->open--;
	slab_put(&stream->h2->pool, stream);
}

/* ---- what is wrong */

void h2_complain(struct h2 *h2, const char *complaint, uint32_t code)
{
	if (h2->complaint != NULL)
		return;
	h2->complaint = complaint;
	(void)nghttp2_session_terminate_session(h2->session, code);
}

const char *h2_complaint(const struct h2 *h2)
{
	return h2->complaint;
}

static const char *sentence_of(int code)
{
	switch (code) {
	case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
		return "did not begin with the preface of HTTP/2";
	case NGHTTP2_ERR_FLOODED:
		return "asked for answers without reading them";
	case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
		return "sent one head in too many frames";
	case NGHTTP2_ERR_NOMEM:
		return "sent more than there is room for";
	default:
		return nghttp2_strerror(code);
	}
}

/* What does not speak HTTP/2 shows it with its first bytes. */
static const char *other_protocol(const struct h2 *h2)
{
	const struct h2_watch *watch = &h2->watch;

	if (h2->role == H2_SERVER || watch->head_size < sizeof(watch->head))
		return NULL;
	if (memcmp(watch->head, "HTTP/1.", 7) == 0)
		return "answered in HTTP/1.1 and does not speak HTTP/2 here";
	return watch->head[1] == 3 && (watch->head[0] == 0x15 || watch->head[0] == 0x16)
		       ? "speaks TLS, not plain HTTP/2"
		       : NULL;
}

/* ---- bytes */

size_t h2_read(struct h2 *h2, const uint8_t *data, size_t size, uint64_t now_ns)
{
	if (size == 0 || h2->complaint != NULL)
		return size;
	size_t taken = h2_watch_take(&h2->watch, data, size);
	const char *other = other_protocol(h2);
	if (other != NULL) {
		h2->complaint = other;
		return taken;
	}
	ssize_t rc = nghttp2_session_mem_recv(h2->session, data, taken);
	if (rc < 0)
		h2_complain(h2, sentence_of((int)rc),
			    rc == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? NGHTTP2_PROTOCOL_ERROR
							       : NGHTTP2_ENHANCE_YOUR_CALM);
	else if (h2_watch_is_flood(&h2->watch, now_ns, H2_IDLE_FRAMES_MAX))
		h2_complain(h2, "sent more than 1,000 frames a second that bring nothing",
			    NGHTTP2_ENHANCE_YOUR_CALM);
	return taken;
}

ssize_t h2_write(struct h2 *h2, const uint8_t **ret)
{
	ssize_t size = nghttp2_session_mem_send(h2->session, ret);

	return size < 0 ? -ENOMEM : size;
}

void h2_consume(struct h2 *h2, int32_t id, size_t size)
{
	(void)nghttp2_session_consume(h2->session, id, size);
}

bool h2_is_between(const struct h2 *h2)
{
	return h2_watch_is_between(&h2->watch);
}

bool h2_has_ended(const struct h2 *h2, int32_t id)
{
	const struct h2_stream *stream = nghttp2_session_get_stream_user_data(h2->session, id);

	return stream != NULL && stream->has_ended;
}

/* ---- messages */

uint32_t h2_room(const struct h2 *h2)
{
	uint32_t most = nghttp2_session_get_remote_settings(
		h2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	if (h2->complaint != NULL || !nghttp2_session_check_request_allowed(h2->session))
		return 0;
	if (most > H2_CLIENT_STREAMS_MAX)
		most = H2_CLIENT_STREAMS_MAX;
	return h2->open < most ? most - h2->open : 0;
}

static size_t names_of(const struct h2_field *fields, size_t count, nghttp2_nv names[H2_FIELDS_MAX])
{
	size_t i = 0;

	for (; i < count && i < H2_FIELDS_MAX; i++)
		names[i] = (nghttp2_nv){ .name = (uint8_t *)fields[i].name,
					 .value = (uint8_t *)fields[i].value,
					 .namelen = fields[i].name_size,
					 .valuelen = fields[i].value_size };
	return i;
}

static int code_of(int rc)
{
	if (rc >= 0)
		return 0;
	return rc == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EPROTO;
}

int32_t h2_request(struct h2 *h2, const struct h2_field *fields, size_t count, bool has_body,
		   void *stream)
{
	nghttp2_nv names[H2_FIELDS_MAX];
	struct h2_stream *kept = h2_stream_new(h2, 0);

	if (kept == NULL)
		return -ENOMEM;
	nghttp2_data_provider body = { .source.ptr = kept, .read_callback = h2_fill_body };
	kept->owned = stream;
	int32_t id =
		nghttp2_submit_request(h2->session, NULL, names, names_of(fields, count, names),
				       has_body ? &body : NULL, kept);
	if (id < 0) {
		h2_stream_free(kept);
		return code_of(id);
	}
	kept->id = id;
	return id;
}

int h2_answer(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t count, bool has_body)
{
	nghttp2_nv names[H2_FIELDS_MAX];
	nghttp2_data_provider body = {
		.source.ptr = nghttp2_session_get_stream_user_data(h2->session, id),
		.read_callback = h2_fill_body,
	};

	return code_of(nghttp2_submit_response(
		h2->session, id, names, names_of(fields, count, names), has_body ? &body : NULL));
}

int h2_continue(struct h2 *h2, int32_t id)
{
	nghttp2_nv name = { (uint8_t *)":status", (uint8_t *)"100", 7, 3, NGHTTP2_NV_FLAG_NONE };

	return code_of(
		nghttp2_submit_headers(h2->session, NGHTTP2_FLAG_NONE, id, NULL, &name, 1, NULL));
}

int h2_trailers(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t count)
{
	nghttp2_nv names[H2_FIELDS_MAX];

	return code_of(
		nghttp2_submit_trailer(h2->session, id, names, names_of(fields, count, names)));
}

void h2_resume(struct h2 *h2, int32_t id)
{
	(void)nghttp2_session_resume_data(h2->session, id);
}

void h2_reset(struct h2 *h2, int32_t id, uint32_t code)
{
	(void)nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, id, code);
}

void h2_ping(struct h2 *h2)
{
	(void)nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL);
}

void h2_announce_end(struct h2 *h2)
{
	if (!h2->has_announced)
		(void)nghttp2_submit_shutdown_notice(h2->session);
	h2->has_announced = true;
}

void h2_end(struct h2 *h2)
{
	(void)nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
				    nghttp2_session_get_last_proc_stream_id(h2->session),
				    NGHTTP2_NO_ERROR, NULL, 0);
}

const char *h2_code_name(uint32_t code)
{
	return nghttp2_http2_strerror(code);
}
