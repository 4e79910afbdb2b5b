/* TLS over any stream. The handshake goes on by itself; an accepted stream is handed out before its
 * own and takes nothing until it is done. */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "base/units.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

#define HANDSHAKE_NS (10 * NS_PER_S) /* how long clients have */
#define FLUSH_NS     (10 * NS_PER_S) /* how long the last records of a closed stream have */

/* ---- the life of one */

static void free_stream(struct deferred *deferred)
{
	struct tls_stream *tls = container_of(deferred, struct tls_stream, burying);

	SSL_free(tls->ssl);
	free(tls->complaint);
	buffer_deinit(&tls->backlog);
	free(tls);
}

/* Ends the stream below; the memory goes at the end of this turn, out of which we may be called. */
static void dispose(struct tls_stream *tls, void (*end)(struct stream *stream))
{
	struct loop *loop = tls->lower.loop;

	tls->upper = NULL;
	list_remove(&tls->telling.node);
	list_remove(&tls->burying.node);
	loop_clear_timer(loop, &tls->deadline);
	end(&tls->lower);
	tls->burying.run = free_stream;
	loop_defer(loop, &tls->burying);
}

/* The loop is freed, and the last records have not gone. */
static void give_up_sending(struct deferred *deferred)
{
	dispose(container_of(deferred, struct tls_stream, burying), stream_reset);
}

static void tell(struct tls_stream *tls, unsigned events)
{
	if (tls->upper == NULL || events == 0)
		return;
	if ((events & STREAM_FAILED) != 0)
		tls->upper->failure = tls->failure;
	if ((events & STREAM_WRITABLE) != 0)
		tls->upper->is_blocked = false;
	tls->upper->ready(tls->upper, events);
}

static void tell_deferred(struct deferred *deferred)
{
	struct tls_stream *tls = container_of(deferred, struct tls_stream, telling);
	unsigned events = tls->untold;

	tls->untold = 0;
	tell(tls, events);
}

void tls_tell_later(struct tls_stream *tls, unsigned events)
{
	tls->untold |= events;
	loop_defer(tls->lower.loop, &tls->telling);
}

static unsigned fail(struct tls_stream *tls, int code)
{
	tls->phase = TLS_ENDED;
	tls->failure = code;
	if (tls->upper != NULL)
		tls->upper->is_connecting = false;
	loop_clear_timer(tls->lower.loop, &tls->deadline);
	return STREAM_FAILED;
}

static void deadline_passed(struct timer *timer)
{
	struct tls_stream *tls = container_of(timer, struct tls_stream, deadline);

	if (tls->upper == NULL)
		dispose(tls, stream_reset);
	else
		tell(tls, fail(tls, ETIMEDOUT));
}

static struct tls_stream *new_stream(struct stream *upper)
{
	struct tls_stream *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	tls->upper = upper;
	tls->lower.loop = upper->loop;
	tls->lower.watch.fd = -1;
	deferred_init(&tls->telling, tell_deferred);
	deferred_init(&tls->burying, give_up_sending);
	timer_init(&tls->deadline, deadline_passed);
	return tls;
}

/* ---- events from below */

/* Room again after a short send, and nothing of ours is in front. */
static unsigned writable(const struct tls_stream *tls)
{
	return tls->upper->is_blocked && tls_backlog_is_empty(tls) ? STREAM_WRITABLE : 0;
}

static unsigned open_ready(struct tls_stream *tls, unsigned events)
{
	if ((events & STREAM_FAILED) != 0 && tls->failure == 0)
		tls->failure = stream_error(&tls->lower);
	return (events & (STREAM_READABLE | STREAM_FAILED)) | writable(tls);
}

static unsigned handshake_done(struct tls_stream *tls)
{
	struct stream *upper = tls->upper;
	unsigned told = upper->is_connecting ? STREAM_CONNECTED : 0;

	upper->is_connecting = false;
	tls->phase = TLS_OPEN;
	loop_clear_timer(upper->loop, &tls->deadline);
	if (tls->tally != NULL)
		tls_tally_handshake(tls->tally, tls->ssl);
	if (!tls->is_drained || SSL_has_pending(tls->ssl))
		told |= STREAM_READABLE;
	tls_release_room(tls);
	return told;
}

static unsigned shake_hands(struct tls_stream *tls, unsigned events)
{
	ERR_clear_error();
	int rc = SSL_do_handshake(tls->ssl);

	if (rc == 1)
		return handshake_done(tls) | open_ready(tls, events & STREAM_FAILED);
	if (SSL_get_error(tls->ssl, rc) != SSL_ERROR_WANT_READ)
		return fail(tls, tls_failure_of(tls));
	return (events & STREAM_FAILED) != 0 ? fail(tls, stream_error(&tls->lower)) : 0;
}

static unsigned linking(struct tls_stream *tls, unsigned events)
{
	if ((events & STREAM_FAILED) != 0 && (events & STREAM_CONNECTED) == 0)
		return fail(tls, stream_error(&tls->lower));
	if ((events & STREAM_CONNECTED) == 0)
		return 0;
	tls->phase = TLS_SHAKING;
	/* Told before the handshake is computed, which takes longer than a near network. */
	tell(tls, STREAM_LINKED);
	return tls->upper != NULL ? shake_hands(tls, events) : 0;
}

static void finish_below(struct tls_stream *tls)
{
	if (tls->is_finished && tls_backlog_is_empty(tls))
		(void)stream_finish(&tls->lower); /* a failure is told as an event, too */
}

static void last_records(struct tls_stream *tls, unsigned events)
{
	if (tls_backlog_is_empty(tls) || (events & STREAM_FAILED) != 0 || tls->send_error != 0)
		dispose(tls, stream_close);
}

static void lower_ready(struct stream *lower, unsigned events)
{
	struct tls_stream *tls = container_of(lower, struct tls_stream, lower);

	if ((events & STREAM_READABLE) != 0)
		tls->is_drained = false;
	if ((events & STREAM_WRITABLE) != 0 && !tls_backlog_is_empty(tls)) {
		tls_backlog_flush(tls);
		finish_below(tls);
	}
	if (tls->upper == NULL)
		last_records(tls, events);
	else if (tls->phase == TLS_LINKING)
		tell(tls, linking(tls, events));
	else if (tls->phase == TLS_SHAKING)
		tell(tls, shake_hands(tls, events));
	else
		tell(tls, open_ready(tls, events));
}

/* ---- connect, accept, end */

static int attach(struct tls_stream *tls, SSL_CTX *context, const BIO_METHOD *bio)
{
	tls->ssl = SSL_new(context);
	if (tls->ssl == NULL)
		return -ENOMEM;
	(void)SSL_set_app_data(tls->ssl, tls);
	return tls_bio_attach(tls, bio);
}

static int tls_connect(struct stream *stream, const struct stream_connect *connect)
{
	const struct tls_client_parts *parts = tls_client_parts(connect->tls);
	struct tls_stream *tls = parts != NULL ? new_stream(stream) : NULL;

	if (tls == NULL)
		return -ENOMEM;
	int rc = attach(tls, parts->context, parts->bio);
	if (rc == 0)
		rc = tls_client_attach(tls, connect);
	if (rc == 0)
		rc = stream_connect(&tls->lower, connect->below, stream->loop, connect,
				    lower_ready);
	if (rc < 0)
		free_stream(&tls->burying);
	else
		stream->state = tls;
	return rc;
}

struct tls_listener {
	struct listener lower;
	struct listener *upper;
	const struct tls_server *server;
	const char *protocols;
};

static int tls_accept(struct listener *listener, struct stream *stream)
{
	struct tls_listener *state = listener->state;
	struct tls_stream *tls = new_stream(stream);

	if (tls == NULL)
		return -ENOMEM;
	int rc = listener_accept(&state->lower, &tls->lower, lower_ready);
	if (rc < 0) {
		free_stream(&tls->burying);
		return rc;
	}
	tls->phase = TLS_SHAKING;
	tls->protocols = state->protocols;
	rc = attach(tls, state->server->context, state->server->bio);
	if (rc < 0) {
		dispose(tls, stream_reset);
		return rc;
	}
	SSL_set_accept_state(tls->ssl);
	loop_set_timer(stream->loop, &tls->deadline, loop_now(stream->loop) + HANDSHAKE_NS);
	stream->state = tls;
	return 0;
}

/* Says that we end; what it takes for that goes the way of all records. */
static void say_goodbye(struct tls_stream *tls)
{
	bool is_open = tls->phase == TLS_OPEN || (tls->phase == TLS_ENDED && tls->failure == 0);

	if (!is_open || tls->is_finished || tls->send_error != 0)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(tls->ssl);
}

static int tls_finish(struct stream *stream)
{
	struct tls_stream *tls = stream->state;

	say_goodbye(tls);
	if (tls->send_error != 0)
		return -tls->send_error;
	tls->is_finished = true;
	return tls_backlog_is_empty(tls) ? stream_finish(&tls->lower) : 0;
}

static void tls_close(struct stream *stream)
{
	struct tls_stream *tls = stream->state;

	say_goodbye(tls);
	stream->state = NULL;
	stream->is_connecting = false;
	if (tls_backlog_is_empty(tls) || tls->failure != 0 || tls->send_error != 0) {
		dispose(tls, stream_close);
		return;
	}
	tls->upper = NULL;
	list_remove(&tls->telling.node);
	loop_set_timer(stream->loop, &tls->deadline, loop_now(stream->loop) + FLUSH_NS);
	loop_defer_to_end(stream->loop, &tls->burying);
}

static void tls_reset(struct stream *stream)
{
	struct tls_stream *tls = stream->state;

	stream->state = NULL;
	stream->is_connecting = false;
	dispose(tls, stream_reset);
}

/* ---- information and listeners */

static int tls_info(struct stream *stream, struct stream_info *ret)
{
	struct tls_stream *tls = stream->state;

	return stream_info(&tls->lower, ret);
}

static int tls_describe(struct stream *stream, struct stream_description *ret)
{
	struct tls_stream *tls = stream->state;

	return stream_describe(&tls->lower, ret);
}

static int tls_endpoints(struct stream *stream, struct endpoint *local, struct endpoint *remote)
{
	struct tls_stream *tls = stream->state;

	return stream_endpoints(&tls->lower, local, remote);
}

static void lower_arrived(struct listener *lower)
{
	struct listener *upper = container_of(lower, struct tls_listener, lower)->upper;

	upper->arrived(upper);
}

static int tls_listen(struct listener *listener, const struct listen_options *options)
{
	struct tls_listener *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	state->upper = listener;
	state->server = options->tls;
	state->protocols = options->protocols;
	int rc = listener_open(&state->lower, options->below, listener->loop, options,
			       lower_arrived);
	if (rc < 0) {
		free(state);
		return rc;
	}
	listener->local = state->lower.local;
	listener->state = state;
	return 0;
}

static void tls_stop_listening(struct listener *listener)
{
	struct tls_listener *state = listener->state;

	listener_close(&state->lower);
	listener->state = NULL;
	free(state);
}

const struct stream_transport stream_tls = {
	.name = "tls",
	.connect = tls_connect,
	.accept = tls_accept,
	.send = tls_records_send,
	.receive = tls_records_receive,
	.skip = tls_records_skip,
	.finish = tls_finish,
	.close = tls_close,
	.reset = tls_reset,
	.info = tls_info,
	.describe = tls_describe,
	.endpoints = tls_endpoints,
	.listen = tls_listen,
	.stop_listening = tls_stop_listening,
};
