/* What `traffic` says to a server that echoes: messages of one size, a head and zeros, which come
 * back with the server's name over the first 64 bytes of the connection. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/message.h"
#include "engine/script.h"
#include "engine/worker.h"

struct echo_speech {
	struct message_place sending;
	struct message_place receiving;
	uint8_t name[WIRE_NAME_BYTES]; /* the first bytes that came */
};

struct echo_state {
	struct iovec zeros;
	struct message_heads heads;
	char name[WIRE_NAME_BYTES];
};

static int init(struct speaker *speaker)
{
	struct echo_state *state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->zeros = (struct iovec){ (void *)speaker->worker->zeros, WORKER_SCRATCH_BYTES };
	speaker->state = state;
	return 0;
}

static void deinit(struct speaker *speaker)
{
	free(speaker->state);
}

static void begin(struct speaker *speaker, void *memory, const struct speech_start *start)
{
	(void)speaker;
	*(struct echo_speech *)memory = (struct echo_speech){
		.sending.sequence = start->sequence,
		.receiving.sequence = start->sequence,
	};
}

static bool is_at_rest(const struct speaker *speaker, const void *memory)
{
	const struct echo_speech *speech = memory;
	(void)speaker;
	return speech->sending.offset == 0 && speech->receiving.offset == 0 &&
	       speech->receiving.sequence == speech->sending.sequence;
}

static void write(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
		  struct speech_parts *ret)
{
	struct echo_state *state = speaker->state;
	const struct echo_speech *speech = memory;
	(void)now_ns;
	message_build(ret, &state->heads, speech->sending, count, speaker->script->message_bytes,
		      &state->zeros);
}

static uint64_t begun(const struct echo_speech *speech)
{
	return speech->sending.sequence + (speech->sending.offset > 0);
}

static uint32_t wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial)
{
	struct echo_speech *speech = memory;
	uint64_t before = begun(speech);
	(void)message_advance(&speech->sending, speaker->script->message_bytes, size);
	*ret_is_partial = speech->sending.offset > 0;
	return (uint32_t)(begun(speech) - before);
}

/* How much of `size` bytes may belong to the answer under way: not beyond its end, and not beyond
 * what was sent. 0: nobody asked for these bytes. */
static size_t answer_room(const struct speaker *speaker, const struct echo_speech *speech,
			  size_t size)
{
	uint32_t end = speech->receiving.sequence == speech->sending.sequence
			       ? speech->sending.offset
			       : speaker->script->message_bytes;
	size_t room = end > speech->receiving.offset ? end - speech->receiving.offset : 0;
	return room < size ? room : size;
}

static void keep_name(struct echo_speech *speech, const uint8_t *data, size_t size)
{
	if (speech->receiving.sequence > 0 || speech->receiving.offset >= WIRE_NAME_BYTES)
		return;
	size_t room = WIRE_NAME_BYTES - speech->receiving.offset;
	memcpy(speech->name + speech->receiving.offset, data, size < room ? size : room);
}

static const char *read_name(struct speaker *speaker, const struct echo_speech *speech)
{
	struct echo_state *state = speaker->state;
	return wire_read_name(speech->name, WIRE_NAME_BYTES, state->name) ? state->name : "";
}

static void hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
		 struct heard *ret)
{
	const struct echo_state *state = speaker->state;
	struct echo_speech *speech = memory;
	uint32_t message_bytes = speaker->script->message_bytes;
	size_t piece = answer_room(speaker, speech, size);
	*ret = (struct heard){ .what = HEARD_ALL, .used = piece };
	if (size == 0)
		return;
	if (piece == 0 ||
	    !message_is_echo(speech->receiving, message_bytes, data, piece, &state->zeros)) {
		ret->what = HEARD_WRONG;
		ret->outcome = OUTCOME_CORRUPTED;
		return;
	}
	keep_name(speech, data, piece);
	if (!message_advance(&speech->receiving, message_bytes, piece))
		return;
	ret->what = HEARD_REPLY;
	ret->outcome = OUTCOME_DONE;
	if (speech->receiving.sequence == 1)
		ret->backend = read_name(speaker, speech);
}

const struct speaker_kind speaker_echo = {
	.name = "echo",
	.speech_bytes = sizeof(struct echo_speech),
	.init = init,
	.deinit = deinit,
	.begin = begin,
	.is_at_rest = is_at_rest,
	.write = write,
	.wrote = wrote,
	.hear = hear,
};
