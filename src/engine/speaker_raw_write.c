/* What speaker_raw sends. */
#include "engine/speaker_raw.h"
#include "sys/clock.h"

static bool has_room(const struct speech_parts *parts)
{
	return parts->count < SPEECH_PARTS_MAX;
}

static void add_part(struct speech_parts *ret, const void *data, size_t size)
{
	ret->parts[ret->count++] = (struct iovec){ .iov_base = (void *)data, .iov_len = size };
	ret->size += size;
}

/* `count` messages of which `offset` bytes are sent: stretches of the block. */
static void write_same(const struct raw_state *state, uint64_t offset, uint32_t count,
		       struct speech_parts *ret)
{
	uint64_t left = (uint64_t)count * state->same_size - offset;
	if (left > SPEECH_SAME_BYTES)
		left = SPEECH_SAME_BYTES;
	size_t at = state->is_zeros ? 0 : (size_t)offset;

	while (left > 0 && has_room(ret)) {
		size_t size = state->block_size - at;
		if (size > left)
			size = (size_t)left;
		add_part(ret, state->block + at, size);
		left -= size;
		at = 0;
	}
}

void raw_render(const struct speaker *speaker, const struct raw_speech *speech, uint64_t sequence,
		uint64_t unix_ns, uint8_t *scratch, struct template_output *ret)
{
	const struct raw_state *state = speaker->state;
	const struct template_context context = {
		.uid = speech->uid,
		.sequence = sequence,
		.number = speech->uid + sequence * state->stride,
		.unix_ns = unix_ns,
		.seed = speaker->script->seed,
	};

	*ret = (struct template_output){ .parts = state->parts, .scratch = scratch };
	template_render_all(raw_message_at(state, sequence)->template, &context, ret);
}

/* Behind the first `skip` bytes; cut where the parts end. */
static void add_parts(struct speech_parts *ret, const struct iovec *parts, size_t count,
		      uint64_t skip)
{
	for (size_t i = 0; i < count && has_room(ret); i++) {
		if (skip >= parts[i].iov_len) {
			skip -= parts[i].iov_len;
			continue;
		}
		add_part(ret, (const uint8_t *)parts[i].iov_base + skip,
			 parts[i].iov_len - (size_t)skip);
		skip = 0;
	}
}

/* Where the next message of a batch goes. */
struct batch {
	uint32_t index;
	size_t scratch_used;
};

/* False: there is no room for it, or it may not begin yet. */
static bool may_add(const struct raw_state *state, const struct raw_speech *speech,
		    const struct batch *batch, const struct speech_parts *ret)
{
	uint64_t sequence = speech->sequence + batch->index;
	bool is_begun = batch->index == 0 && speech->offset > 0;

	if (!has_room(ret) || !raw_has_message(state, sequence))
		return false;
	if (state->keeps_times && !is_begun && sequence - speech->answered >= RAW_TIMES_MAX)
		return false;
	const struct raw_message *message = raw_message_at(state, sequence);
	return message->parts ||
	       template_scratch_max(message->template) <= state->scratch_size - batch->scratch_used;
}

static void add_message(const struct speaker *speaker, const struct raw_speech *speech,
			struct batch *batch, struct speech_parts *ret)
{
	struct raw_state *state = speaker->state;
	uint64_t sequence = speech->sequence + batch->index;
	uint64_t skip = batch->index == 0 ? speech->offset : 0;
	const struct raw_message *message = raw_message_at(state, sequence);

	if (message->parts) {
		add_parts(ret, message->parts, message->part_count, skip);
		state->sizes[batch->index] = message->size;
		return;
	}
	struct template_output out;
	raw_render(speaker, speech, sequence, skip > 0 ? speech->unix_ns : state->unix_ns,
		   state->scratch + batch->scratch_used, &out);
	add_parts(ret, out.parts, out.count, skip);
	state->sizes[batch->index] = out.size;
	batch->scratch_used = (size_t)(out.scratch - state->scratch);
}

void raw_write(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
	       struct speech_parts *ret)
{
	struct raw_state *state = speaker->state;
	const struct raw_speech *speech = memory;

	ret->count = 0;
	ret->size = 0;
	if (state->same_size > 0 && count > 0)
		write_same(state, speech->offset, count, ret);
	if (!state->messages || state->same_size > 0)
		return;
	if (count > SPEECH_BATCH_MAX)
		count = SPEECH_BATCH_MAX;
	if (state->has_time)
		state->unix_ns = (uint64_t)clock_wall_at(now_ns).unix_ns;
	for (struct batch batch = { 0 }; batch.index < count && may_add(state, speech, &batch, ret);
	     batch.index++)
		add_message(speaker, speech, &batch, ret);
}

/* Returns how many messages began. */
static uint32_t advance_same(const struct raw_state *state, struct raw_speech *speech, size_t size)
{
	uint64_t end = speech->offset + size;
	uint64_t whole = end / state->same_size;
	bool was_partial = speech->offset > 0;

	speech->sequence += whole;
	speech->offset = end - whole * state->same_size;
	return (uint32_t)(whole + (speech->offset > 0) - was_partial);
}

static uint32_t advance(const struct raw_state *state, struct raw_speech *speech, size_t size)
{
	uint32_t begun = 0;

	for (uint32_t i = 0; size > 0; i++) {
		size_t rest = state->sizes[i] - (size_t)speech->offset;
		if (speech->offset == 0) {
			begun++;
			speech->unix_ns = state->unix_ns;
		}
		if (size < rest) {
			speech->offset += size;
			break;
		}
		size -= rest;
		speech->offset = 0;
		speech->sequence++;
	}
	return begun;
}

uint32_t raw_wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial)
{
	struct raw_state *state = speaker->state;
	struct raw_speech *speech = memory;
	uint32_t begun = state->same_size > 0 ? advance_same(state, speech, size)
					      : advance(state, speech, size);

	if (begun > 0 && state->keeps_times)
		(void)stamp_add(&state->times, &speech->times, state->unix_ns, begun);
	*ret_is_partial = speech->offset > 0;
	return begun;
}
