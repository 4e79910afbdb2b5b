/* Requests and responses of HTTP/2 (RFC 9113) and calls of gRPC, as many streams at once as the
 * owner allows and the server takes; answers come in any order and say whose they are. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/slab.h"
#include "base/status.h"
#include "engine/h2_requests.h"
#include "engine/http_hearing.h"
#include "engine/speaker.h"
#include "engine/worker.h"
#include "proto/grpc.h"
#include "proto/http1.h"
#include "sys/clock.h"

/* What is rendered ahead of a send; a frame may reach beyond it. */
#define OUT_BYTES     ((size_t)64 * 1024)
#define CALLS_AT_ONCE 64
/* A HealthCheckResponse has two bytes. */
#define HEALTH_BYTES_MAX 32

struct call {
	struct list node; /* in `calls` or `done` */
	struct h2_body body;
	size_t body_sent;
	struct http_hearing hearing;
	struct grpc_frames frames;
	uint32_t number; /* on its connection */
	uint32_t status;
	uint32_t grpc_status;
	uint32_t code;   /* it was reset with */
	const char *why; /* the peer broke the rules */
	uint32_t ahead;
	uint8_t health_size;
	uint8_t health[HEALTH_BYTES_MAX];
	bool has_grpc_status;
	bool is_done; /* answered, or reset */
	bool is_told;
	bool is_closed; /* the stream is: until then it may want its body */
};

struct h2_speech {
	struct h2 *h2; /* NULL: there was no memory for it */
	struct speaker *speaker;
	struct list calls; /* under way, the oldest first */
	struct list done;  /* to be told */
	struct call *told; /* the last one: its texts are valid until the next call */
	struct buffer out;
	size_t out_sent;
	size_t kept; /* bytes that are read, while there is more to tell */
	uint32_t uid;
	uint32_t next;                     /* message of this connection */
	uint32_t starts[SPEECH_BATCH_MAX]; /* where in `out` messages begin */
	uint32_t start_count;
	uint32_t starts_sent;
	uint32_t going_code;
	bool is_going; /* the server takes no more */
	bool is_stop;  /* to be told */
};
static_assert(sizeof(struct h2_speech) % 8 == 0, "alignment");

struct h2_state {
	struct h2_requests requests;
	struct http_judge judge;
	struct slab pool;     /* of calls */
	uint64_t next_number; /* of a message in the run */
	uint64_t unix_ns;
};

static struct h2_state *state_of(const struct h2_speech *speech)
{
	return speech->speaker->state;
}

static const struct http_script *http_of(const struct h2_speech *speech)
{
	return speech->speaker->script->http;
}

/* ---- the speaker */

static void deinit(struct speaker *speaker)
{
	struct h2_state *state = speaker->state;

	if (state == NULL)
		return;
	h2_requests_deinit(&state->requests);
	http_judge_deinit(&state->judge);
	slab_deinit(&state->pool);
	free(state);
	speaker->state = NULL;
}

static int init(struct speaker *speaker)
{
	struct h2_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	speaker->state = state;
	state->next_number = speaker->worker->index;
	slab_init(&state->pool, sizeof(struct call), CALLS_AT_ONCE);
	int rc = h2_requests_init(&state->requests, speaker->script);
	if (rc == 0)
		rc = http_judge_init(&state->judge, speaker->script);
	if (rc < 0)
		deinit(speaker);
	return rc;
}

/* ---- calls */

static void free_call(struct h2_speech *speech, struct call *call)
{
	if (call == NULL)
		return;
	list_remove(&call->node);
	http_hearing_end(&state_of(speech)->judge, &call->hearing);
	free(call->body.owned);
	slab_put(&state_of(speech)->pool, call);
}

static void forget_told(struct h2_speech *speech)
{
	struct call *call = speech->told;

	speech->told = NULL;
	if (call != NULL && call->is_closed)
		free_call(speech, call);
	else if (call != NULL)
		call->is_told = true;
}

static void note_field(void *owner, void *stream, const struct h2_field *field)
{
	struct h2_speech *speech = owner;
	struct call *call = stream;
	const struct http1_event seen = { .what = HTTP1_FIELD,
					  .name = field->name,
					  .name_size = field->name_size,
					  .data = field->value,
					  .size = field->value_size };

	if (field->name_size == 7 && memcmp(field->name, ":status", 7) == 0)
		call->status = (uint32_t)strtoul(field->value, NULL, 10);
	else if (field->name_size == 11 && memcmp(field->name, "grpc-status", 11) == 0)
		call->has_grpc_status =
			grpc_parse_status(field->value, field->value_size, &call->grpc_status);
	else if (http_judge_wants_fields(&state_of(speech)->judge))
		http_hearing_field(&state_of(speech)->judge, &call->hearing, &seen);
}

static void note_head(void *owner, void *stream, enum h2_head head)
{
	(void)owner;
	if (head == H2_HEAD_INTERIM)
		http_hearing_begin(&((struct call *)stream)->hearing);
}

static void keep_health(struct call *call, const uint8_t *data, size_t size)
{
	const uint8_t *message;
	size_t bytes;

	for (size_t used = 0; used < size;) {
		used += grpc_frames_read(&call->frames, data + used, size - used, &message, &bytes);
		size_t room = HEALTH_BYTES_MAX - call->health_size;
		bytes = bytes < room ? bytes : room;
		memcpy(call->health + call->health_size, message, bytes);
		call->health_size += (uint8_t)bytes;
	}
}

static void note_body(void *owner, void *stream, const uint8_t *data, size_t size)
{
	struct h2_speech *speech = owner;
	struct call *call = stream;
	struct http_judge *judge = &state_of(speech)->judge;

	http_hearing_body(judge, &call->hearing, data, size);
	speech->is_stop |= http_hearing_has_stop(judge, &call->hearing, data, size);
	if (http_of(speech)->is_grpc)
		keep_health(call, data, size);
}

static void finish(struct h2_speech *speech, struct call *call)
{
	call->is_done = true;
	for (const struct list *node = speech->calls.next; node != &call->node; node = node->next)
		call->ahead++;
	list_remove(&call->node);
	list_append(&speech->done, &call->node);
}

static void finish_reset(struct h2_speech *speech, struct call *call, uint32_t code,
			 const char *why)
{
	call->code = code;
	call->why = why;
	finish(speech, call);
}

static void note_end(void *owner, void *stream)
{
	finish(owner, stream);
}

static void note_closed(void *owner, void *stream, uint32_t code, const char *why)
{
	struct h2_speech *speech = owner;
	struct call *call = stream;

	call->is_closed = true;
	if (call->is_told)
		free_call(speech, call);
	else if (!call->is_done)
		finish_reset(speech, call, code, why);
}

static void fill(void *owner, void *stream, struct h2_fill *ret)
{
	struct call *call = stream;
	size_t left = call->body.size - call->body_sent;

	(void)owner;
	ret->size = left < ret->room ? left : ret->room;
	if (ret->size > 0)
		memcpy(ret->data, call->body.data + call->body_sent, ret->size);
	call->body_sent += ret->size;
	ret->is_last = call->body_sent == call->body.size;
}

static void note_begun(void *owner, void *stream)
{
	struct h2_speech *speech = owner;

	(void)stream;
	assert(speech->start_count < SPEECH_BATCH_MAX);
	speech->starts[speech->start_count++] = (uint32_t)speech->out.size;
}

static void note_going(void *owner, uint32_t code)
{
	struct h2_speech *speech = owner;

	speech->is_going = true;
	speech->going_code = code;
}

static const struct h2_handler handler = {
	.field = note_field,
	.head = note_head,
	.body = note_body,
	.end = note_end,
	.closed = note_closed,
	.fill = fill,
	.begun = note_begun,
	.going = note_going,
};

static void begin(struct speaker *speaker, void *memory, const struct speech_start *start)
{
	struct h2_speech *speech = memory;

	*speech = (struct h2_speech){ .speaker = speaker, .uid = start->uid };
	list_init(&speech->calls);
	list_init(&speech->done);
	buffer_init(&speech->out, 2 * OUT_BYTES);
	if (h2_new(H2_CLIENT, &handler, speech, &speech->h2) < 0)
		speech->h2 = NULL;
}

static void end(struct speaker *speaker, void *memory)
{
	struct h2_speech *speech = memory;

	(void)speaker;
	h2_free(speech->h2);
	while (!list_is_empty(&speech->done))
		free_call(speech, container_of(speech->done.next, struct call, node));
	free_call(speech, speech->told);
	buffer_deinit(&speech->out);
}

/* ---- sending */

/* Adds to what is to be sent. */
static void pump(struct h2_speech *speech)
{
	const uint8_t *frame = NULL;
	ssize_t size = 1;

	if (speech->out_sent == speech->out.size) {
		buffer_clear(&speech->out);
		speech->out_sent = 0;
		speech->start_count = speech->starts_sent = 0;
	}
	while (size > 0 && speech->out.size < OUT_BYTES) {
		size = h2_write(speech->h2, &frame);
		if (size > 0)
			buffer_append(&speech->out, frame, (size_t)size);
	}
}

static struct template_context context_of(struct h2_speech *speech)
{
	struct h2_state *state = state_of(speech);
	struct template_context context = {
		.uid = speech->uid,
		.sequence = speech->next,
		.number = state->next_number,
		.unix_ns = state->unix_ns,
		.seed = speech->speaker->script->seed,
	};

	state->next_number += speech->speaker->worker->plan->workers;
	return context;
}

/* RFC 9110 8.6: where there is a body its length is told; a call's ends with its stream. */
static int submit(struct h2_speech *speech, struct call *call)
{
	struct h2_fields *fields = &state_of(speech)->requests.fields;
	char length[24];
	size_t count = fields->count;
	bool has_body = call->body.data != NULL;

	if (has_body && !http_of(speech)->is_grpc) {
		int size = snprintf(length, sizeof(length), "%zu", call->body.size);
		fields->fields[count++] =
			(struct h2_field){ "content-length", length, 14, (size_t)size };
	}
	return h2_request(speech->h2, fields->fields, count, has_body, call);
}

/* False: there is no memory, or the connection can't go on. */
static bool begin_call(struct h2_speech *speech)
{
	struct template_context context = context_of(speech);
	struct call *call = slab_take(&state_of(speech)->pool);

	if (call == NULL)
		return false;
	list_init(&call->node);
	if (h2_requests_body(&state_of(speech)->requests, &context, &call->body) < 0 ||
	    submit(speech, call) < 0) {
		free_call(speech, call);
		return false;
	}
	call->number = speech->next++;
	list_append(&speech->calls, &call->node);
	return true;
}

static void write_batch(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
			struct speech_parts *ret)
{
	struct h2_speech *speech = memory;
	struct h2_state *state = speaker->state;

	if (speech->h2 == NULL)
		return;
	if (count > 0)
		state->unix_ns = (uint64_t)clock_wall_at(now_ns).unix_ns;
	if (speech->out_sent == speech->out.size) {
		uint32_t room = speech->is_going ? 0 : h2_room(speech->h2);
		if (count > SPEECH_BATCH_MAX)
			count = SPEECH_BATCH_MAX;
		while (count > 0 && room > 0 && begin_call(speech)) {
			count--;
			room--;
		}
		pump(speech);
	}
	ret->size = speech->out.size - speech->out_sent;
	ret->parts[0] = (struct iovec){ speech->out.data + speech->out_sent, ret->size };
	ret->count = ret->size > 0;
}

static uint32_t wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial)
{
	struct h2_speech *speech = memory;
	uint32_t begun = 0;

	(void)speaker;
	speech->out_sent += size;
	while (speech->starts_sent < speech->start_count &&
	       speech->starts[speech->starts_sent] < speech->out_sent) {
		speech->starts_sent++;
		begun++;
	}
	pump(speech);
	*ret_is_partial = speech->out_sent < speech->out.size;
	return begun;
}

/* ---- hearing */

static void say_wrong(const char *why, struct heard *ret)
{
	ret->what = HEARD_WRONG;
	ret->outcome = OUTCOME_PROTOCOL;
	ret->why = why;
}

/* A call that is done with HTTP's 200. */
static void judge_call(const struct h2_speech *speech, struct call *call, struct heard *ret)
{
	uint32_t health = GRPC_HEALTH_SERVING;

	if (!call->has_grpc_status) {
		say_wrong("ended a call without grpc-status", ret);
		return;
	}
	ret->code = STATUS_GRPC + call->grpc_status;
	if (call->grpc_status != GRPC_OK) {
		ret->outcome = OUTCOME_REJECTED;
		return;
	}
	if (!grpc_frames_are_whole(&call->frames) || call->frames.messages != 1) {
		say_wrong("answered a call without a whole message", ret);
		return;
	}
	if (http_of(speech)->health == NULL)
		return;
	if (!grpc_read_health_response(call->health, call->health_size, &health)) {
		say_wrong("answered a health check with something else", ret);
		return;
	}
	if (health != GRPC_HEALTH_SERVING) {
		ret->outcome = OUTCOME_REJECTED;
		ret->code = STATUS_HEALTH + health;
	}
}

static void tell(struct h2_speech *speech, struct call *call, struct heard *ret)
{
	ret->what = HEARD_REPLY;
	ret->is_numbered = true;
	ret->number = call->number;
	ret->ahead = (uint16_t)call->ahead;
	ret->code = call->status;
	if (call->why != NULL) {
		say_wrong(call->why, ret);
	} else if (call->code != H2_NO_ERROR) {
		ret->outcome = OUTCOME_REJECTED;
		ret->code = STATUS_RESET + call->code;
		ret->why = h2_code_name(call->code);
	} else {
		ret->outcome = http_hearing_verdict(&state_of(speech)->judge, &call->hearing,
						    call->status);
		if (http_of(speech)->is_grpc && call->status == 200)
			judge_call(speech, call, ret);
		else if (http_of(speech)->is_grpc)
			ret->outcome = OUTCOME_REJECTED;
	}
	if (ret->what == HEARD_REPLY && call->hearing.backend[0] != '\0')
		ret->backend = call->hearing.backend;
}

/* No more can be begun, and all that were are told. */
static bool is_at_end(const struct h2_speech *speech)
{
	return list_is_empty(&speech->calls) && list_is_empty(&speech->done) &&
	       (speech->is_going || h2_room(speech->h2) == 0);
}

static bool has_more(const struct h2_speech *speech)
{
	return speech->is_stop || !list_is_empty(&speech->done) ||
	       h2_complaint(speech->h2) != NULL ||
	       (speech->is_going && list_is_empty(&speech->calls));
}

static void tell_next(struct h2_speech *speech, struct heard *ret)
{
	struct list *node;

	if (speech->is_stop) {
		speech->is_stop = false;
		ret->what = HEARD_STOP;
	} else if ((node = list_take_first(&speech->done)) != NULL) {
		speech->told = container_of(node, struct call, node);
		tell(speech, speech->told, ret);
		ret->is_last = ret->what == HEARD_REPLY && is_at_end(speech);
	} else if (h2_complaint(speech->h2) != NULL) {
		say_wrong(h2_complaint(speech->h2), ret);
	} else {
		ret->what = HEARD_GOODBYE;
		ret->code =
			speech->going_code != H2_NO_ERROR ? STATUS_RESET + speech->going_code : 0;
	}
}

static void hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
		 struct heard *ret)
{
	struct h2_speech *speech = memory;

	if (speech->h2 == NULL) {
		ret->what = HEARD_WRONG;
		ret->outcome = OUTCOME_NO_MEMORY;
		return;
	}
	forget_told(speech);
	while (speech->kept < size && !has_more(speech)) {
		speech->kept += h2_read(speech->h2, data + speech->kept, size - speech->kept,
					loop_now(speaker->worker->loop));
		pump(speech);
	}
	if (has_more(speech))
		tell_next(speech, ret);
	ret->is_urgent = speech->out_sent < speech->out.size;
	/* The same bytes are given again as long as there is more to tell of them. */
	if (!has_more(speech) || ret->what == HEARD_WRONG) {
		ret->used = speech->kept;
		speech->kept = 0;
	}
}

/* What both sides have learnt of one another's headers can't be begun anew. */
static bool is_at_rest(const struct speaker *speaker, const void *memory)
{
	(void)speaker;
	(void)memory;
	return false;
}

const struct speaker_kind speaker_h2 = {
	.name = "h2",
	.speech_bytes = sizeof(struct h2_speech),
	.speaks_first = true,
	.init = init,
	.deinit = deinit,
	.begin = begin,
	.end = end,
	.write = write_batch,
	.wrote = wrote,
	.hear = hear,
	.is_at_rest = is_at_rest,
};
