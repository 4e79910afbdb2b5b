/* How speaker_raw tells answers apart. */
#include <string.h>

#include "base/units.h"
#include "engine/speaker_raw.h"

/* Messages whose first byte was sent. */
static uint64_t begun(const struct raw_speech *speech)
{
	return speech->sequence + (speech->offset > 0);
}

static void set_wrong(struct heard *ret, enum outcome outcome, size_t used)
{
	ret->what = HEARD_WRONG;
	ret->outcome = outcome;
	ret->used = used;
}

/* The message that was to be answered next is answered. */
static void set_answered(struct raw_state *state, struct raw_speech *speech, struct heard *ret)
{
	ret->what = HEARD_REPLY;
	ret->outcome = OUTCOME_DONE;
	ret->is_mismatched = speech->has_unasked_marker;
	speech->has_unasked_marker = false;
	speech->answered++;
	speech->echoed = 0;
	if (!state->keeps_times)
		return;
	uint64_t unix_ns = stamp_take(&state->times, &speech->times);
	if (state->reply == REPLY_MARKER && speech->reply.value != unix_ns / NS_PER_US)
		ret->is_mismatched = true;
}

/* ---- echo ---- */

static bool is_zero(const struct raw_state *state, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at += state->block_size) {
		size_t piece = size - at < state->block_size ? size - at : state->block_size;
		if (memcmp(data + at, state->block, piece) != 0)
			return false;
	}
	return true;
}

/* Whether `data` stands behind the first `skip` bytes of the parts. */
static bool is_in_parts(const struct iovec *parts, size_t count, uint64_t skip, const uint8_t *data,
			size_t size)
{
	for (size_t i = 0; i < count && size > 0; i++) {
		if (skip >= parts[i].iov_len) {
			skip -= parts[i].iov_len;
			continue;
		}
		size_t piece = parts[i].iov_len - (size_t)skip;
		piece = piece < size ? piece : size;
		if (memcmp((const uint8_t *)parts[i].iov_base + skip, data, piece) != 0)
			return false;
		data += piece;
		size -= piece;
		skip = 0;
	}
	return size == 0;
}

/* The message that is echoed, as it was sent. */
struct original {
	const struct iovec *parts; /* NULL: the block */
	size_t count;
	uint64_t size;
};

static void find_original(const struct speaker *speaker, const struct raw_speech *speech,
			  struct original *ret)
{
	const struct raw_state *state = speaker->state;

	*ret = (struct original){ .size = state->same_size };
	if (state->same_size > 0)
		return;
	const struct raw_message *message = raw_message_at(state, speech->answered);
	if (message->parts) {
		*ret = (struct original){ message->parts, message->part_count, message->size };
		return;
	}
	struct template_output out;
	raw_render(speaker, speech, speech->answered, stamp_oldest(&state->times, &speech->times),
		   state->scratch, &out);
	*ret = (struct original){ out.parts, out.count, out.size };
}

static bool is_echo(const struct raw_state *state, const struct original *original, uint64_t skip,
		    const uint8_t *data, size_t size)
{
	if (original->parts)
		return is_in_parts(original->parts, original->count, skip, data, size);
	if (state->is_zeros)
		return is_zero(state, data, size);
	return memcmp(state->block + skip, data, size) == 0;
}

static void hear_echo(const struct speaker *speaker, struct raw_speech *speech, const uint8_t *data,
		      size_t size, struct heard *ret)
{
	struct raw_state *state = speaker->state;
	struct original original;

	if (speech->answered == begun(speech)) {
		set_wrong(ret, OUTCOME_CORRUPTED, 0);
		return;
	}
	find_original(speaker, speech, &original);
	bool is_whole = speech->answered < speech->sequence;
	uint64_t left = (is_whole ? original.size : speech->offset) - speech->echoed;
	size_t piece = size < left ? size : (size_t)left;
	if (piece == 0 || !is_echo(state, &original, speech->echoed, data, piece)) {
		set_wrong(ret, OUTCOME_CORRUPTED, piece);
		return;
	}
	speech->echoed += piece;
	ret->used = piece;
	if (speech->echoed == original.size)
		set_answered(state, speech, ret);
}

/* ---- reply rules ---- */

/* What comes while no message is owed an answer. Before the first message it is a greeting. Rules
 * that look for an end can't tell what stands behind it (a line's end), so that is let pass. */
static void hear_unasked(struct raw_state *state, struct raw_speech *speech, const uint8_t *data,
			 size_t size, struct heard *ret)
{
	bool has_length = state->reply == REPLY_BYTES || state->reply == REPLY_LENGTH_U16 ||
			  state->reply == REPLY_LENGTH_U32;

	if (has_length && begun(speech) > 0)
		set_wrong(ret, OUTCOME_PROTOCOL, 0);
	if (state->reply != REPLY_MARKER)
		return;
	for (size_t at = 0; at < size;) {
		size_t used = 0;
		if (reply_match(&state->matcher, &speech->reply, data + at, size - at, &used) ==
		    OUTCOME_DONE) {
			speech->has_unasked_marker = true;
			reply_state_clear(&state->matcher, &speech->reply);
		}
		at += used;
	}
}

static void hear_rule(struct raw_state *state, struct raw_speech *speech, const uint8_t *data,
		      size_t size, struct heard *ret)
{
	size_t used = 0;
	enum outcome outcome = reply_match(&state->matcher, &speech->reply, data, size, &used);

	if (outcome == OUTCOME_OPEN)
		return;
	ret->used = used;
	if (outcome == OUTCOME_DONE)
		set_answered(state, speech, ret);
	else
		set_wrong(ret, outcome, used);
	reply_state_clear(&state->matcher, &speech->reply);
}

static void hear_answer(const struct speaker *speaker, struct raw_speech *speech,
			const uint8_t *data, size_t size, struct heard *ret)
{
	struct raw_state *state = speaker->state;

	if (state->reply == REPLY_ECHO)
		hear_echo(speaker, speech, data, size, ret);
	else if (speech->answered == begun(speech))
		hear_unasked(state, speech, data, size, ret);
	else
		hear_rule(state, speech, data, size, ret);
}

/* ---- texts that are looked for ---- */

static void look_for_expected(const struct raw_state *state, struct raw_speech *speech,
			      const uint8_t *data, struct heard *ret)
{
	if (!speech->has_expected)
		speech->has_expected =
			needle_find(&state->expect, &speech->expect_matched, data, ret->used) > 0;
	if (ret->what != HEARD_REPLY)
		return;
	if (!speech->has_expected)
		ret->outcome = OUTCOME_REJECTED;
	speech->has_expected = false;
	speech->expect_matched = 0;
}

/* It is told first, and what else was heard with the next call: the answer may be the last thing
 * that its owner wants to hear from this connection. */
static void look_for_stop(const struct raw_state *state, struct raw_speech *speech,
			  const uint8_t *data, size_t size, struct heard *ret)
{
	size_t looked = ret->what == HEARD_WRONG ? size : ret->used;

	if (needle_find(&state->stop, &speech->stop_matched, data, looked) == 0)
		return;
	if (ret->what == HEARD_ALL) {
		ret->what = HEARD_STOP;
		return;
	}
	speech->held = (struct raw_held){
		.used = ret->used,
		.what = (uint8_t)ret->what,
		.outcome = (uint8_t)ret->outcome,
		.is_mismatched = ret->is_mismatched,
	};
	*ret = (struct heard){ .what = HEARD_STOP };
}

static void tell_held(struct raw_speech *speech, struct heard *ret)
{
	*ret = (struct heard){
		.what = (enum heard_what)speech->held.what,
		.used = (size_t)speech->held.used,
		.outcome = (enum outcome)speech->held.outcome,
		.is_mismatched = speech->held.is_mismatched,
	};
	speech->held = (struct raw_held){ 0 };
}

void raw_hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
	      struct heard *ret)
{
	const struct raw_state *state = speaker->state;
	struct raw_speech *speech = memory;

	*ret = (struct heard){ .what = HEARD_ALL, .used = size };
	if (size == 0)
		return;
	if (speech->held.what != HEARD_ALL) {
		tell_held(speech, ret);
		return;
	}
	bool is_owed = speech->answered < begun(speech);
	if (state->is_answered)
		hear_answer(speaker, speech, data, size, ret);
	if (state->expect.size > 0 && state->is_answered && is_owed)
		look_for_expected(state, speech, data, ret);
	if (state->stop.size > 0)
		look_for_stop(state, speech, data, size, ret);
}
