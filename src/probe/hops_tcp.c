/* Hops inside established TCP connections: a few bytes are written with a low TTL, and what is lost
 * so TCP sends again with its own. That ICMP has come is told by the socket's error; who sent it,
 * only by a raw socket (CAP_NET_RAW), since Linux queues nothing for an established connection.
 * That bytes were acknowledged without being sent again says that the target was reached. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/units.h"
#include "net/tcp_info.h"
#include "probe/hops_parts.h"
#include "proto/icmp.h"
#include "sys/fd.h"
#include "sys/ip_hop.h"
#include "sys/ip_socket.h"

#define ANSWER_BYTES 2048
/* To connect; to have everything acknowledged, for which TCP needs 0.2 s and more after a loss. */
#define PATIENCE_NS (10 * NS_PER_S)
/* Timestamps, as all but the oldest hosts have them. */
#define TCP_HEADER_BYTES 32
/* Who sends without end keeps nobody else away: what comes next tells of what was left. */
#define RECEIVES_A_TURN 256

static bool is_nameless(const struct hops_trace *trace)
{
	return trace->raw.fd < 0;
}

/* ---- answers */

/* One more byte, with the own TTL: its acknowledgement shows the hole before it, which TCP then
 * fills after a round trip instead of 0.2 s (RFC 8985). */
static void nudge(struct trace_flow *flow)
{
	const struct hop_speech *speech = &flow->trace->speech;
	if (flow->filler_bytes < speech->filler_max &&
	    send(flow->watch.fd, &speech->filler, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
		flow->filler_bytes++;
}

static void give_answer(struct trace_flow *flow, const struct hop_answer *answer)
{
	flow->is_asked = false;
	trace_answered(flow, flow->number, answer);
	if (answer->kind != HOP_TARGET)
		nudge(flow);
}

/* Reading the error takes it, else the next write would fail with it. */
static bool has_icmp_come(struct trace_flow *flow)
{
	int code = ip_socket_take_error(flow->watch.fd);
	return code == EHOSTUNREACH || code == ENETUNREACH;
}

static void read_raw(struct hops_trace *trace);

static void look_for_icmp(struct trace_flow *flow)
{
	static const struct hop_answer nameless = { .kind = HOP_EXPIRED, .is_icmp = true };
	if (!has_icmp_come(flow) || !flow->is_asked)
		return;
	if (is_nameless(flow->trace))
		give_answer(flow, &nameless);
	else
		read_raw(flow->trace);
}

/* Everything that was written is acknowledged: the stream is whole again. */
static void rest(struct trace_flow *flow, const struct stream_info *info)
{
	struct hops_trace *trace = flow->trace;
	struct hop_answer answer = trace_target_answer(trace);

	loop_clear_timer(trace->setup.loop, &flow->patience);
	if (flow->is_asked && info->retransmitted_segments == flow->retransmits)
		give_answer(flow, &answer);
	else if (flow->is_asked)
		hops_course_lost(trace->course, flow->number);
	flow->is_asked = false;
	hops_course_let_go(trace->course, flow->index);
	trace_told(trace);
}

static void look_for_acknowledgement(struct trace_flow *flow)
{
	struct stream_info info;
	if (tcp_info_read(flow->watch.fd, TCP_CONNECTED, &info) == 0 && info.queued_bytes == 0)
		rest(flow, &info);
}

/* ---- ICMP of the whole host */

static struct trace_flow *find_flow(struct hops_trace *trace, const struct ip_packet *quote)
{
	if (quote->protocol != IPPROTO_TCP ||
	    !endpoint_is_equal(&quote->destination, &trace->setup.target))
		return NULL;
	for (uint32_t i = 0; i < trace->setup.flows; i++) {
		if (endpoint_is_equal(&quote->source, &trace->flows[i].local))
			return &trace->flows[i];
	}
	return NULL;
}

static void read_message(struct hops_trace *trace, const uint8_t *data, size_t size,
			 const struct endpoint *from)
{
	struct icmp_message message;
	struct hop_answer answer;

	if (!icmp_read(from->family, data, size, &message) || !message.has_quote)
		return;
	struct trace_flow *flow = find_flow(trace, &message.quote);
	if (!flow || !flow->is_asked)
		return;
	trace_read_icmp(trace, message.type, message.code, message.mtu, from, &answer);
	give_answer(flow, &answer);
}

static void read_raw(struct hops_trace *trace)
{
	uint8_t data[ANSWER_BYTES];
	struct sockaddr_storage address;
	struct endpoint from;

	for (int i = 0; i < RECEIVES_A_TURN; i++) {
		socklen_t address_size = sizeof(address);
		ssize_t size = recvfrom(trace->raw.fd, data, sizeof(data), MSG_DONTWAIT,
					(struct sockaddr *)&address, &address_size);
		if (size < 0)
			return;
		endpoint_from_sockaddr((const struct sockaddr *)&address, &from);
		from.port = 0;
		/* IPv4 comes with its header, IPv6 without. */
		struct ip_packet packet;
		if (from.family == AF_INET6)
			read_message(trace, data, (size_t)size, &from);
		else if (ip_packet_read(data, (size_t)size, &packet) && packet.transport)
			read_message(trace, packet.transport, packet.transport_size, &from);
	}
}

static void on_raw(struct watch *watch, uint32_t events)
{
	struct hops_trace *trace = container_of(watch, struct hops_trace, raw);
	(void)events;
	read_raw(trace);
}

static int tcp_open(struct hops_trace *trace, struct error *error)
{
	const struct hops_setup *setup = &trace->setup;

	if (!hop_speech_init(&trace->speech, setup->service, setup->is_tls, setup->host))
		return error_set(
			error, EINVAL,
			"hops can't be traced inside a connection whose server sends unasked");
	trace->payload_sizes[HOPS_SMALL] = 1;
	if (setup->full_bytes > 0 && trace->speech.filler_max == UINT32_MAX)
		trace->payload_sizes[HOPS_FULL] = UINT16_MAX; /* as much as a segment takes */
	int fd = ip_hop_open_raw(setup->target.family);
	if (fd < 0)
		return 0; /* not allowed: then it is not known who answers */
	trace->raw = (struct watch){ .ready = on_raw, .fd = fd };
	return loop_watch(setup->loop, &trace->raw);
}

/* ---- a connection */

static void drain(struct trace_flow *flow)
{
	uint8_t data[ANSWER_BYTES * 4];
	ssize_t size = 1;

	for (int i = 0; i < RECEIVES_A_TURN && size > 0; i++)
		size = recv(flow->watch.fd, data, sizeof(data), MSG_DONTWAIT);
	if (size == 0)
		trace_end_flow(flow, ECONNRESET);
	else if (size < 0 && errno != EAGAIN && errno != EHOSTUNREACH && errno != ENETUNREACH)
		trace_end_flow(flow, errno);
}

static void drain_errors(struct trace_flow *flow)
{
	uint8_t data[ANSWER_BYTES];
	struct queued_error queued;
	while (error_queue_take(flow->watch.fd, data, sizeof(data), &queued) == 0)
		;
}

static void note_sizes(struct trace_flow *flow)
{
	struct hops_trace *trace = flow->trace;
	struct hops *hops = hops_course_result(trace->course);
	struct stream_info info;
	uint32_t headers = (flow->local.family == AF_INET ? 20 : 40) + TCP_HEADER_BYTES;

	hops->bytes[HOPS_SMALL] = headers + 1;
	if (trace->payload_sizes[HOPS_FULL] == 0 ||
	    tcp_info_read(flow->watch.fd, TCP_CONNECTED, &info) < 0)
		return;
	if (info.mss_bytes < trace->payload_sizes[HOPS_FULL])
		trace->payload_sizes[HOPS_FULL] = info.mss_bytes;
	hops->bytes[HOPS_FULL] = (uint32_t)trace->payload_sizes[HOPS_FULL] + headers;
}

static int set_up(struct trace_flow *flow)
{
	int fd = flow->watch.fd;
	int rc = ip_socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (rc == 0)
		rc = error_queue_ask(fd, flow->local.family);
	if (rc == 0)
		rc = error_queue_ask_acknowledged(fd);
	return rc;
}

/* The target's own TTL for the beginning, which is not to be lost. */
static int begin(struct trace_flow *flow)
{
	const struct hop_speech *speech = &flow->trace->speech;
	int rc = set_up(flow);
	if (rc < 0)
		return rc;
	note_sizes(flow);
	flow->is_up = true;
	if (speech->begin_size == 0) {
		look_for_acknowledgement(flow);
		return 0;
	}
	ssize_t size = send(flow->watch.fd, speech->begin, speech->begin_size,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	return size < 0 ? -errno : 0;
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct trace_flow *flow = container_of(watch, struct trace_flow, watch);

	if (!flow->is_up) {
		int code = ip_socket_take_error(watch->fd);
		int rc = code == 0 && (events & EPOLLOUT) ? begin(flow) : -code;
		if (rc < 0)
			trace_end_flow(flow, -rc);
		return;
	}
	look_for_icmp(flow);
	drain_errors(flow);
	look_for_acknowledgement(flow);
	drain(flow);
}

static void on_patience(struct timer *timer)
{
	struct trace_flow *flow = container_of(timer, struct trace_flow, patience);
	trace_end_flow(flow, ETIMEDOUT);
}

static void wait_on(struct trace_flow *flow)
{
	struct loop *loop = flow->trace->setup.loop;
	hops_course_hold(flow->trace->course, flow->index);
	loop_set_timer(loop, &flow->patience, loop_now(loop) + PATIENCE_NS);
}

static int tcp_open_flow(struct trace_flow *flow)
{
	timer_init(&flow->patience, on_patience);
	owned_fd int fd = trace_open_socket(flow, SOCK_STREAM);
	if (fd < 0)
		return fd;
	int rc = ip_socket_connect(fd, &flow->trace->setup.target);
	if (rc == 0)
		rc = trace_note_local(flow, fd);
	if (rc < 0)
		return rc;
	flow->watch = (struct watch){ .ready = on_ready, .fd = fd };
	rc = loop_watch(flow->trace->setup.loop, &flow->watch);
	if (rc < 0) {
		flow->watch.fd = -1;
		return rc;
	}
	(void)take_fd(&fd);
	wait_on(flow);
	return 0;
}

/* ---- asking */

static int write_with(struct trace_flow *flow, size_t size, uint8_t ttl)
{
	struct hops_trace *trace = flow->trace;
	int fd = flow->watch.fd;
	int rc = ip_hop_set_ttl(fd, flow->local.family, ttl);
	if (rc < 0)
		return rc;
	memset(trace->payload, trace->speech.filler, size);
	ssize_t sent = send(fd, trace->payload, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	int code = sent < 0 ? errno : 0;
	rc = ip_hop_set_ttl(fd, flow->local.family, 0);
	return code != 0 ? -code : rc;
}

/* What TCP kept back goes out later with a TTL of its own, and asks no hop. */
static int look_whether_it_left(struct trace_flow *flow)
{
	struct stream_info info;
	int rc = tcp_info_read(flow->watch.fd, TCP_CONNECTED, &info);
	if (rc == 0 && info.unsent_bytes > 0)
		rc = -EAGAIN;
	return rc;
}

static int tcp_ask(struct trace_flow *flow, const struct hops_question *question)
{
	struct hops_trace *trace = flow->trace;
	struct stream_info info;
	size_t size = trace->payload_sizes[question->size];

	if (flow->filler_bytes > trace->speech.filler_max - size) {
		trace_end_flow(flow, EMSGSIZE);
		return -EMSGSIZE;
	}
	(void)ip_socket_take_error(flow->watch.fd);
	int rc = tcp_info_read(flow->watch.fd, TCP_CONNECTED, &info);
	if (rc == 0)
		rc = write_with(flow, size, question->ttl);
	if (rc < 0)
		return rc;
	flow->filler_bytes += (uint32_t)size;
	flow->number = question->number;
	flow->retransmits = info.retransmitted_segments;
	wait_on(flow);
	rc = look_whether_it_left(flow);
	flow->is_asked = rc == 0;
	/* On a short way ICMP is there already, and no event tells of it. */
	if (rc == 0)
		look_for_icmp(flow);
	return rc;
}

static void tcp_close_flow(struct trace_flow *flow)
{
	struct loop *loop = flow->trace->setup.loop;
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (flow->watch.fd < 0)
		return;
	loop_clear_timer(loop, &flow->patience);
	loop_unwatch(loop, &flow->watch);
	/* In the middle of a message that is not to be completed. */
	(void)ip_socket_set_bytes(flow->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	flow->watch.fd = fd_close(flow->watch.fd);
	flow->is_asked = false;
}

const struct hops_way_kind hops_way_tcp = {
	.open = tcp_open,
	.open_flow = tcp_open_flow,
	.ask = tcp_ask,
	.close_flow = tcp_close_flow,
};
