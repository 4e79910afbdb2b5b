/* Hops by first packets of TCP connections: connect() with the TTL, from the flow's port. Linux
 * puts the ICMP about a SYN into the error queue (5.11 and later), so no privilege is needed. A
 * connection that comes up is reset at once. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/units.h"
#include "net/tcp_info.h"
#include "probe/hops_parts.h"
#include "sys/fd.h"
#include "sys/ip_hop.h"
#include "sys/ip_socket.h"

/* SYN with maximum segment size, timestamps, window scale and SACK. */
#define SYN_BYTES    40
#define ANSWER_BYTES 512
/* Then the kernel sends the SYN once more, and it would not be known which is answered. */
#define PATIENCE_NS NS_PER_S

static void close_connection(struct trace_flow *flow)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (flow->watch.fd < 0)
		return;
	loop_unwatch(flow->trace->setup.loop, &flow->watch);
	/* No TIME-WAIT, which would keep the ports from the next one. */
	(void)ip_socket_set_bytes(flow->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	flow->watch.fd = fd_close(flow->watch.fd);
	loop_clear_timer(flow->trace->setup.loop, &flow->patience);
}

static int syn_open(struct hops_trace *trace, struct error *error)
{
	(void)error;
	trace->payload_sizes[HOPS_SMALL] = SYN_BYTES;
	return 0;
}

/* What this connection has come to; false: nothing that says anything. */
static bool read_answer(struct trace_flow *flow, struct hop_answer *ret)
{
	uint8_t data[ANSWER_BYTES];
	struct queued_error queued;

	while (error_queue_take(flow->watch.fd, data, sizeof(data), &queued) == 0) {
		if (queued.origin == QUEUED_ICMP) {
			trace_read_queued(flow->trace, &queued, data, ret);
			return true;
		}
	}
	int code = ip_socket_take_error(flow->watch.fd);
	*ret = trace_target_answer(flow->trace);
	return code == 0 || code == ECONNREFUSED || code == ECONNRESET;
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct trace_flow *flow = container_of(watch, struct trace_flow, watch);
	struct hop_answer said;

	if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0)
		return;
	if (read_answer(flow, &said))
		trace_answered(flow, flow->number, &said);
	else
		hops_course_lost(flow->trace->course, flow->number);
	close_connection(flow);
	trace_told(flow->trace);
}

/* Where the reset of the connection before was lost, the target answers the SYN with a bare
 * acknowledgement (RFC 9293, 3.10.7.4), of which there is no event. */
static bool has_heard_something(const struct trace_flow *flow)
{
	struct stream_info info;
	const struct hops_flow *known =
		&hops_course_result(flow->trace->course)->flows[flow->index];
	return known->is_reached && flow->ttl >= known->hop_count &&
	       tcp_info_read(flow->watch.fd, TCP_CONNECTED, &info) == 0 &&
	       info.received_segments > 0;
}

static void on_patience(struct timer *timer)
{
	struct trace_flow *flow = container_of(timer, struct trace_flow, patience);
	struct hops_course *course = flow->trace->course;
	struct hop_answer answer = trace_target_answer(flow->trace);

	if (has_heard_something(flow))
		(void)hops_course_answered(course, flow->number, &answer, HOP_NOT_TIMED);
	else
		hops_course_lost(course, flow->number);
	close_connection(flow);
	trace_told(flow->trace);
}

/* The port is taken once and kept: between two connections it is nobody else's. */
static int syn_open_flow(struct trace_flow *flow)
{
	struct hops *hops = hops_course_result(flow->trace->course);
	struct endpoint bound;
	timer_init(&flow->patience, on_patience);
	int fd = trace_open_socket(flow, SOCK_STREAM);
	if (fd < 0)
		return fd;
	flow->port_fd = fd;
	int rc = ip_socket_local(fd, &bound);
	if (rc < 0)
		return rc;
	flow->local.port = bound.port;
	hops->flows[flow->index].local = flow->local;
	hops->bytes[HOPS_SMALL] = (flow->local.family == AF_INET ? 20 : 40) + SYN_BYTES;
	return 0;
}

static int connect_with(struct trace_flow *flow, int fd, uint8_t ttl)
{
	int rc = error_queue_ask(fd, flow->local.family);
	if (rc == 0)
		rc = ip_hop_set_ttl(fd, flow->local.family, ttl);
	if (rc == 0)
		rc = ip_socket_connect(fd, &flow->trace->setup.target);
	if (rc == 0)
		rc = trace_note_local(flow, fd);
	return rc;
}

static int syn_ask(struct trace_flow *flow, const struct hops_question *question)
{
	struct loop *loop = flow->trace->setup.loop;
	uint64_t timeout_ns = flow->trace->setup.timeout_ns;
	owned_fd int fd = trace_open_socket(flow, SOCK_STREAM);
	if (fd < 0)
		return fd;
	int rc = connect_with(flow, fd, question->ttl);
	if (rc < 0)
		return rc;
	flow->number = question->number;
	flow->ttl = question->ttl;
	flow->watch = (struct watch){ .ready = on_ready, .fd = fd };
	rc = loop_watch(loop, &flow->watch);
	if (rc < 0) {
		flow->watch.fd = -1;
		return rc;
	}
	(void)take_fd(&fd);
	loop_set_timer(loop, &flow->patience,
		       loop_now(loop) +
			       (timeout_ns < PATIENCE_NS ? timeout_ns : PATIENCE_NS) * 19 / 20);
	return 0;
}

static void syn_close_flow(struct trace_flow *flow)
{
	close_connection(flow);
	flow->port_fd = fd_close(flow->port_fd);
}

const struct hops_way_kind hops_way_syn = {
	.open = syn_open,
	.open_flow = syn_open_flow,
	.ask = syn_ask,
	.close_flow = syn_close_flow,
};
