/* The speaker of WebSockets (RFC 6455): asks for the upgrade, sends the script's messages as masked
 * frames, answers pings and goodbyes, and hears data messages as answers. What is sent is written
 * into the speaker's window, as masking copies anyway: a send is one part. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/needle.h"
#include "base/random.h"
#include "base/slab.h"
#include "engine/speaker.h"
#include "engine/stamps.h"
#include "engine/worker.h"
#include "engine/ws_controls.h"
#include "engine/ws_messages.h"
#include "engine/ws_script.h"
#include "proto/http1.h"
#include "proto/websocket.h"
#include "proto/websocket_handshake.h"
#include "sys/clock.h"

/* Larger messages are written and masked in stretches of this; what a send did not take is written
 * again, so it is not much more than a socket's buffer takes. */
#define WINDOW_BYTES      (128 * 1024)
#define REQUEST_MAX_BYTES (64 * 1024)
#define EXTRAS_AT_ONCE    64
#define SPANS_MAX         (SPEECH_BATCH_MAX + 3)

/* ---- memory */

struct opening {
	struct http1 http;
	struct websocket_opening handshake;
	uint32_t sent; /* of the request */
};

/* What a speech needs only now and then. */
union extra {
	struct opening opening;
	struct ws_controls controls;
};

struct ws_speech {
	struct websocket_reader reader;
	struct ws_place sending;  /* the message that is next or partly sent */
	uint64_t offset;          /* bytes of it that are sent */
	uint64_t answering;       /* sequence of the message to be answered next */
	uint64_t echoed;          /* bytes of its echo */
	uint32_t echoed_messages; /* messages of its echo */
	uint32_t stop_matched;    /* what --stop-on and --expect-text have matched */
	uint32_t expect_matched;
	struct stamp_queue stamps; /* unix_ns of unanswered messages, where their echo needs it */
	union extra *extra;
	bool is_begun; /* else nothing above holds: a connection may end before it is one */
	bool is_open;
	bool has_said_goodbye; /* or is about to */
	bool has_stopped;      /* what was to end the run has been told */
	bool is_expected;      /* what was expected is in the message that is arriving */
};
static_assert(sizeof(struct ws_speech) <= 128, "memory of a connection");

/* What the last write() gave, in order. */
enum span_kind { SPAN_REQUEST, SPAN_CONTROL, SPAN_MESSAGE };
struct span {
	enum span_kind kind;
	size_t size;
	uint32_t binaries; /* of a message */
	bool is_whole;     /* with this the message is sent */
};

struct ws_state {
	struct ws_messages messages;
	struct buffer request; /* up to the key */
	struct needle stop;    /* no bytes: nothing is looked for */
	struct needle expect;
	bool is_echo;
	struct slab extras;
	struct stamp_pool stamps;
	struct random random; /* keys of handshakes and of control frames */
	struct span spans[SPANS_MAX];
	uint32_t span_count;
	uint64_t unix_ns; /* of the last write() */
	uint8_t window[WINDOW_BYTES];
};

static struct ws_controls *controls_of(struct ws_state *state, struct ws_speech *speech)
{
	if (speech->extra == NULL)
		speech->extra = slab_take(&state->extras);
	return speech->extra != NULL ? &speech->extra->controls : NULL;
}

static void drop_extra(struct ws_state *state, struct ws_speech *speech)
{
	if (speech->extra != NULL && !speech->is_open)
		http1_deinit(&speech->extra->opening.http);
	slab_put(&state->extras, speech->extra);
	speech->extra = NULL;
}

/* ---- life */

static int init_request(const struct ws_script *script, struct buffer *ret)
{
	buffer_init(ret, REQUEST_MAX_BYTES);
	websocket_write_request(&script->request, script->subprotocol, ret);
	return ret->error;
}

static void deinit(struct speaker *speaker)
{
	struct ws_state *state = speaker->state;

	if (state == NULL)
		return;
	needle_deinit(&state->stop);
	needle_deinit(&state->expect);
	stamp_pool_deinit(&state->stamps);
	slab_deinit(&state->extras);
	buffer_deinit(&state->request);
	ws_messages_deinit(&state->messages);
	free(state);
	speaker->state = NULL;
}

static int init_state(struct speaker *speaker, struct ws_state *state)
{
	const struct script *script = speaker->script;
	int rc = ws_messages_init(&state->messages, script, speaker->worker);

	if (rc >= 0)
		rc = init_request(script->ws, &state->request);
	if (rc >= 0 && script->stop_on != NULL)
		rc = needle_init(&state->stop, script->stop_on, strlen(script->stop_on));
	if (rc >= 0 && script->expect_text != NULL)
		rc = needle_init(&state->expect, script->expect_text, strlen(script->expect_text));
	return rc;
}

static int init(struct speaker *speaker)
{
	const struct script *script = speaker->script;
	struct ws_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	speaker->state = state;
	slab_init(&state->extras, sizeof(union extra), EXTRAS_AT_ONCE);
	stamp_pool_init(&state->stamps);
	random_init(&state->random, script->seed + speaker->worker->index);
	state->is_echo =
		script->is_answered && script->reply != NULL && script->reply->kind == REPLY_ECHO;
	int rc = init_state(speaker, state);
	if (rc < 0)
		deinit(speaker);
	return rc;
}

static void begin_opening(struct ws_state *state, struct ws_speech *speech)
{
	struct opening *opening = &speech->extra->opening;
	uint64_t random[2] = { random_next(&state->random), random_next(&state->random) };

	http1_init(&opening->http, HTTP1_RESPONSES);
	opening->http.wants_fields = true;
	opening->handshake.wanted_subprotocol = state->messages.script->ws->subprotocol;
	websocket_write_key((const uint8_t *)random, opening->handshake.key);
}

static void begin(struct speaker *speaker, void *memory, const struct speech_start *start)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;

	*speech = (struct ws_speech){ .sending.uid = start->uid, .is_begun = true };
	websocket_reader_init(&speech->reader, WEBSOCKET_CLIENT);
	stamp_queue_init(&speech->stamps);
	/* Without memory nothing is sent, and the opening times out. */
	speech->extra = slab_take(&state->extras);
	if (speech->extra != NULL)
		begin_opening(state, speech);
}

static void end(struct speaker *speaker, void *memory)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;

	if (!speech->is_begun)
		return;
	drop_extra(state, speech);
	stamp_clear(&state->stamps, &speech->stamps);
	*speech = (struct ws_speech){ .is_begun = false };
}

/* ---- writing */

static struct iovec room_left(struct ws_state *state, const struct speech_parts *parts)
{
	return (struct iovec){ state->window + parts->size, sizeof(state->window) - parts->size };
}

static struct span *add_span(struct ws_state *state, enum span_kind kind, size_t size,
			     struct speech_parts *ret)
{
	struct span *span = &state->spans[state->span_count++];

	assert(state->span_count <= SPANS_MAX);
	*span = (struct span){ .kind = kind, .size = size };
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
	const struct opening *opening = &speech->extra->opening;
	uint8_t *to = state->window;
	to += copy(to, state->request.data, state->request.size);
	to += copy(to, opening->handshake.key, sizeof(opening->handshake.key));
	to += copy(to, WEBSOCKET_REQUEST_END, strlen(WEBSOCKET_REQUEST_END));
	size_t left = (size_t)(to - state->window) - opening->sent;
	memmove(state->window, to - left, left);
	if (left > 0)
		(void)add_span(state, SPAN_REQUEST, left, ret);
}

static void write_control(struct ws_state *state, const struct ws_speech *speech,
			  struct speech_parts *ret)
{
	if (speech->extra == NULL)
		return;
	size_t size = ws_controls_write(&speech->extra->controls, state->window + ret->size);
	if (size > 0)
		(void)add_span(state, SPAN_CONTROL, size, ret);
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
	struct span *span = add_span(state, SPAN_MESSAGE, size, ret);
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

static void write(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
		  struct speech_parts *ret)
{
	struct ws_state *state = speaker->state;
	const struct ws_speech *speech = memory;

	ret->size = 0;
	state->span_count = 0;
	if (state->messages.has_time)
		state->unix_ns = (uint64_t)clock_wall_at(now_ns).unix_ns;
	if (speech->is_open)
		write_messages(state, speech, count, ret);
	else
		write_request(state, speech, ret);
	ret->parts[0] = (struct iovec){ state->window, ret->size };
	ret->count = ret->size > 0;
}

/* Returns 1 if its first byte was among these. */
static uint32_t wrote_message(struct ws_state *state, struct ws_speech *speech,
			      const struct span *span, size_t size)
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

static uint32_t wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;
	uint32_t started = 0;

	for (uint32_t i = 0; i < state->span_count && size > 0; i++) {
		const struct span *span = &state->spans[i];
		size_t taken = size < span->size ? size : span->size;
		if (span->kind == SPAN_REQUEST)
			speech->extra->opening.sent += (uint32_t)taken;
		else if (span->kind == SPAN_CONTROL)
			ws_controls_wrote(&speech->extra->controls, taken, &state->random);
		else
			started += wrote_message(state, speech, span, taken);
		size -= taken;
	}
	state->span_count = 0;
	*ret_is_partial = speech->offset > 0;
	return started;
}

/* ---- hearing: the opening */

static void hear_mistake(enum websocket_mistake mistake, struct heard *ret)
{
	ret->what = HEARD_WRONG;
	ret->outcome = OUTCOME_PROTOCOL;
	ret->code = websocket_mistake_code(mistake);
	ret->why = websocket_sentence(mistake);
}

static void hear_wrong(enum outcome outcome, uint32_t code, struct heard *ret)
{
	ret->what = HEARD_WRONG;
	ret->outcome = outcome;
	ret->code = code;
}

static void hear_unreadable(const struct opening *opening, struct heard *ret)
{
	hear_wrong(OUTCOME_PROTOCOL, 0, ret);
	ret->why = http1_verdict_sentence((enum http1_verdict)opening->http.verdict);
}

static void judge_opening(struct ws_state *state, struct ws_speech *speech, struct heard *ret)
{
	const struct opening *opening = &speech->extra->opening;
	uint16_t status = opening->http.status;
	enum websocket_verdict verdict = websocket_check_answer(&opening->handshake, status);

	if (verdict == WEBSOCKET_NOT_SWITCHED) {
		hear_wrong(OUTCOME_REJECTED, status, ret);
		ret->why = websocket_verdict_sentence(verdict);
	} else if (verdict != WEBSOCKET_OPENED) {
		hear_wrong(OUTCOME_PROTOCOL, 0, ret);
		ret->why = websocket_verdict_sentence(verdict);
	} else {
		ret->what = HEARD_OPENED;
		drop_extra(state, speech);
		speech->is_open = true;
	}
}

static void hear_opening(struct ws_state *state, struct ws_speech *speech, const uint8_t *data,
			 size_t size, struct heard *ret)
{
	struct opening *opening = &speech->extra->opening;
	struct http1_event event = { .what = HTTP1_INTERIM };

	while (ret->what == HEARD_ALL && event.what != HTTP1_MORE) {
		ret->used += http1_read(&opening->http, data + ret->used, size - ret->used, &event);
		if (event.what == HTTP1_FIELD)
			websocket_take_answer_field(&opening->handshake, event.name,
						    event.name_size, event.data, event.size);
		else if (event.what == HTTP1_HEAD)
			judge_opening(state, speech, ret);
		else if (event.what == HTTP1_WRONG)
			hear_unreadable(opening, ret);
	}
}

/* ---- hearing: control frames */

static void hear_goodbye(struct ws_state *state, struct ws_speech *speech, struct heard *ret)
{
	struct ws_controls *controls = &speech->extra->controls;
	uint16_t code = 0;
	enum websocket_mistake mistake =
		websocket_read_close(controls->in, controls->in_size, &code);

	if (mistake != WEBSOCKET_RIGHT) {
		hear_mistake(mistake, ret);
		return;
	}
	ret->what = HEARD_GOODBYE;
	ret->code = code;
	ret->is_urgent = !speech->has_said_goodbye;
	if (!speech->has_said_goodbye)
		ws_controls_goodbye(controls, code, &state->random);
	speech->has_said_goodbye = true;
}

static void hear_control(struct ws_state *state, struct ws_speech *speech,
			 const struct websocket_piece *piece, struct heard *ret)
{
	if (piece->opcode == WEBSOCKET_PONG)
		return;
	struct ws_controls *controls = controls_of(state, speech);
	if (controls == NULL) {
		hear_wrong(OUTCOME_NO_MEMORY, 0, ret);
		return;
	}
	ws_controls_take(controls, piece);
	if (!piece->is_end)
		return;
	if (piece->opcode == WEBSOCKET_CLOSE) {
		hear_goodbye(state, speech, ret);
	} else if (!speech->has_said_goodbye) {
		ws_controls_pong(controls, &state->random);
		ret->is_urgent = true;
	}
}

/* ---- hearing: messages */

static bool is_owed(const struct ws_speech *speech)
{
	return speech->answering < speech->sending.sequence + (speech->offset > 0);
}

static struct ws_place place_of_answer(struct ws_state *state, const struct ws_speech *speech)
{
	return (struct ws_place){
		.sequence = speech->answering,
		.unix_ns = stamp_oldest(&state->stamps, &speech->stamps),
		.uid = speech->sending.uid,
	};
}

static void hear_answer(struct ws_state *state, struct ws_speech *speech, struct heard *ret)
{
	bool is_good = state->expect.bytes == NULL || speech->is_expected;

	ret->what = HEARD_REPLY;
	ret->outcome = is_good ? OUTCOME_DONE : OUTCOME_REJECTED;
	speech->answering++;
	speech->echoed = 0;
	speech->echoed_messages = 0;
	if (state->is_echo)
		(void)stamp_take(&state->stamps, &speech->stamps);
}

static void hear_echo(struct ws_state *state, struct ws_speech *speech,
		      const struct websocket_piece *piece, struct heard *ret)
{
	struct ws_place place = place_of_answer(state, speech);

	if (!is_owed(speech) || !ws_messages_is_echo(&state->messages, &place, speech->echoed,
						     piece->data, piece->size)) {
		hear_wrong(OUTCOME_CORRUPTED, 0, ret);
		return;
	}
	speech->echoed += piece->size;
	speech->echoed_messages += piece->is_message_end;
	if (!piece->is_message_end)
		return;
	struct ws_echo echo = ws_messages_measure(&state->messages, &place);
	if (speech->echoed_messages < echo.messages)
		return;
	if (speech->echoed == echo.size)
		hear_answer(state, speech, ret);
	else
		hear_wrong(OUTCOME_CORRUPTED, 0, ret);
}

/* A message that nobody asked for is none of our business: servers greet. */
static void hear_data(struct ws_state *state, struct ws_speech *speech,
		      const struct websocket_piece *piece, struct heard *ret)
{
	if (state->expect.bytes != NULL &&
	    needle_find(&state->expect, &speech->expect_matched, piece->data, piece->size) > 0)
		speech->is_expected = true;
	if (state->is_echo)
		hear_echo(state, speech, piece, ret);
	else if (piece->is_message_end && state->messages.script->is_answered && is_owed(speech))
		hear_answer(state, speech, ret);
	if (!piece->is_message_end)
		return;
	speech->stop_matched = 0;
	speech->expect_matched = 0;
	speech->is_expected = false;
}

/* ---- hearing: frames */

static bool is_stop(struct ws_state *state, struct ws_speech *speech,
		    const struct websocket_piece *piece)
{
	if (state->stop.bytes == NULL || speech->has_stopped || websocket_is_control(piece->opcode))
		return false;
	speech->has_stopped =
		needle_find(&state->stop, &speech->stop_matched, piece->data, piece->size) > 0;
	return speech->has_stopped;
}

/* One piece of a frame. */
static void hear_piece(struct ws_state *state, struct ws_speech *speech, const uint8_t *data,
		       size_t size, struct heard *ret)
{
	struct websocket_reader before = speech->reader;
	struct websocket_piece piece;

	websocket_read(&speech->reader, data, size, &piece);
	if (piece.mistake == WEBSOCKET_RIGHT && is_stop(state, speech, &piece)) {
		/* It may end an answer, too: that is heard when these bytes are given again. */
		speech->reader = before;
		ret->what = HEARD_STOP;
		return;
	}
	ret->used += piece.used;
	if (piece.mistake != WEBSOCKET_RIGHT)
		hear_mistake(piece.mistake, ret);
	else if (websocket_is_control(piece.opcode))
		hear_control(state, speech, &piece, ret);
	else if (piece.size > 0 || piece.is_message_end)
		hear_data(state, speech, &piece, ret);
}

static void hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
		 struct heard *ret)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;

	*ret = (struct heard){ .what = HEARD_ALL };
	if (size == 0)
		return;
	if (!speech->is_open && speech->extra == NULL)
		hear_wrong(OUTCOME_NO_MEMORY, 0, ret);
	else if (!speech->is_open)
		hear_opening(state, speech, data, size, ret);
	else
		while (ret->what == HEARD_ALL && ret->used < size)
			hear_piece(state, speech, data + ret->used, size - ret->used, ret);
}

/* ---- leaving */

static bool leave(struct speaker *speaker, void *memory)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;
	struct ws_controls *controls = speech->is_open ? controls_of(state, speech) : NULL;

	if (controls == NULL || speech->has_said_goodbye)
		return false;
	ws_controls_goodbye(controls, WEBSOCKET_CODE_NORMAL, &state->random);
	speech->has_said_goodbye = true;
	return true;
}

const struct speaker_kind speaker_ws = {
	.name = "ws",
	.speech_bytes = sizeof(struct ws_speech),
	.has_opening = true,
	.init = init,
	.deinit = deinit,
	.begin = begin,
	.end = end,
	.write = write,
	.wrote = wrote,
	.hear = hear,
	.leave = leave,
};
