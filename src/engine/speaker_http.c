/* Requests and responses of HTTP/1.1 (RFC 9112), several under way where the owner allows it;
 * answers come in the order of the requests (9.3.2). Bodies are counted by what they weigh and not
 * kept, but for the window in which a rule looks for the backend. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http_hearing.h"
#include "engine/http_requests.h"
#include "engine/http_script.h"
#include "engine/script.h"
#include "engine/speaker.h"
#include "engine/worker.h"
#include "proto/http1.h"
#include "proto/http1_line.h"
#include "sys/clock.h"

struct http_speech {
	struct http1 http;
	struct http_hearing hearing;
	uint32_t uid;
	uint32_t unanswered; /* requests whose first byte was sent */
	bool is_in_body;
	uint16_t status;
	bool is_last;
	struct heard held; /* behind a HEARD_STOP */
	/* What is sent: so much of this request, rendered as then. */
	uint64_t sequence;
	uint64_t sent_bytes;
	uint64_t number;
	uint64_t unix_ns;
};
static_assert(sizeof(struct http_speech) <= 256 && sizeof(struct http_speech) % 8 == 0,
	      "memory of a connection");

struct http_state {
	struct http_requests requests;
	struct http_judge judge;
	uint64_t next_number; /* of a message in the run */
	/* What write() gave last. */
	size_t sizes[SPEECH_BATCH_MAX];
	uint64_t unix_ns;
};

/* ---- the speaker */

static void deinit(struct speaker *speaker)
{
	struct http_state *state = speaker->state;

	if (state == NULL)
		return;
	http_requests_deinit(&state->requests);
	http_judge_deinit(&state->judge);
	free(state);
	speaker->state = NULL;
}

static int init(struct speaker *speaker)
{
	const struct script *script = speaker->script;
	struct http_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	speaker->state = state;
	state->next_number = speaker->worker->index;
	int rc = http_requests_init(&state->requests, script);
	if (rc == 0)
		rc = http_judge_init(&state->judge, script);
	if (rc < 0)
		deinit(speaker);
	return rc;
}

static struct http_judge *judge_of(const struct speaker *speaker)
{
	return &((struct http_state *)speaker->state)->judge;
}

/* Of the answer that comes next. */
static void begin_answer(struct http_speech *speech)
{
	speech->is_in_body = false;
	http_hearing_begin(&speech->hearing);
}

static void begin(struct speaker *speaker, void *memory, const struct speech_start *start)
{
	struct http_speech *speech = memory;

	*speech = (struct http_speech){ .uid = start->uid, .sequence = start->sequence };
	http1_init(&speech->http, HTTP1_RESPONSES);
	speech->http.is_head_asked = strcmp(speaker->script->http->request.method, "HEAD") == 0;
	speech->http.wants_fields = http_judge_wants_fields(judge_of(speaker));
}

static void end(struct speaker *speaker, void *memory)
{
	struct http_speech *speech = memory;

	http1_deinit(&speech->http);
	http_hearing_end(judge_of(speaker), &speech->hearing);
}

static bool is_at_rest(const struct speaker *speaker, const void *memory)
{
	const struct http_speech *speech = memory;

	(void)speaker;
	return speech->unanswered == 0 && speech->sent_bytes == 0 &&
	       http1_is_between(&speech->http) && speech->held.what == HEARD_ALL &&
	       speech->hearing.stop_matched == 0;
}

/* ---- sending */

/* Of the request that comes `index` after the one to be sent next; `is_begun`: a part of that has
 * been sent, and it keeps what it was begun with. */
static struct http_request_context context_of(const struct speaker *speaker,
					      const struct http_speech *speech, uint32_t index,
					      bool is_begun)
{
	const struct http_state *state = speaker->state;
	bool is_kept = is_begun && index == 0;
	uint64_t fresh = index - (is_begun && !is_kept);

	return (struct http_request_context){
		.uid = speech->uid,
		.sequence = speech->sequence + index,
		.number = is_kept ? speech->number
				  : state->next_number + fresh * speaker->worker->plan->workers,
		.unix_ns = is_kept ? speech->unix_ns : state->unix_ns,
	};
}

static void write_batch(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
			struct speech_parts *ret)
{
	struct http_state *state = speaker->state;
	const struct http_speech *speech = memory;
	const size_t skip = speech->sent_bytes;

	ret->count = 0;
	ret->size = 0;
	http_requests_begin(&state->requests);
	if (state->requests.is_varying)
		state->unix_ns = (uint64_t)clock_wall_at(now_ns).unix_ns;
	for (uint32_t i = 0; i < count && i < SPEECH_BATCH_MAX; i++) {
		struct http_request_context context = context_of(speaker, speech, i, skip > 0);
		if (!http_requests_add(&state->requests, &context, speaker->script->seed,
				       i == 0 ? skip : 0, ret, &state->sizes[i]))
			return;
	}
}

static uint32_t wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial)
{
	struct http_state *state = speaker->state;
	struct http_speech *speech = memory;
	bool was_begun = speech->sent_bytes > 0;
	uint32_t whole = 0;

	size += speech->sent_bytes;
	while (size > 0 && size >= state->sizes[whole])
		size -= state->sizes[whole++];
	struct http_request_context last = context_of(speaker, speech, whole, was_begun);
	speech->number = last.number;
	speech->unix_ns = last.unix_ns;
	speech->sent_bytes = size;
	speech->sequence = last.sequence;
	uint32_t begun = whole + (speech->sent_bytes > 0) - was_begun;
	state->next_number += (uint64_t)begun * speaker->worker->plan->workers;
	speech->unanswered += begun;
	*ret_is_partial = speech->sent_bytes > 0;
	return begun;
}

/* ---- hearing */

static void say_wrong(const char *why, struct heard *ret)
{
	ret->what = HEARD_WRONG;
	ret->outcome = OUTCOME_PROTOCOL;
	ret->why = why;
}

/* A server that ends an idle connection may say so (RFC 9110 15.5.9). */
static void hear_unasked(const struct http_speech *speech, struct heard *ret)
{
	ret->code = speech->http.status;
	ret->used = 0;
	if (ret->code == 408)
		ret->what = HEARD_GOODBYE;
	else
		say_wrong("sent a response that nobody asked for", ret);
}

static void hear_head(struct http_speech *speech, struct heard *ret)
{
	if (speech->unanswered == 0) {
		hear_unasked(speech, ret);
	} else if (speech->http.status == 101) {
		ret->code = 101;
		say_wrong("switched to a protocol that nobody asked for", ret);
	}
	speech->is_in_body = true;
	speech->status = speech->http.status;
	speech->is_last = speech->http.is_last;
}

static void hear_reply(const struct speaker *speaker, struct http_speech *speech, struct heard *ret)
{
	if (speech->unanswered == 0)
		return;
	speech->unanswered--;
	ret->what = HEARD_REPLY;
	ret->outcome = http_hearing_verdict(judge_of(speaker), &speech->hearing, speech->status);
	ret->code = speech->status;
	ret->is_last = speech->is_last;
}

static void hear_event(const struct speaker *speaker, struct http_speech *speech,
		       const struct http1_event *event, struct heard *ret)
{
	switch (event->what) {
	case HTTP1_FIELD:
		http_hearing_field(judge_of(speaker), &speech->hearing, event);
		break;
	case HTTP1_HEAD:
		hear_head(speech, ret);
		break;
	case HTTP1_BODY:
		http_hearing_body(judge_of(speaker), &speech->hearing, event->data, event->size);
		break;
	case HTTP1_END:
		hear_reply(speaker, speech, ret);
		break;
	case HTTP1_WRONG:
		say_wrong(http1_verdict_sentence((enum http1_verdict)speech->http.verdict), ret);
		break;
	case HTTP1_INTERIM:
		begin_answer(speech);
		break;
	case HTTP1_MORE:
	case HTTP1_START:
		break;
	}
}

/* Looked for in heads as they are and in bodies without their chunks. */
static bool has_stop(const struct speaker *speaker, struct http_speech *speech,
		     const struct http1_event *event, const uint8_t *data, size_t size)
{
	if (speaker->script->stop_on == NULL)
		return false;
	if (event->what == HTTP1_BODY)
		return http_hearing_has_stop(judge_of(speaker), &speech->hearing, event->data,
					     event->size);
	return !speech->is_in_body &&
	       http_hearing_has_stop(judge_of(speaker), &speech->hearing, data, size);
}

static void hear_end(const struct speaker *speaker, struct http_speech *speech, struct heard *ret)
{
	struct http1_event event;

	http1_read_end(&speech->http, &event);
	if (event.what == HTTP1_END)
		hear_reply(speaker, speech, ret);
}

/* Up to the end of an answer; true: what ends the run was among it. */
static bool hear_bytes(const struct speaker *speaker, struct http_speech *speech,
		       const uint8_t *data, size_t size, struct heard *ret)
{
	struct http1_event event;
	bool has_more = true;
	bool is_stop = false;

	while (has_more && ret->what == HEARD_ALL) {
		size_t used = http1_read(&speech->http, data + ret->used, size - ret->used, &event);
		is_stop |= has_stop(speaker, speech, &event, data + ret->used, used);
		ret->used += used;
		hear_event(speaker, speech, &event, ret);
		has_more = event.what != HTTP1_MORE;
	}
	return is_stop;
}

/* What else was heard is told when the bytes are given again. */
static void hear_stop(struct http_speech *speech, struct heard *ret)
{
	if (ret->what != HEARD_ALL) {
		speech->held = *ret;
		*ret = (struct heard){ 0 };
	}
	ret->what = HEARD_STOP;
}

static void hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
		 struct heard *ret)
{
	struct http_speech *speech = memory;
	bool is_stop = false;

	*ret = speech->held;
	speech->held = (struct heard){ .what = HEARD_ALL };
	if (ret->what != HEARD_ALL)
		return;
	if (speech->is_in_body && http1_is_between(&speech->http))
		begin_answer(speech);
	if (size == 0)
		hear_end(speaker, speech, ret);
	else
		is_stop = hear_bytes(speaker, speech, data, size, ret);
	if (ret->what == HEARD_REPLY && speech->hearing.backend[0] != '\0')
		ret->backend = speech->hearing.backend;
	if (is_stop)
		hear_stop(speech, ret);
}

const struct speaker_kind speaker_http = {
	.name = "http",
	.speech_bytes = sizeof(struct http_speech),
	.init = init,
	.deinit = deinit,
	.begin = begin,
	.end = end,
	.is_at_rest = is_at_rest,
	.write = write_batch,
	.wrote = wrote,
	.hear = hear,
};
