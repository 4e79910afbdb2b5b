#include "engine/volley.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As many as fit in here leave together. */
#define VOLLEY_BYTES (256 * 1024)

struct volley_message {
	const struct template *template;
	uint8_t *bytes; /* of a constant one; NULL: it varies */
	size_t size;
};

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Copies what has been rendered in parts; returns its size. */
static size_t gather(const struct volley *volley, const struct template *template,
		     const struct template_context *context, uint8_t *ret)
{
	struct template_output out = { .parts = volley->parts, .scratch = volley->scratch };
	size_t size = 0;

	template_render_all(template, context, &out);
	for (size_t i = 0; i < out.count; i++) {
		memcpy(ret + size, out.parts[i].iov_base, out.parts[i].iov_len);
		size += out.parts[i].iov_len;
	}
	return size;
}

static int prepare_message(struct volley *volley, struct volley_message *message)
{
	const struct template_context any = { .seed = volley->script->seed };

	if (!template_is_constant(message->template)) {
		volley->largest = larger(volley->largest, template_size_max(message->template));
		return 0;
	}
	message->bytes = malloc(larger(template_size_max(message->template), 1));
	if (message->bytes == NULL)
		return -ENOMEM;
	message->size = gather(volley, message->template, &any, message->bytes);
	return 0;
}

static int allocate(struct volley *volley)
{
	const struct script *script = volley->script;
	size_t scratch = 1;
	size_t parts = 1;

	for (uint32_t i = 0; i < script->message_count; i++) {
		scratch = larger(scratch, template_scratch_max(script->messages[i]));
		parts = larger(parts, template_parts_max(script->messages[i]));
	}
	volley->messages = calloc(script->message_count + 1, sizeof(*volley->messages));
	volley->scratch = malloc(scratch);
	volley->parts = calloc(parts, sizeof(*volley->parts));
	return volley->messages && volley->scratch && volley->parts ? 0 : -ENOMEM;
}

int volley_init(struct volley *volley, const struct script *script)
{
	*volley = (struct volley){ .script = script, .most = DATAGRAM_BATCH_MAX };
	int result = allocate(volley);

	for (uint32_t i = 0; i < script->message_count && result >= 0; i++) {
		volley->messages[i].template = script->messages[i];
		result = prepare_message(volley, &volley->messages[i]);
	}
	if (result < 0 || volley->largest == 0)
		return result;
	assert(volley->largest <= VOLLEY_BYTES_MAX);
	if (VOLLEY_BYTES / volley->largest < volley->most)
		volley->most = (uint32_t)(VOLLEY_BYTES / volley->largest);
	volley->bytes = malloc(volley->most * volley->largest);
	return volley->bytes ? 0 : -ENOMEM;
}

void volley_deinit(struct volley *volley)
{
	for (uint32_t i = 0; volley->messages && i < volley->script->message_count; i++)
		free(volley->messages[i].bytes);
	free(volley->messages);
	free(volley->scratch);
	free(volley->parts);
	free(volley->bytes);
	*volley = (struct volley){ 0 };
}

int volley_send(struct volley *volley, const struct volley_track *track, uint64_t sequence,
		uint32_t count, uint64_t unix_ns, uint64_t *ret_bytes)
{
	struct datagram batch[DATAGRAM_BATCH_MAX];
	struct template_context context = {
		.uid = track->uid,
		.unix_ns = unix_ns,
		.seed = volley->script->seed,
	};

	if (count > volley->most)
		count = volley->most;
	for (uint32_t i = 0; i < count; i++) {
		const struct volley_message *message =
			&volley->messages[(sequence + i) % volley->script->message_count];
		batch[i] = (struct datagram){ .data = message->bytes, .size = message->size };
		if (message->bytes != NULL)
			continue;
		context.sequence = sequence + i;
		context.number = track->uid + context.sequence * track->stride;
		batch[i].data = volley->bytes + i * volley->largest;
		batch[i].size = gather(volley, message->template, &context, batch[i].data);
	}
	int sent = datagram_send(track->socket, batch, (int)count);
	*ret_bytes = 0;
	for (int i = 0; i < sent; i++)
		*ret_bytes += batch[i].size;
	return sent;
}
