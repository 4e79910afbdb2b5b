#include "probe/path_tcp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/outcome.h"
#include "base/units.h"

/* Segments' worth of payload, and no less than this. */
#define SEGMENTS    4
#define BYTES_LEAST 16384
/* How often the kernel is asked. */
#define LOOK_NS (50 * NS_PER_MS)
/* Silences in a row that are borne, as long as each ends. */
#define PATIENCE_TIMES_MAX 4
#define CHUNK_BYTES        16384
#define TCP_BYTES          20
#define STAMP_BYTES        12 /* of the timestamps option */
#define IPV4_BYTES         20
#define IPV6_BYTES         40

struct path_tcp_probe {
	struct path_tcp_setup setup;
	struct stream stream;
	struct timer timer;
	struct deferred telling;
	struct path_tcp facts;
	enum outcome outcome; /* why there are none; DONE */
	uint64_t wanted_bytes;
	uint64_t began_ns;    /* of connecting, then of sending */
	uint64_t progress_ns; /* the last */
	bool is_connected;
	bool is_over;
};

static const uint8_t zeros[CHUNK_BYTES];

static uint64_t now_of(const struct path_tcp_probe *probe)
{
	return loop_read_clock(probe->setup.loop);
}

/* ---- looking ---- */

static void note_progress(struct path_tcp_probe *probe)
{
	uint64_t now_ns = now_of(probe);
	uint64_t silent_ns = now_ns - probe->progress_ns;
	if (silent_ns > probe->facts.silent_ns)
		probe->facts.silent_ns = silent_ns;
	probe->progress_ns = now_ns;
}

static void look(struct path_tcp_probe *probe)
{
	struct path_tcp *facts = &probe->facts;
	struct stream_info info = { 0 };
	if (stream_info(&probe->stream, &info) < 0 || !info.is_known)
		return;
	facts->mss_bytes = info.mss_bytes;
	facts->path_mtu_bytes = info.path_mtu;
	facts->retransmits = info.retransmitted_segments;
	if (info.bytes_acked > facts->acked_bytes) {
		facts->acked_bytes = info.bytes_acked;
		note_progress(probe);
	}
	if (facts->mss_first_bytes)
		return;
	facts->mss_first_bytes = info.mss_bytes;
	facts->path_mtu_first_bytes = info.path_mtu;
	facts->header_bytes = (probe->setup.remote.family == AF_INET6 ? IPV6_BYTES : IPV4_BYTES) +
			      TCP_BYTES + (info.has_timestamps ? STAMP_BYTES : 0);
}

static void finish(struct path_tcp_probe *probe, enum outcome outcome)
{
	if (probe->is_over)
		return;
	probe->is_over = true;
	probe->outcome = outcome;
	if (probe->is_connected) {
		look(probe);
		probe->facts.duration_ns = now_of(probe) - probe->began_ns;
		if (!probe->facts.is_echoed)
			note_progress(probe); /* the silence at the end */
	}
	loop_clear_timer(probe->setup.loop, &probe->timer);
	stream_reset(&probe->stream);
	loop_defer(probe->setup.loop, &probe->telling);
}

static void tell(struct deferred *deferred)
{
	struct path_tcp_probe *probe = container_of(deferred, struct path_tcp_probe, telling);
	probe->setup.over(probe->setup.context);
}

static void on_timer(struct timer *timer)
{
	struct path_tcp_probe *probe = container_of(timer, struct path_tcp_probe, timer);
	uint64_t now_ns = now_of(probe);
	if (!probe->is_connected) {
		finish(probe, OUTCOME_CONNECT_TIMEOUT);
		return;
	}
	look(probe);
	uint64_t patience_ns = probe->setup.patience_ns;
	if (now_ns >= probe->progress_ns + patience_ns ||
	    now_ns >= probe->began_ns + PATIENCE_TIMES_MAX * patience_ns)
		finish(probe, OUTCOME_TIMED_OUT);
	else
		loop_set_timer(probe->setup.loop, timer, now_ns + LOOK_NS);
}

/* ---- bytes ---- */

static void send_some(struct path_tcp_probe *probe)
{
	struct path_tcp *facts = &probe->facts;
	while (facts->sent_bytes < probe->wanted_bytes) {
		uint64_t left = probe->wanted_bytes - facts->sent_bytes;
		struct iovec part = { (void *)zeros, left < CHUNK_BYTES ? left : CHUNK_BYTES };
		ssize_t sent = stream_send(&probe->stream, &part, 1);
		if (sent == -EAGAIN)
			return;
		if (sent < 0) {
			finish(probe, outcome_from_errno((int)-sent));
			return;
		}
		facts->sent_bytes += (uint64_t)sent;
	}
}

static void receive_some(struct path_tcp_probe *probe)
{
	struct path_tcp *facts = &probe->facts;
	while (!probe->is_over) {
		ssize_t got = stream_skip(&probe->stream, CHUNK_BYTES);
		if (got == -EAGAIN)
			return;
		if (got > 0) {
			facts->received_bytes += (uint64_t)got;
			note_progress(probe);
		}
		facts->is_echoed = facts->received_bytes >= probe->wanted_bytes;
		if (facts->is_echoed)
			finish(probe, OUTCOME_DONE);
		else if (got <= 0)
			finish(probe, got == 0 ? OUTCOME_CLOSED : outcome_from_errno((int)-got));
	}
}

static void begin(struct path_tcp_probe *probe)
{
	probe->is_connected = true;
	probe->facts.is_measured = true;
	probe->began_ns = now_of(probe);
	probe->progress_ns = probe->began_ns;
	look(probe);
	probe->wanted_bytes = SEGMENTS * probe->facts.mss_first_bytes;
	if (probe->wanted_bytes < BYTES_LEAST)
		probe->wanted_bytes = BYTES_LEAST;
	loop_set_timer(probe->setup.loop, &probe->timer, probe->began_ns + LOOK_NS);
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct path_tcp_probe *probe = container_of(stream, struct path_tcp_probe, stream);
	if (events & STREAM_CONNECTED)
		begin(probe);
	if (events & (STREAM_CONNECTED | STREAM_WRITABLE))
		send_some(probe);
	if ((events & STREAM_READABLE) && !probe->is_over)
		receive_some(probe);
	if ((events & STREAM_FAILED) && !probe->is_over)
		finish(probe, outcome_from_errno(stream_error(stream)));
}

/* ---- life ---- */

int path_tcp_new(const struct path_tcp_setup *setup, struct path_tcp_probe **ret)
{
	struct path_tcp_probe *probe = calloc(1, sizeof(*probe));
	if (!probe)
		return -ENOMEM;
	probe->setup = *setup;
	probe->stream.watch.fd = -1;
	timer_init(&probe->timer, on_timer);
	deferred_init(&probe->telling, tell);
	*ret = probe;
	return 0;
}

void path_tcp_start(struct path_tcp_probe *probe)
{
	struct stream_connect connect = {
		.remote = probe->setup.remote,
		.local = probe->setup.source,
		.options = probe->setup.options,
		.network = probe->setup.network,
	};
	probe->began_ns = now_of(probe);
	loop_set_timer(probe->setup.loop, &probe->timer,
		       probe->began_ns + probe->setup.connect_timeout_ns);
	int result = stream_connect(&probe->stream, probe->setup.stream, probe->setup.loop,
				    &connect, on_ready);
	if (result < 0)
		finish(probe, outcome_from_errno(-result));
}

void path_tcp_stop(struct path_tcp_probe *probe)
{
	if (!probe->is_over)
		finish(probe, OUTCOME_TIMED_OUT);
	list_remove(&probe->telling.node);
}

void path_tcp_free(struct path_tcp_probe *probe)
{
	if (!probe)
		return;
	path_tcp_stop(probe);
	free(probe);
}

void path_tcp_describe(const struct path_tcp_probe *probe, struct arena *arena,
		       struct path_tcp *ret)
{
	const char *sentence = outcome_sentence(probe->outcome);
	*ret = probe->facts;
	if (!ret->is_measured)
		ret->reason = arena_text(arena, sentence);
	else if (!ret->is_echoed && probe->outcome != OUTCOME_TIMED_OUT)
		ret->ended = arena_text(arena, sentence);
}
