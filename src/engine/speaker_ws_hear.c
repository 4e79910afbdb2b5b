#include "engine/script.h"
#include "engine/speaker_ws.h"

/* ---- the opening */

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

static void hear_unreadable(const struct ws_opening *opening, struct heard *ret)
{
	hear_wrong(OUTCOME_PROTOCOL, 0, ret);
	ret->why = http1_verdict_sentence((enum http1_verdict)opening->http.verdict);
}

static void judge_opening(struct ws_state *state, struct ws_speech *speech, struct heard *ret)
{
	const struct ws_opening *opening = &speech->extra->opening;
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
		ws_drop_extra(state, speech);
		speech->is_open = true;
	}
}

static void hear_opening(struct ws_state *state, struct ws_speech *speech, const uint8_t *data,
			 size_t size, struct heard *ret)
{
	struct ws_opening *opening = &speech->extra->opening;
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

/* ---- control frames */

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
	struct ws_controls *controls = ws_controls_of(state, speech);
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

/* ---- messages */

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

/* ---- frames */

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

void ws_hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
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
