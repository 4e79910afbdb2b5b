#include "engine/h2_requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "engine/http_script.h"
#include "proto/grpc.h"

/* A body that never varies and is no larger is rendered once. */
#define FIXED_BYTES_MAX ((size_t)64 * 1024)

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
	const struct http_script *http = script->http;
	int rc = h2_fields_init(&requests->fields, &http->request, http->scheme,
				http->is_grpc ? H2_CONTENT_GRPC : H2_CONTENT_ANY);
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
	h2_fields_deinit(&requests->fields);
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
