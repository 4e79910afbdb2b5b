/* The speaker of WebSockets (RFC 6455): asks for the upgrade, sends the script's messages as masked
 * frames, answers pings and goodbyes, and hears data messages as answers. */
#include "engine/speaker_ws.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/script.h"
#include "engine/worker.h"
#include "engine/ws_script.h"

#define REQUEST_MAX_BYTES (64 * 1024)
#define EXTRAS_AT_ONCE    64

/* ---- what is needed only now and then */

struct ws_controls *ws_controls_of(struct ws_state *state, struct ws_speech *speech)
{
	if (speech->extra == NULL)
		speech->extra = slab_take(&state->extras);
	return speech->extra != NULL ? &speech->extra->controls : NULL;
}

void ws_drop_extra(struct ws_state *state, struct ws_speech *speech)
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
	if (rc >= 0)
		rc = needle_init_text(&state->stop, script->stop_on);
	if (rc >= 0)
		rc = needle_init_text(&state->expect, script->expect_text);
	return rc;
}

static int init(struct speaker *speaker)
{
	const struct script *script = speaker->script;
	struct ws_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	speaker->state = state;
	slab_init(&state->extras, sizeof(union ws_extra), EXTRAS_AT_ONCE);
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
	struct ws_opening *opening = &speech->extra->opening;
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

	*speech = (struct ws_speech){
		.sending = { .uid = start->uid, .sequence = start->sequence },
		.answering = start->sequence,
		.is_open = start->is_open,
	};
	websocket_reader_init(&speech->reader, WEBSOCKET_CLIENT);
	stamp_queue_init(&speech->stamps);
	if (speech->is_open)
		return;
	/* Without memory nothing is sent, and the opening times out. */
	speech->extra = slab_take(&state->extras);
	if (speech->extra != NULL)
		begin_opening(state, speech);
}

static void end(struct speaker *speaker, void *memory)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;

	ws_drop_extra(state, speech);
	stamp_clear(&state->stamps, &speech->stamps);
}

static bool is_at_rest(const struct speaker *speaker, const void *memory)
{
	const struct ws_speech *speech = memory;
	bool is_answered =
		!speaker->script->is_answered || speech->answering == speech->sending.sequence;

	return is_answered && speech->offset == 0 && speech->extra == NULL &&
	       websocket_is_between(&speech->reader) && !speech->has_said_goodbye &&
	       !speech->has_stopped;
}

/* ---- leaving */

static bool leave(struct speaker *speaker, void *memory)
{
	struct ws_state *state = speaker->state;
	struct ws_speech *speech = memory;
	struct ws_controls *controls = speech->is_open ? ws_controls_of(state, speech) : NULL;

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
	.is_at_rest = is_at_rest,
	.write = ws_write,
	.wrote = ws_wrote,
	.hear = ws_hear,
	.leave = leave,
};
