#include <string.h>

#include "engine/speaker_ws.h"
#include "sys/clock.h"

static struct iovec room_left(struct ws_state *state, const struct speech_parts *parts)
{
	return (struct iovec){ state->window + parts->size, sizeof(state->window) - parts->size };
}

static struct ws_span *add_span(struct ws_state *state, enum ws_span_kind kind, size_t size,
				struct speech_parts *ret)
{
	struct ws_span *span = &state->spans[state->span_count++];

	assert(state->span_count <= WS_SPANS_MAX);
	*span = (struct ws_span){ .kind = kind, .size = size };
	ret->size += size;
	return span;
}

static size_t copy(uint8_t *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return size;
}

static void write_request(struct ws_state *state, const struct ws_speech *speech,
			  struct speech_parts *ret)
{
	if (speech->extra == NULL)
		return;
	const struct ws_opening *opening = &speech->extra->opening;
	uint8_t *to = state->window;
	to += copy(to, state->request.data, state->request.size);
	to += copy(to, opening->handshake.key, sizeof(opening->handshake.key));
	to += copy(to, WEBSOCKET_REQUEST_END, strlen(WEBSOCKET_REQUEST_END));
	size_t left = (size_t)(to - state->window) - opening->sent;
	memmove(state->window, to - left, left);
	if (left > 0)
		(void)add_span(state, WS_SPAN_REQUEST, left, ret);
}

static void write_control(struct ws_state *state, const struct ws_speech *speech,
			  struct speech_parts *ret)
{
	if (speech->extra == NULL)
		return;
	size_t size = ws_controls_write(&speech->extra->controls, state->window + ret->size);
	if (size > 0)
		(void)add_span(state, WS_SPAN_CONTROL, size, ret);
}

/* Room is kept for a control frame, which may have to follow. False: it was cut. */
static bool write_message(struct ws_state *state, struct ws_place *place, uint64_t offset,
			  struct speech_parts *ret)
{
	struct iovec room = room_left(state, ret);
	bool is_whole = false;

	if (room.iov_len <= WEBSOCKET_CONTROL_FRAME_MAX)
		return false;
	room.iov_len -= WEBSOCKET_CONTROL_FRAME_MAX;
	size_t size = ws_messages_write(&state->messages, place, offset, room, &is_whole);
	if (size == 0)
		return false;
	struct ws_span *span = add_span(state, WS_SPAN_MESSAGE, size, ret);
	span->is_whole = is_whole;
	span->binaries = place->binaries;
	return is_whole;
}

static void write_messages(struct ws_state *state, const struct ws_speech *speech, uint32_t count,
			   struct speech_parts *ret)
{
	struct ws_place place = speech->sending;
	bool is_partial = speech->offset > 0;

	if (is_partial && !write_message(state, &place, speech->offset, ret))
		return;
	/* A part of a control frame goes before anything else, a whole one between messages. */
	write_control(state, speech, ret);
	place.sequence += is_partial;
	place.unix_ns = state->unix_ns;
	for (uint32_t i = is_partial; i < count && i < SPEECH_BATCH_MAX; i++, place.sequence++) {
		if (speech->has_said_goodbye ||
		    !ws_messages_has(&state->messages, place.sequence) ||
		    !write_message(state, &place, 0, ret))
			return;
	}
}

/* Nothing but messages, which lie ready. */
static bool is_all_same(const struct ws_state *state, const struct ws_speech *speech)
{
	return state->messages.ring != NULL && speech->extra == NULL && !speech->has_said_goodbye;
}

/* `count` messages, of the first of which `offset` bytes are sent: stretches of the ring. */
static void write_same(struct ws_state *state, const struct ws_speech *speech, uint32_t count,
		       struct speech_parts *ret)
{
	const struct ws_messages *messages = &state->messages;
	size_t ring_bytes = messages->ring_count * messages->same_size;
	size_t at =
		(size_t)(speech->sending.sequence % messages->ring_count) * messages->same_size +
		(size_t)speech->offset;
	uint64_t left = (uint64_t)count * messages->same_size - speech->offset;

	if (left > SPEECH_SAME_BYTES)
		left = SPEECH_SAME_BYTES;
	(void)add_span(state, WS_SPAN_SAME, (size_t)left, ret);
	while (left > 0 && ret->count < SPEECH_PARTS_MAX) {
		size_t size = ring_bytes - at < left ? ring_bytes - at : (size_t)left;
		ret->parts[ret->count++] = (struct iovec){ messages->ring + at, size };
		left -= size;
		at = 0;
	}
}

void ws_write(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
	      struct speech_parts *ret)
{
	struct ws_state *state = speaker->state;
	const struct ws_speech *speech = memory;

	ret->size = 0;
	ret->count = 0;
	state->span_count = 0;
	if (state->messages.has_time)
		state->unix_ns = (uint64_t)clock_wall_at(now_ns).unix_ns;
	if (speech->is_open && is_all_same(state, speech)) {
		if (count > 0)
			write_same(state, speech, count, ret);
		return;
	}
	if (speech->is_open)
		write_messages(state, speech, count, ret);
	else
		write_request(state, speech, ret);
	ret->parts[0] = (struct iovec){ state->window, ret->size };
	ret->count = ret->size > 0;
}

/* Returns 1 if its first byte was among these. */
static uint32_t wrote_message(struct ws_state *state, struct ws_speech *speech,
			      const struct ws_span *span, size_t size)
{
	bool is_first = speech->offset == 0;

	if (is_first) {
		speech->sending.unix_ns = state->unix_ns;
		speech->sending.binaries = span->binaries;
		if (state->is_echo && state->messages.has_time)
			(void)stamp_add(&state->stamps, &speech->stamps, state->unix_ns, 1);
	}
	speech->offset += size;
	if (size == span->size && span->is_whole) {
		speech->sending.sequence++;
		speech->offset = 0;
	}
	return is_first;
}

/* Returns how many began. */
static uint32_t wrote_same(const struct ws_state *state, struct ws_speech *speech, size_t size)
{
	size_t one = state->messages.same_size;
	uint64_t end = speech->offset + size;
	uint64_t whole = end / one;
	bool was_partial = speech->offset > 0;

	speech->sending.sequence += whole;
	speech->offset = end - whole * one;
	return (uint32_t)(whole + (speech->offset > 0) - was_partial);
}

uint32_t ws_wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;
	uint32_t started = 0;

	for (uint32_t i = 0; i < state->span_count && size > 0; i++) {
		const struct ws_span *span = &state->spans[i];
		size_t taken = size < span->size ? size : span->size;
		if (span->kind == WS_SPAN_REQUEST)
			speech->extra->opening.sent += (uint32_t)taken;
		else if (span->kind == WS_SPAN_CONTROL)
			ws_controls_wrote(&speech->extra->controls, taken, &state->random);
		else if (span->kind == WS_SPAN_SAME)
			started += wrote_same(state, speech, taken);
		else
			started += wrote_message(state, speech, span, taken);
		size -= taken;
	}
	state->span_count = 0;
	*ret_is_partial = speech->offset > 0;
	return started;
}
