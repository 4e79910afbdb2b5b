/* One call: connects, has its talk said and heard, and takes the times at which each phase ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/http_look.h"
#include "probe/stream_prober.h"

#define RECEIVE_BYTES ((size_t)64 * 1024)
/* Behind these others have their turn, and the deadline: a body may come faster than it is read. */
#define RECEIVES_A_TURN 16

static struct loop *loop_of(const struct stream_call *call)
{
	return call->owner->prober->host->loop;
}

/* Sends what there is room for: 0, or the -errno that the stream failed with. */
static int send_out(struct stream_call *call)
{
	while (call->sent < call->out.size) {
		struct iovec part = { call->out.data + call->sent, call->out.size - call->sent };
		ssize_t taken = stream_send(&call->stream, &part, 1);
		if (taken < 0)
			return taken == -EAGAIN ? 0 : (int)taken;
		call->sent += (size_t)taken;
	}
	buffer_clear(&call->out);
	call->sent = 0;
	return 0;
}

/* ---- the end of a call ---- */

void stream_call_hang_up(struct stream_call *call, void (*end)(struct stream *stream))
{
	bool is_clean = call->out.size == 0;
	if (call->has_talk)
		stream_call_talk(call)->kind->close(stream_call_talk(call));
	/* A goodbye, which has to stand alone. */
	if (call->has_talk && is_clean && end == stream_close)
		(void)send_out(call);
	end(&call->stream);
	if (call->question)
		call->question->call = NULL;
	call->question = NULL;
	call->has_talk = false;
	call->is_mute = false;
	call->sent = 0;
	buffer_clear(&call->out);
	list_remove(&call->hearing_on.node);
}

void stream_call_drop(struct stream_call *call, void (*end)(struct stream *stream))
{
	stream_call_hang_up(call, end);
	call->probe = NULL;
	list_remove(&call->node);
	list_append(&call->owner->spare, &call->node);
}

void stream_call_fail(struct stream_call *call, enum outcome outcome, const char *why)
{
	struct probe *probe = call->probe;
	stream_note_tcp(call);
	if (outcome == OUTCOME_CLOSED)
		why = stream_explain_end(probe, why);
	probe_failed(probe, outcome, why);
	stream_call_drop(call, stream_reset);
}

static void fail_errno(struct stream_call *call, int code)
{
	enum outcome outcome = outcome_from_errno(code);
	if (outcome == OUTCOME_TIMED_OUT && call->probe->phase == PROBE_CONNECT)
		outcome = OUTCOME_CONNECT_TIMEOUT;
	stream_call_fail(call, outcome, stream_explain_failure(call, code));
}

/* ---- the end of a look ---- */

static void keep(struct stream_call *call)
{
	stream_call_talk(call)->result = NULL;
	call->probe = NULL;
	list_append(&call->owner->kept, &call->node);
}

/* One at rest is enough: those beside it were for what was in flight at once. */
static bool can_be_kept(struct stream_call *call)
{
	return call->owner->prober->target->is_kept && call->has_talk && call->has_sent &&
	       !stream_call_talk(call)->is_ended && call->out.size == 0 &&
	       call->request.uri == call->owner->request.uri && list_is_empty(&call->owner->kept);
}

/* The answer is whole. */
static void finish(struct stream_call *call, enum outcome outcome, const char *why, uint64_t now_ns)
{
	struct probe *probe = call->probe;
	stream_note_tcp(call);
	if (outcome == OUTCOME_DONE)
		probe_done(probe, now_ns);
	else
		probe_rejected(probe, now_ns, why);
	/* The answer to a question of the peer, and nothing of a request that is answered. */
	if (call->has_sent)
		(void)send_out(call);
	if (can_be_kept(call))
		keep(call);
	else
		stream_call_drop(call, stream_close);
}

/* The phases go on behind the answer, on a connection of its own. */
static void go_elsewhere(struct stream_call *call, uint64_t now_ns)
{
	struct probe *probe = call->probe;
	struct probe_result *result = &probe->result;
	struct error error;
	if (stream_redirect_take(call, &error) < 0) {
		finish(call, OUTCOME_REJECTED, error.text, now_ns);
		return;
	}
	probe_end_phase(probe, now_ns);
	probe_begin_again(probe);
	result->redirects++;
	stream_forget_answer(result);
	stream_call_hang_up(call, stream_close);
	stream_call_seek(call);
}

/* The phases that are over by the talk's state. False: the call is over, or elsewhere. */
static bool follow(struct stream_call *call, uint64_t now_ns)
{
	struct talk *talk = stream_call_talk(call);
	if (talk->state > TALK_SENDING && call->probe->phase == PROBE_SEND)
		probe_end_phase(call->probe, now_ns);
	if (talk->state > TALK_WAITING && call->probe->phase == PROBE_WAIT)
		probe_end_phase(call->probe, now_ns);
	if (talk->state == TALK_ANSWERED && talk->outcome == OUTCOME_DONE &&
	    http_look_is_followed(call->owner->prober->target, &call->probe->result))
		go_elsewhere(call, now_ns);
	else if (talk->state == TALK_ANSWERED)
		finish(call, talk->outcome, talk->why, now_ns);
	else if (talk->outcome != OUTCOME_DONE)
		stream_call_fail(call, talk->outcome, talk->why);
	else
		return true;
	return false;
}

/* ---- bytes ---- */

static void note_sent(struct stream_call *call)
{
	struct talk *talk = stream_call_talk(call);
	if (talk->is_held_back || call->out.size > 0)
		return;
	call->has_sent = true;
	if (talk->state != TALK_SENDING)
		return;
	talk->state = TALK_WAITING;
	if (call->probe)
		(void)follow(call, loop_read_clock(loop_of(call)));
}

static void receive(struct stream_call *call);

/* A peer that does not want the whole request may have answered before it ended, or sent the probe
 * elsewhere, where the new connection is not mute. */
static void send_failed(struct stream_call *call, int code)
{
	call->is_mute = true;
	receive(call);
	if (call->is_mute)
		fail_errno(call, code);
}

/* False: the call is over. */
static bool flush(struct stream_call *call)
{
	const struct probe *probe = call->probe;
	if (call->is_mute)
		return true;
	int result = call->out.error ? call->out.error : send_out(call);
	if (result < 0 && !call->probe) {
		stream_call_drop(call, stream_reset);
		return false;
	}
	if (result < 0) {
		send_failed(call, -result);
		return false;
	}
	note_sent(call);
	return call->probe == probe;
}

/* The peer's end, or a failure; what it said before has been heard. */
static void ended(struct stream_call *call, ssize_t got)
{
	if (!call->probe)
		stream_call_drop(call, stream_close);
	else if (got < 0)
		fail_errno(call, (int)-got);
	else
		stream_call_fail(call, OUTCOME_CLOSED, NULL);
}

/* False: the call is over. */
static bool hear(struct stream_call *call, const uint8_t *data, ssize_t size)
{
	struct talk *talk = stream_call_talk(call);
	uint64_t now_ns = loop_read_clock(loop_of(call));
	if (size >= 0)
		talk->kind->hear(talk, data, (size_t)size, now_ns);
	if (call->probe && !follow(call, now_ns) && !call->has_talk)
		return false;
	if (size <= 0 || (!call->probe && talk->is_ended)) {
		ended(call, size);
		return false;
	}
	return flush(call);
}

static void receive(struct stream_call *call)
{
	uint8_t bytes[RECEIVE_BYTES];
	for (unsigned i = 0; i < RECEIVES_A_TURN; i++) {
		ssize_t got = stream_receive(&call->stream, bytes, sizeof(bytes));
		if (got == -EAGAIN || !hear(call, bytes, got) || (size_t)got < sizeof(bytes))
			return;
	}
	loop_defer(loop_of(call), &call->hearing_on);
}

void stream_call_hear_on(struct deferred *deferred)
{
	receive(container_of(deferred, struct stream_call, hearing_on));
}

/* ---- connecting ---- */

void stream_call_ask(struct stream_call *call)
{
	struct talk *talk = stream_call_talk(call);
	talk->result = &call->probe->result;
	talk->request = &call->request;
	talk->state = TALK_SENDING;
	talk->outcome = OUTCOME_DONE;
	talk->why = NULL;
	talk->is_held_back = false;
	call->has_sent = false;
	if (talk->kind->protocol)
		(void)snprintf(talk->result->protocol, sizeof(talk->result->protocol), "%s",
			       talk->kind->protocol);
	talk->kind->ask(talk);
	if (follow(call, loop_read_clock(loop_of(call))))
		(void)flush(call);
}

static int open_talk(struct stream_call *call, const struct talk_kind *kind)
{
	struct talk *talk = stream_call_talk(call);
	memset(talk, 0, kind->size);
	talk->kind = kind;
	talk->prober = call->owner->prober;
	talk->request = &call->request;
	talk->out = &call->out;
	int result = kind->open(talk);
	call->has_talk = result >= 0;
	return result;
}

static void come_up(struct stream_call *call)
{
	uint64_t now_ns = loop_read_clock(loop_of(call));
	struct probe_result *result = &call->probe->result;
	stream_note_connection(call);
	const struct talk_kind *kind = talk_kind_of(call->request.uri->service, result->protocol);
	if (!kind) {
		finish(call, OUTCOME_DONE, NULL, now_ns);
		return;
	}
	probe_end_phase(call->probe, now_ns);
	probe_enter(call->probe, PROBE_SEND);
	int code = open_talk(call, kind);
	if (code < 0)
		stream_call_fail(call, outcome_from_errno(-code), NULL);
	else
		stream_call_ask(call);
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct stream_call *call = container_of(stream, struct stream_call, stream);
	if (events & STREAM_LINKED)
		probe_end_phase(call->probe, loop_read_clock(loop_of(call)));
	if (events & STREAM_CONNECTED)
		come_up(call);
	else if (!call->has_talk && (events & STREAM_FAILED))
		fail_errno(call, stream_error(stream));
	if (!call->has_talk)
		return;
	if ((events & STREAM_WRITABLE) && !flush(call))
		return;
	if (events & (STREAM_READABLE | STREAM_FAILED))
		receive(call);
}

static bool is_port_distinct(const struct stream_prober *owner, uint16_t port)
{
	return owner->port_low > 0 && (port < owner->port_low || port > owner->port_high);
}

void stream_call_connect(struct stream_call *call, const struct endpoint *remote)
{
	const struct probe_target *target = call->owner->prober->target;
	const struct stream_transport *below = target->stream ? target->stream : &stream_tcp;
	bool is_tls = call->request.uri->transport == TRANSPORT_TLS;
	struct stream_connect connect = {
		.remote = *remote,
		.local = target->source,
		.is_port_distinct = is_port_distinct(call->owner, remote->port),
		.options = &call->owner->options,
		.network = target->network,
		.below = below,
		.tls = target->tls,
		.server_name = uri_peer(call->request.uri),
	};
	call->local.family = 0;
	call->remote = *remote;
	call->probe->result.remote = *remote;
	call->probe->result.addresses = call->addresses;
	int result = stream_connect(&call->stream, is_tls ? &stream_tls : below, loop_of(call),
				    &connect, on_ready);
	if (result < 0)
		fail_errno(call, -result);
}
