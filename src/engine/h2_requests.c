#include "engine/h2_requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "engine/http_script.h"
#include "proto/grpc.h"

#define TEXT_MAX ((size_t)128 * 1024)
/* A body that never varies and is no larger is rendered once. */
#define FIXED_BYTES_MAX ((size_t)64 * 1024)

/* ---- fields */

/* Room for all, which are told where they stand. */
static size_t text_bytes(const struct script *script)
{
	size_t size = TEXT_MAX;

	for (uint32_t i = 0; i < script->http->request.header_count; i++)
		size += strlen(script->http->request.headers[i]) + 1;
	return size;
}

static int add(struct h2_requests *requests, const char *name, const char *value)
{
	if (requests->field_count == H2_FIELDS_MAX - 1) /* content-length follows */
		return -E2BIG;
	requests->fields[requests->field_count++] =
		(struct h2_field){ name, value, strlen(name), strlen(value) };
	return 0;
}

static struct h2_field *find(struct h2_requests *requests, const char *name)
{
	for (size_t i = 0; i < requests->field_count; i++) {
		if (strcmp(requests->fields[i].name, name) == 0)
			return &requests->fields[i];
	}
	return NULL;
}

/* RFC 9113 8.2.2: what belongs to one connection of HTTP/1.1. */
static bool is_of_connection(const char *name)
{
	static const char *const names[] = { "connection", "keep-alive", "proxy-connection",
					     "transfer-encoding", "upgrade" };

	for (size_t i = 0; i < array_size(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* "Name: value", in text of ours. */
static int add_header(struct h2_requests *requests, char *header)
{
	char *colon = strchr(header, ':');
	char *value = colon + 1 + strspn(colon + 1, " \t");

	*colon = '\0';
	for (char *at = header; at < colon; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at | 0x20);
	struct h2_field *given =
		find(requests, strcmp(header, "host") == 0 ? ":authority" : header);
	if (is_of_connection(header))
		return 0;
	if (given != NULL && *value == '\0') {
		memmove(given, given + 1,
			(size_t)(requests->fields + --requests->field_count - given) *
				sizeof(*given));
		return 0;
	}
	if (given == NULL)
		return *value != '\0' ? add(requests, header, value) : 0;
	given->value = value;
	given->value_size = strlen(value);
	return 0;
}

static int add_headers(struct h2_requests *requests, const struct http1_request *request)
{
	char *at = requests->text;
	int rc = 0;

	for (uint32_t i = 0; i < request->header_count && rc == 0; i++) {
		size_t size = strlen(request->headers[i]) + 1;
		memcpy(at, request->headers[i], size);
		if (strchr(at, ':') != NULL)
			rc = add_header(requests, at);
		at += size;
	}
	return rc;
}

static int compile_fields(struct h2_requests *requests)
{
	const struct http_script *http = requests->script->http;
	const struct http1_request *request = &http->request;

	requests->text = malloc(text_bytes(requests->script));
	if (requests->text == NULL)
		return -ENOMEM;
	int rc = add(requests, ":method", request->method);
	rc = rc < 0 ? rc : add(requests, ":scheme", http->scheme);
	rc = rc < 0 ? rc : add(requests, ":authority", request->authority);
	rc = rc < 0 ? rc : add(requests, ":path", request->path != NULL ? request->path : "/");
	rc = rc < 0 ? rc : add(requests, "user-agent", "conntest/" CONNTEST_VERSION);
	if (http->is_grpc) {
		rc = rc < 0 ? rc : add(requests, "te", "trailers");
		rc = rc < 0 ? rc : add(requests, "content-type", "application/grpc");
	} else {
		rc = rc < 0 ? rc : add(requests, "accept", "*/*");
	}
	return rc < 0 ? rc : add_headers(requests, request);
}

/* ---- bodies */

static int render(const struct h2_requests *requests, const struct template *template,
		  const struct template_context *context, struct h2_body *ret)
{
	size_t prefix = requests->script->http->is_grpc ? GRPC_PREFIX_BYTES : 0;
	struct iovec *parts = calloc(template_parts_max(template) + 1, sizeof(*parts));
	uint8_t *scratch = malloc(template_scratch_max(template) + 1);
	struct template_output out = { .parts = parts, .scratch = scratch };
	int rc = parts != NULL && scratch != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < template_segment_count(template); i++)
		template_render(template, i, context, &out);
	ret->owned = rc == 0 ? malloc(prefix + out.size + 1) : NULL;
	ret->data = ret->owned;
	ret->size = prefix;
	if (ret->owned == NULL)
		rc = -ENOMEM;
	if (rc == 0 && prefix > 0)
		grpc_write_prefix(ret->owned, (uint32_t)out.size);
	for (size_t i = 0; rc == 0 && i < out.count; i++) {
		memcpy(ret->owned + ret->size, parts[i].iov_base, parts[i].iov_len);
		ret->size += parts[i].iov_len;
	}
	free(parts);
	free(scratch);
	return rc;
}

static const struct template *template_at(const struct h2_requests *requests, uint64_t index)
{
	const struct script *script = requests->script;

	return index < script->first_count ? script->firsts[index]
					   : script->messages[index - script->first_count];
}

static int compile_bodies(struct h2_requests *requests)
{
	static const struct template_context any;
	int rc = 0;

	requests->count = requests->script->first_count + requests->script->message_count;
	requests->fixed = calloc(requests->count + 1u, sizeof(*requests->fixed));
	if (requests->fixed == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < requests->count && rc == 0; i++) {
		const struct template *template = template_at(requests, i);
		if (template_is_constant(template) &&
		    template_size_max(template) <= FIXED_BYTES_MAX)
			rc = render(requests, template, &any, &requests->fixed[i]);
	}
	return rc;
}

int h2_requests_init(struct h2_requests *requests, const struct script *script)
{
	*requests = (struct h2_requests){ .script = script };
	int rc = compile_fields(requests);
	if (rc == 0)
		rc = compile_bodies(requests);
	if (rc < 0)
		h2_requests_deinit(requests);
	return rc;
}

void h2_requests_deinit(struct h2_requests *requests)
{
	for (uint32_t i = 0; requests->fixed != NULL && i < requests->count; i++)
		free(requests->fixed[i].owned);
	free(requests->fixed);
	free(requests->text);
	*requests = (struct h2_requests){ .script = NULL };
}

/* First what is said once, then the messages in turn. */
static uint64_t index_of(const struct script *script, uint64_t sequence)
{
	if (sequence < script->first_count || script->message_count == 0)
		return sequence;
	return script->first_count + (sequence - script->first_count) % script->message_count;
}

int h2_requests_body(const struct h2_requests *requests, const struct template_context *context,
		     struct h2_body *ret)
{
	const struct http_script *http = requests->script->http;
	uint64_t index = index_of(requests->script, context->sequence);

	*ret = (struct h2_body){ .data = http->health, .size = http->health_bytes };
	if (http->health != NULL || index >= requests->count)
		return 0;
	if (requests->fixed[index].data == NULL)
		return render(requests, template_at(requests, index), context, ret);
	*ret = (struct h2_body){ .data = requests->fixed[index].data,
				 .size = requests->fixed[index].size };
	return 0;
}
