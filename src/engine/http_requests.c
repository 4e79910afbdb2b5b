#include "engine/http_requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http_script.h"
#include "engine/script.h"

/* A request that never varies and is no larger is kept in one piece. */
#define WHOLE_BYTES_MAX   ((size_t)64 * 1024)
#define SCRATCH_BYTES_MIN ((size_t)64 * 1024)
#define PARTS_BEFORE_BODY 2 /* the head and the length */

/* ---- compiling */

/* RFC 9110 8.6: these say that they have no body. */
static bool needs_length(const char *method)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH" };

	for (size_t i = 0; i < array_size(methods); i++) {
		if (strcmp(method, methods[i]) == 0)
			return true;
	}
	return false;
}

/* Of a template that is constant. */
static void append_body(const struct template *body, struct iovec *parts, struct buffer *out)
{
	static const struct template_context any;
	uint8_t none[1];
	struct template_output output = { .parts = parts, .scratch = none };

	for (size_t i = 0; i < template_segment_count(body); i++)
		template_render(body, i, &any, &output);
	for (size_t i = 0; i < output.count; i++)
		buffer_append(out, parts[i].iov_base, parts[i].iov_len);
}

/* Hands the bytes over. 0 or -errno. */
static int take_text(struct buffer *buffer, char **ret, size_t *ret_size)
{
	int rc = buffer->error;

	if (rc < 0) {
		buffer_deinit(buffer);
		return rc;
	}
	*ret = buffer->data;
	*ret_size = buffer->size;
	return 0;
}

static int compile_whole(struct http_requests *requests, struct http_message *message,
			 const struct http1_request *request)
{
	char length[HTTP1_LENGTH_TEXT_MAX];
	struct buffer out;

	buffer_init(&out, 2 * WHOLE_BYTES_MAX);
	buffer_append(&out, requests->head, requests->head_size);
	size_t size = message->body != NULL ? template_size_max(message->body) : 0;
	if (message->body != NULL || needs_length(request->method))
		buffer_append(&out, length, http1_format_length(size, length));
	else
		http1_write_end(&out);
	if (message->body != NULL)
		append_body(message->body, requests->work, &out);
	return take_text(&out, &message->text, &message->size);
}

static int compile(struct http_requests *requests, const struct http1_request *request)
{
	for (uint32_t i = 0; i < requests->count; i++) {
		struct http_message *message = &requests->messages[i];
		if (message->body != NULL && (!template_is_constant(message->body) ||
					      template_size_max(message->body) > WHOLE_BYTES_MAX)) {
			requests->is_varying = true;
			continue;
		}
		int rc = compile_whole(requests, message, request);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Room to render the largest of them. */
static int make_room(struct http_requests *requests)
{
	size_t parts = PARTS_BEFORE_BODY;
	size_t scratch = SCRATCH_BYTES_MIN;

	for (uint32_t i = 0; i < requests->count; i++) {
		const struct template *body = requests->messages[i].body;
		if (body == NULL)
			continue;
		if (parts < template_parts_max(body) + PARTS_BEFORE_BODY)
			parts = template_parts_max(body) + PARTS_BEFORE_BODY;
		if (scratch < template_scratch_max(body) + HTTP1_LENGTH_TEXT_MAX)
			scratch = template_scratch_max(body) + HTTP1_LENGTH_TEXT_MAX;
	}
	requests->work = calloc(parts, sizeof(*requests->work));
	requests->scratch = malloc(scratch);
	requests->scratch_size = scratch;
	return requests->work != NULL && requests->scratch != NULL ? 0 : -ENOMEM;
}

static int compile_head(struct http_requests *requests, const struct http1_request *request)
{
	struct buffer out;

	buffer_init(&out, WHOLE_BYTES_MAX);
	http1_write_head(request, &out);
	return take_text(&out, &requests->head, &requests->head_size);
}

static int list_messages(struct http_requests *requests, const struct script *script)
{
	bool is_bare = script->message_count == 0;

	requests->first_count = script->first_count;
	requests->count = script->first_count + script->message_count + is_bare;
	requests->messages = calloc(requests->count, sizeof(*requests->messages));
	if (requests->messages == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < script->first_count; i++)
		requests->messages[i].body = script->firsts[i];
	for (uint32_t i = 0; i < script->message_count; i++)
		requests->messages[script->first_count + i].body = script->messages[i];
	return 0;
}

int http_requests_init(struct http_requests *requests, const struct script *script)
{
	const struct http1_request *request = &script->http->request;

	*requests = (struct http_requests){ 0 };
	int rc = list_messages(requests, script);
	if (rc == 0)
		rc = make_room(requests);
	if (rc == 0)
		rc = compile_head(requests, request);
	if (rc == 0)
		rc = compile(requests, request);
	if (rc < 0)
		http_requests_deinit(requests);
	return rc;
}

void http_requests_deinit(struct http_requests *requests)
{
	for (uint32_t i = 0; requests->messages != NULL && i < requests->count; i++)
		free(requests->messages[i].text);
	free(requests->messages);
	free(requests->head);
	free(requests->work);
	free(requests->scratch);
	*requests = (struct http_requests){ 0 };
}

/* ---- rendering */

void http_requests_begin(struct http_requests *requests)
{
	requests->scratch_used = 0;
}

static const struct http_message *message_at(const struct http_requests *requests,
					     uint64_t sequence)
{
	if (sequence < requests->first_count)
		return &requests->messages[sequence];
	uint64_t in_turn =
		(sequence - requests->first_count) % (requests->count - requests->first_count);
	return &requests->messages[requests->first_count + in_turn];
}

/* Appends parts but for their first `skip` bytes. */
static void add_parts(const struct iovec *parts, size_t count, size_t skip,
		      struct speech_parts *ret)
{
	for (size_t i = 0; i < count && ret->count < SPEECH_PARTS_MAX; i++) {
		size_t part = parts[i].iov_len;
		if (skip >= part) {
			skip -= part;
			continue;
		}
		ret->parts[ret->count++] =
			(struct iovec){ (char *)parts[i].iov_base + skip, part - skip };
		ret->size += part - skip;
		skip = 0;
	}
}

bool http_requests_add(struct http_requests *requests, const struct http_request_context *context,
		       uint64_t seed, size_t skip, struct speech_parts *ret, size_t *ret_size)
{
	const struct http_message *message = message_at(requests, context->sequence);
	struct iovec *parts = requests->work;

	if (ret->count == SPEECH_PARTS_MAX)
		return false;
	if (message->text != NULL) {
		*ret_size = message->size;
		add_parts(&(struct iovec){ message->text, message->size }, 1, skip, ret);
		return true;
	}
	if (requests->scratch_size - requests->scratch_used <
	    HTTP1_LENGTH_TEXT_MAX + template_scratch_max(message->body))
		return false;
	char *length = (char *)requests->scratch + requests->scratch_used;
	struct template_output out = {
		.parts = parts + PARTS_BEFORE_BODY,
		.scratch = (uint8_t *)length + HTTP1_LENGTH_TEXT_MAX,
	};
	const struct template_context whose = { context->uid, context->sequence, context->number,
						context->unix_ns, seed };
	for (size_t i = 0; i < template_segment_count(message->body); i++)
		template_render(message->body, i, &whose, &out);
	parts[0] = (struct iovec){ requests->head, requests->head_size };
	parts[1] = (struct iovec){ length, http1_format_length(out.size, length) };
	requests->scratch_used = (size_t)(out.scratch - requests->scratch);
	*ret_size = parts[0].iov_len + parts[1].iov_len + out.size;
	add_parts(parts, out.count + PARTS_BEFORE_BODY, skip, ret);
	return true;
}
