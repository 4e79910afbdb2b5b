/* Says what templates say, or zeros, or nothing, and tells answers apart by a reply rule. */
#include "engine/speaker_raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A message of this size or less is copied until the block is full, so that a send has few parts.
 */
#define COPIED_SIZE_MAX 2048
#define BLOCK_BYTES     ((size_t)64 * 1024)

/* Scratch for a batch of renderings, where they are small. */
#define BATCH_SCRATCH_BYTES ((size_t)64 * 1024)

static int init_constant(struct raw_message *message)
{
	size_t parts_max = template_parts_max(message->template);
	uint8_t scratch[1];
	static const struct template_context any;

	message->parts = calloc(parts_max, sizeof(*message->parts));
	if (!message->parts)
		return -ENOMEM;
	struct template_output out = { .parts = message->parts, .scratch = scratch };
	template_render_all(message->template, &any, &out);
	message->part_count = out.count;
	message->size = out.size;
	return 0;
}

static int init_message(struct raw_state *state, const struct template *template, uint32_t index)
{
	struct raw_message *message = &state->messages[index];

	/* Nothing would be sent, for ever: the options ask for bytes when they compile it. */
	if (template_size_min(template) == 0)
		return -EINVAL;
	message->template = template;
	state->has_time = state->has_time || template_has_time(template);
	state->has_marker = state->has_marker || template_has_marker(template);
	return template_is_constant(template) ? init_constant(message) : 0;
}

/* Room for the largest rendering, and for a whole batch if that is small. */
static int init_scratch(struct raw_state *state)
{
	size_t parts_max = 1;
	size_t scratch_max = 1;

	for (uint32_t i = 0; i < state->first_count + state->turn_count; i++) {
		const struct template *template = state->messages[i].template;
		if (state->messages[i].parts)
			continue;
		if (template_parts_max(template) > parts_max)
			parts_max = template_parts_max(template);
		if (template_scratch_max(template) > scratch_max)
			scratch_max = template_scratch_max(template);
	}
	size_t batch = scratch_max < BATCH_SCRATCH_BYTES / SPEECH_BATCH_MAX
			       ? scratch_max * SPEECH_BATCH_MAX
			       : BATCH_SCRATCH_BYTES;
	state->scratch_size = batch > scratch_max ? batch : scratch_max;
	state->parts = calloc(parts_max, sizeof(*state->parts));
	state->scratch = malloc(state->scratch_size);
	return state->parts && state->scratch ? 0 : -ENOMEM;
}

static int init_messages(struct raw_state *state, const struct script *script)
{
	uint32_t count = script->first_count + script->message_count;
	int rc = 0;

	state->messages = calloc(count, sizeof(*state->messages));
	if (!state->messages)
		return -ENOMEM;
	state->first_count = script->first_count;
	state->turn_count = script->message_count;
	for (uint32_t i = 0; i < count && rc == 0; i++)
		rc = init_message(state,
				  i < script->first_count
					  ? script->firsts[i]
					  : script->messages[i - script->first_count],
				  i);
	return rc == 0 ? init_scratch(state) : rc;
}

/* One constant message, again and again. */
static int init_same(struct raw_state *state, const struct raw_message *message)
{
	if (message->part_count != 1)
		return 0;
	state->block = message->parts[0].iov_base;
	state->block_size = message->size;
	if (message->size <= COPIED_SIZE_MAX) {
		state->block_size = BLOCK_BYTES / message->size * message->size;
		state->own_block = malloc(state->block_size);
		if (!state->own_block)
			return -ENOMEM;
		for (size_t at = 0; at < state->block_size; at += message->size)
			memcpy(state->own_block + at, state->block, message->size);
		state->block = state->own_block;
	}
	state->same_size = message->size;
	return 0;
}

static int init_sending(struct speaker *speaker, struct raw_state *state)
{
	const struct script *script = speaker->script;

	if (script->first_count + script->message_count == 0) {
		state->same_size = script->bulk_bytes;
		state->block = speaker->worker->zeros;
		state->block_size = WORKER_SCRATCH_BYTES;
		state->is_zeros = true;
		return 0;
	}
	int rc = init_messages(state, script);
	if (rc == 0 && script->first_count == 0 && script->message_count == 1)
		rc = init_same(state, &state->messages[0]);
	return rc;
}

static int init_hearing(struct raw_state *state, const struct script *script)
{
	int rc = 0;

	state->is_answered =
		script->is_answered && script->reply && script->reply->kind != REPLY_NONE;
	state->reply = state->is_answered ? script->reply->kind : REPLY_NONE;
	state->keeps_times =
		state->reply == REPLY_MARKER || (state->reply == REPLY_ECHO && state->has_time);
	if (state->is_answered)
		rc = reply_matcher_init(&state->matcher, script->reply);
	if (rc == 0)
		rc = needle_init_text(&state->stop, script->stop_on);
	if (rc == 0)
		rc = needle_init_text(&state->expect, script->expect_text);
	return rc;
}

static void deinit(struct speaker *speaker)
{
	struct raw_state *state = speaker->state;

	if (!state)
		return;
	for (uint32_t i = 0; state->messages && i < state->first_count + state->turn_count; i++)
		free(state->messages[i].parts);
	free(state->messages);
	free(state->own_block);
	free(state->parts);
	free(state->scratch);
	reply_matcher_deinit(&state->matcher);
	needle_deinit(&state->stop);
	needle_deinit(&state->expect);
	stamp_pool_deinit(&state->times);
	free(state);
	speaker->state = NULL;
}

static int init(struct speaker *speaker)
{
	struct raw_state *state = calloc(1, sizeof(*state));
	uint32_t connections = speaker->worker->plan->slots.count;

	if (!state)
		return -ENOMEM;
	speaker->state = state;
	stamp_pool_init(&state->times);
	state->stride = connections > 0 ? connections : 1;
	int rc = init_sending(speaker, state);
	if (rc == 0)
		rc = init_hearing(state, speaker->script);
	if (rc < 0)
		deinit(speaker);
	return rc;
}

static void begin(struct speaker *speaker, void *memory, const struct speech_start *start)
{
	struct raw_speech *speech = memory;

	(void)speaker;
	*speech = (struct raw_speech){
		.uid = start->uid,
		.sequence = start->sequence,
		.answered = start->sequence,
	};
	stamp_queue_init(&speech->times);
}

static void end(struct speaker *speaker, void *memory)
{
	struct raw_state *state = speaker->state;
	struct raw_speech *speech = memory;

	stamp_clear(&state->times, &speech->times);
	reply_state_clear(&state->matcher, &speech->reply);
}

static bool is_at_rest(const struct speaker *speaker, const void *memory)
{
	const struct raw_state *state = speaker->state;
	const struct raw_speech *speech = memory;
	bool is_answered = !state->is_answered || speech->answered == speech->sequence;

	return is_answered && speech->offset == 0 && reply_state_is_clear(&speech->reply) &&
	       speech->held.what == HEARD_ALL && !speech->has_unasked_marker &&
	       speech->stop_matched == 0;
}

_Static_assert(sizeof(struct raw_speech) % 8 == 0 && sizeof(struct raw_speech) <= 128,
	       "each connection has one");

const struct speaker_kind speaker_raw = {
	.name = "raw",
	.speech_bytes = sizeof(struct raw_speech),
	.init = init,
	.deinit = deinit,
	.begin = begin,
	.end = end,
	.is_at_rest = is_at_rest,
	.write = raw_write,
	.wrote = raw_wrote,
	.hear = raw_hear,
};
