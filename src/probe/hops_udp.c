/* Hops by datagrams: one connected socket a source port, the TTL with each, answers of routers out
 * of the socket's error queue and of the target out of the socket. No privilege is needed. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "probe/hops_parts.h"
#include "sys/fd.h"
#include "sys/ip_hop.h"
#include "sys/ip_socket.h"

#define UDP_HEADER_BYTES 8
#define ANSWER_BYTES     2048
/* Errors of earlier packets that a send may bring instead of sending. */
#define SEND_TRIES 8
/* A target that floods keeps nobody else away, and no failure keeps this going. */
#define ANSWERS_A_TURN 4096

static uint32_t header_bytes(const struct hops_trace *trace)
{
	return (trace->setup.target.family == AF_INET ? 20 : 40) + UDP_HEADER_BYTES;
}

static int udp_open(struct hops_trace *trace, struct error *error)
{
	uint32_t headers = header_bytes(trace);
	uint32_t full_bytes = trace->setup.full_bytes;

	trace->payload_sizes[HOPS_SMALL] = HOP_PAYLOAD_MIN;
	if (full_bytes == 0)
		return 0;
	if (full_bytes < headers + HOP_PAYLOAD_MIN || full_bytes > UINT16_MAX)
		return error_set(error, EINVAL, "%u bytes are no size for a packet of full size",
				 full_bytes);
	trace->payload_sizes[HOPS_FULL] = full_bytes - headers;
	return 0;
}

/* A router may quote less than the cookie: then it is the packet under way, if there is but one. */
static void answer(struct trace_flow *flow, const uint8_t *payload, size_t size,
		   const struct hop_answer *answer)
{
	struct hops_trace *trace = flow->trace;
	uint32_t number;

	if (hop_payload_read(payload, size, trace->setup.token, &number) ||
	    hops_course_only(trace->course, flow->index, &number))
		trace_answered(flow, number, answer);
	else
		hops_course_result(trace->course)->unmatched++;
}

static void read_errors(struct trace_flow *flow)
{
	uint8_t data[ANSWER_BYTES];
	struct queued_error queued;

	while (error_queue_take(flow->watch.fd, data, sizeof(data), &queued) == 0) {
		struct hop_answer said;
		if (queued.origin != QUEUED_ICMP)
			continue;
		trace_read_queued(flow->trace, &queued, data, &said);
		size_t size = queued.extension_at > 0 && queued.extension_at < queued.size
				      ? queued.extension_at
				      : queued.size;
		answer(flow, data, size, &said);
	}
}

static void read_answers(struct trace_flow *flow)
{
	uint8_t data[ANSWER_BYTES];
	struct hop_answer said = trace_target_answer(flow->trace);

	for (unsigned i = 0; i < ANSWERS_A_TURN; i++) {
		ssize_t size = recv(flow->watch.fd, data, sizeof(data), MSG_DONTWAIT);
		if (size >= 0)
			answer(flow, data, (size_t)size, &said);
		else if (errno == EAGAIN)
			return;
		/* Else what the error queue tells better. */
	}
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct trace_flow *flow = container_of(watch, struct trace_flow, watch);

	if ((events & (EPOLLIN | EPOLLERR)) == 0)
		return;
	read_errors(flow);
	read_answers(flow);
}

static int set_up(struct trace_flow *flow, int fd)
{
	int family = flow->local.family;
	int rc = error_queue_ask(fd, family);
	if (rc == 0)
		rc = ip_hop_set_whole(fd, family);
	if (rc == 0)
		rc = ip_socket_connect(fd, &flow->trace->setup.target);
	if (rc == 0)
		rc = trace_note_local(flow, fd);
	return rc;
}

static int udp_open_flow(struct trace_flow *flow)
{
	struct hops_trace *trace = flow->trace;
	struct hops *hops = hops_course_result(trace->course);
	owned_fd int fd = trace_open_socket(flow, SOCK_DGRAM);
	if (fd < 0)
		return fd;
	int rc = set_up(flow, fd);
	if (rc < 0)
		return rc;
	for (unsigned size = 0; size < HOPS_SIZES; size++) {
		if (trace->payload_sizes[size] > 0)
			hops->bytes[size] =
				(uint32_t)trace->payload_sizes[size] + header_bytes(trace);
	}
	flow->watch = (struct watch){ .ready = on_ready, .fd = fd };
	rc = loop_watch(trace->setup.loop, &flow->watch);
	if (rc < 0) {
		flow->watch.fd = -1;
		return rc;
	}
	(void)take_fd(&fd);
	return 0;
}

static int udp_ask(struct trace_flow *flow, const struct hops_question *question)
{
	struct hops_trace *trace = flow->trace;
	size_t size = trace->payload_sizes[question->size];
	int rc = 0;

	hop_payload_write(trace->payload, size, trace->setup.token, question->number);
	for (unsigned i = 0; i < SEND_TRIES; i++) {
		rc = ip_hop_send(flow->watch.fd, flow->local.family, question->ttl, trace->payload,
				 size);
		if (rc == 0 || rc == -EAGAIN || rc == -EMSGSIZE)
			return rc;
	}
	return rc;
}

static void udp_close_flow(struct trace_flow *flow)
{
	if (flow->watch.fd < 0)
		return;
	loop_unwatch(flow->trace->setup.loop, &flow->watch);
	flow->watch.fd = fd_close(flow->watch.fd);
}

const struct hops_way_kind hops_way_udp = {
	.open = udp_open,
	.open_flow = udp_open_flow,
	.ask = udp_ask,
	.close_flow = udp_close_flow,
};
