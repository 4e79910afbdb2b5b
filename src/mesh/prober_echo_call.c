/* One probe: connect, write the request, hear the answer, close. See prober_echo.h. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "mesh/prober_echo.h"
#include "proto/traffic_wire.h"

/* So late this host came to a time-out that the probe may have been slept through, too. */
#define HELD_UP_NS (10 * NS_PER_MS)

static const struct mesh_host *host_of(const struct echo_call *call)
{
	return call->own->prober->host;
}

static struct mesh_pair *pair_of(const struct echo_call *call)
{
	return call->own->link->pair;
}

/* ---- the end */

/* When the answer is there, or when it is given up: what was retransmitted shows only then. */
static void note_facts(struct echo_call *call)
{
	struct mesh_pair *pair = pair_of(call);
	struct mesh_tcp *tcp = &pair->tcp;
	struct stream_info info = { 0 };

	if (!stream_is_open(&call->stream) || stream_info(&call->stream, &info) < 0 ||
	    !info.is_known)
		return;
	tcp->retransmitted += info.retransmitted_segments;
	tcp->sent += info.sent_segments;
	tcp->timeouts += info.timeouts;
	pair->window.retransmitted += (uint32_t)info.retransmitted_segments;
	if (call->connected_ns == 0)
		return;
	tcp->send_mss_bytes = (uint32_t)info.mss_bytes;
	tcp->receive_mss_bytes = (uint32_t)info.receive_mss_bytes;
	tcp->path_mtu_bytes = (uint32_t)info.path_mtu;
	if (info.rtt_ns == 0)
		return;
	mesh_spread_add(&tcp->rtt, info.rtt_ns);
	tcp->rtt_ns = info.rtt_ns;
	tcp->deviation_ns = info.rtt_variation_ns;
}

static void drop(struct echo_call *call)
{
	struct echo_prober *prober = call->own->prober;

	loop_clear_timer(prober->host->loop, &call->timer);
	list_remove(&call->node);
	prober->in_flight--;
	slab_put(&prober->calls, call);
}

/* The call is gone. Unsent bytes would keep a connection for minutes that nobody owns any more: it
 * is reset. */
static void fail(struct echo_call *call, enum mesh_reason reason)
{
	struct echo_link *own = call->own;
	struct mesh_pair *pair = pair_of(call);
	enum mesh_probe probe = (enum mesh_probe)call->probe;

	note_facts(call);
	mesh_series_lost(&pair->probes[probe], &pair->window.probes[probe], reason);
	if (call->connected_ns > 0)
		stream_reset(&call->stream);
	else
		stream_close(&call->stream);
	drop(call);
	echo_link_go_on(own, probe);
}

/* The call is gone. It is closed as `traffic` closes by default, regularly: a reset would be an
 * error in the peer's figures and logs. What stays in TIME-WAIT keeps a port from this one peer
 * only, and a minute of rounds is far fewer than there are ports. */
static void succeed(struct echo_call *call, uint64_t now_ns)
{
	struct echo_link *own = call->own;
	struct mesh_pair *pair = pair_of(call);
	enum mesh_probe probe = (enum mesh_probe)call->probe;
	const char *goodbye = call->speech->goodbye;

	note_facts(call);
	mesh_series_received(&pair->probes[probe], &pair->window.probes[probe],
			     now_ns - call->written_ns);
	if (goodbye != NULL) {
		struct iovec part = { (void *)goodbye, strlen(goodbye) };
		(void)!stream_send(&call->stream, &part, 1);
	}
	stream_close(&call->stream);
	drop(call);
	echo_link_go_on(own, probe);
}

void echo_call_forget(struct echo_call *call)
{
	struct mesh_series *series = &pair_of(call)->probes[call->probe];

	series->sent--;
	series->in_flight--;
	stream_reset(&call->stream);
	drop(call);
}

/* ---- its course */

static void fail_by_errno(struct echo_call *call, int code)
{
	fail(call, mesh_reason_of(outcome_from_errno(code)));
}

/* False: the call is gone. */
static bool write_request(struct echo_call *call)
{
	const struct echo_speech *speech = call->speech;
	uint32_t left = speech->request_bytes - call->written_bytes;
	struct iovec part = { (void *)(speech->request + call->written_bytes), left };

	if (left == 0)
		return true;
	ssize_t taken = stream_send(&call->stream, &part, 1);
	if (taken < 0 && taken != -EAGAIN) {
		fail_by_errno(call, (int)-taken);
		return false;
	}
	call->written_bytes += taken > 0 ? (uint32_t)taken : 0;
	if (call->written_bytes == speech->request_bytes)
		call->written_ns = loop_read_clock(host_of(call)->loop);
	return true;
}

static void note_connected(struct echo_call *call)
{
	const struct mesh_host *host = host_of(call);
	struct mesh_pair *pair = pair_of(call);
	struct mesh_window *window = &pair->window;

	call->connected_ns = loop_read_clock(host->loop);
	uint64_t took_ns = call->connected_ns - call->started_ns;
	pair->tcp.connects++;
	pair->tcp.connect_sum_ns += took_ns;
	if (window->connects++ == 0 || took_ns < window->connect_min_ns)
		window->connect_min_ns = took_ns;
	window->connect_sum_ns += took_ns;
	mesh_spread_add(&host->node->phases[call->probe][PROBE_CONNECT], took_ns);
}

/* Its beginning is the first that came. A short one may hold but a part of the name: none is told.
 */
static void note_answered(struct echo_call *call, const uint8_t *data, size_t size)
{
	const struct mesh_host *host = host_of(call);
	size_t most = size < WIRE_NAME_BYTES ? size : WIRE_NAME_BYTES;
	char name[WIRE_NAME_BYTES];
	bool is_named = call->speech->name_bytes > 0 && call->heard_bytes == 0 &&
			memchr(data, '\0', most) != NULL && wire_read_name(data, size, name) > 0;

	host->answered(host->context, call->own->link, is_named ? name : NULL);
}

/* Of the answer from `heard_bytes` on. */
static bool is_expected(const struct echo_call *call, const uint8_t *data, size_t size)
{
	const struct echo_speech *speech = call->speech;
	uint32_t at = call->heard_bytes;
	size_t skipped = at < speech->name_bytes ? speech->name_bytes - at : 0;

	if (size > speech->answer_bytes - at)
		return false;
	return skipped >= size ||
	       memcmp(data + skipped, speech->answer + at + skipped, size - skipped) == 0;
}

/* False: the call is gone. */
static bool take_bytes(struct echo_call *call, const uint8_t *data, size_t size)
{
	const struct mesh_host *host = host_of(call);
	uint64_t now_ns = loop_read_clock(host->loop);

	/* An answer to what was not asked yet is none. */
	if (call->written_ns == 0 || !is_expected(call, data, size)) {
		fail(call, call->speech->if_other);
		return false;
	}
	if (call->heard_bytes == 0) {
		mesh_spread_add(&host->node->phases[call->probe][PROBE_WAIT],
				now_ns - call->written_ns);
		note_answered(call, data, size);
	}
	call->heard_bytes += (uint32_t)size;
	if (call->heard_bytes < call->speech->answer_bytes)
		return true;
	succeed(call, now_ns);
	return false;
}

static void receive(struct echo_call *call)
{
	uint8_t *scratch = call->own->prober->scratch;
	ssize_t got = ECHO_SCRATCH_BYTES;

	while (got == ECHO_SCRATCH_BYTES) {
		got = stream_receive(&call->stream, scratch, ECHO_SCRATCH_BYTES);
		if (got == -EAGAIN)
			return;
		if (got > 0 && !take_bytes(call, scratch, (size_t)got))
			return;
	}
	if (got == 0)
		fail(call, MESH_REASON_SHORT_REPLY);
	else if (got < 0)
		fail_by_errno(call, (int)-got);
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct echo_call *call = container_of(stream, struct echo_call, stream);

	if (events & STREAM_CONNECTED)
		note_connected(call);
	if (call->connected_ns == 0) {
		if (events & STREAM_FAILED)
			fail_by_errno(call, stream_error(stream));
		return;
	}
	if ((events & (STREAM_CONNECTED | STREAM_WRITABLE)) && !write_request(call))
		return;
	if (events & (STREAM_READABLE | STREAM_FAILED))
		receive(call);
}

/* What this host slept through was not the peer's time: it gets that back, once. */
static void on_timeout(struct timer *timer)
{
	struct echo_call *call = container_of(timer, struct echo_call, timer);
	struct loop *loop = host_of(call)->loop;
	uint64_t held_ns = loop_now(loop) - timer->at_ns;

	if (held_ns > HELD_UP_NS && !call->is_extended) {
		call->is_extended = true;
		loop_set_timer(loop, timer, loop_now(loop) + held_ns);
		return;
	}
	fail(call, MESH_REASON_TIMEOUT);
}

/* ---- the beginning */

static bool is_port_distinct(const struct echo_prober *prober, uint16_t port)
{
	return prober->port_low > 0 && (port < prober->port_low || port > prober->port_high);
}

static void connect_call(struct echo_call *call)
{
	const struct echo_prober *prober = call->own->prober;
	const struct mesh_host *host = prober->host;
	const struct endpoint *remote = &call->own->link->target.endpoint;
	struct stream_connect connect = {
		.remote = *remote,
		.is_port_distinct = is_port_distinct(prober, remote->port),
		.network = host->network,
	};
	int rc = stream_connect(&call->stream, host->stream, host->loop, &connect, on_ready);

	if (rc < 0)
		fail_by_errno(call, -rc);
	else
		loop_set_timer(host->loop, &call->timer,
			       call->started_ns + host->settings->timeout_ns);
}

int echo_call_start(struct echo_link *own, enum mesh_probe probe)
{
	struct echo_prober *prober = own->prober;
	struct mesh_node *node = prober->host->node;
	struct echo_call *call = slab_take(&prober->calls);

	if (call == NULL)
		return -ENOMEM;
	call->own = own;
	call->probe = (uint8_t)probe;
	call->speech = echo_speech_of(own, probe);
	call->started_ns = loop_read_clock(prober->host->loop);
	timer_init(&call->timer, on_timeout);
	list_append(&own->calls, &call->node);
	prober->in_flight++;
	node->packets_sent += call->speech->packets;
	node->bytes_sent += echo_speech_cost(call->speech);
	mesh_series_sent(&own->link->pair->probes[probe]);
	connect_call(call);
	return 0;
}
