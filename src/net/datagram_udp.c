/* The kernel's UDP in batches: recvmmsg() and sendmmsg() with the local address both ways, and
 * several datagrams as one where it can (UDP_SEGMENT, UDP_GRO). */
#include "net/datagram_udp.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/datagram_control.h"
#include "net/datagram_error.h"
#include "net/datagram_stamps.h"
#include "sys/error_queue.h"
#include "sys/fd.h"
#include "sys/ip_hop.h"
#include "sys/ip_socket.h"

/* What one call takes, on the stack: 30 KiB of which a small batch touches little. */
struct batch {
	struct mmsghdr messages[DATAGRAM_BATCH_MAX];
	struct iovec parts[DATAGRAM_BATCH_MAX];
	struct sockaddr_storage addresses[DATAGRAM_BATCH_MAX];
	union datagram_control controls[DATAGRAM_BATCH_MAX];
};

static void udp_ready(struct watch *watch, uint32_t events)
{
	struct datagram_socket *socket = container_of(watch, struct datagram_socket, watch);
	unsigned told = 0;

	if ((events & (EPOLLIN | EPOLLERR)) != 0)
		told |= STREAM_READABLE;
	if ((events & EPOLLOUT) != 0 && socket->is_blocked) {
		socket->is_blocked = false;
		loop_rewatch_reading(socket->loop, watch);
		told |= STREAM_WRITABLE;
	}
	if (told != 0)
		socket->ready(socket, told);
}

/* ---- opening */

/* A kernel without either is no failure. */
static void ask_for_segments(struct datagram_socket *socket, int fd)
{
	int size = 0;
	socklen_t length = sizeof(size);

	if (getsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, &length) == 0)
		socket->segments_max = DATAGRAM_SEGMENTS_MAX;
	(void)ip_socket_set(fd, SOL_UDP, UDP_GRO, 1);
}

static int prepare(struct datagram_socket *socket, int fd, const struct datagram_options *options)
{
	int rc = ip_socket_set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);

	if (rc == 0 && options->is_shared)
		rc = ip_socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (rc == 0)
		rc = datagram_control_ask(socket, fd, options);
	if (rc == 0 && options->wants_stamps)
		rc = datagram_stamps_open(socket, fd);
	if (rc == 0 && options->is_path_probe)
		rc = ip_hop_set_whole(fd, socket->family);
	if (rc == 0 && (options->wants_errors || options->is_path_probe))
		rc = error_queue_ask(fd, socket->family);
	if (options->is_segmented)
		ask_for_segments(socket, fd);
	return rc == 0 ? socket_options_apply(fd, SOCKET_DATAGRAM, options->options, NULL) : rc;
}

/* Both are optional: a connected socket gets its local address from the route. */
static int bind_and_connect(const struct datagram_socket *socket, int fd,
			    const struct datagram_options *options)
{
	struct endpoint local = options->local;
	int rc = 0;

	local.family = socket->family;
	if (options->local.family != 0 || !socket->is_connected)
		rc = ip_socket_bind(fd, &local);
	return rc == 0 && socket->is_connected ? ip_socket_connect(fd, &options->remote) : rc;
}

static int open_of_family(uint16_t family)
{
	owned_fd int fd = ip_socket_open(family, SOCK_DGRAM);

	if (fd < 0)
		return fd;
	int rc = family == AF_INET6 ? ip_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) : 0;
	return rc == 0 ? take_fd(&fd) : rc;
}

static int open_descriptor(struct datagram_socket *socket, const struct datagram_options *options)
{
	socket->family = options->local.family;
	if (socket->family == 0)
		socket->family = options->remote.family;
	if (socket->family != 0)
		return open_of_family(socket->family);
	socket->family = AF_INET6;
	int fd = open_of_family(AF_INET6);
	if (fd != -EAFNOSUPPORT)
		return fd;
	socket->family = AF_INET; /* a kernel without IPv6 */
	return open_of_family(AF_INET);
}

int datagram_udp_adopt(struct datagram_socket *socket, int fd,
		       const struct datagram_options *options)
{
	int rc = prepare(socket, fd, options);

	if (rc == 0)
		rc = bind_and_connect(socket, fd, options);
	if (rc == 0)
		rc = ip_socket_local(fd, &socket->local);
	socket->watch = (struct watch){ udp_ready, fd };
	if (rc == 0)
		rc = loop_watch(socket->loop, &socket->watch);
	if (rc < 0) {
		socket->watch.fd = -1;
		return rc;
	}
	loop_rewatch_reading(socket->loop, &socket->watch);
	return 0;
}

static int udp_open(struct datagram_socket *socket, const struct datagram_options *options)
{
	owned_fd int fd = open_descriptor(socket, options);
	if (fd < 0)
		return fd;
	int rc = datagram_udp_adopt(socket, fd, options);
	if (rc == 0)
		(void)take_fd(&fd);
	return rc;
}

void datagram_udp_close(struct datagram_socket *socket)
{
	loop_unwatch(socket->loop, &socket->watch);
	socket->watch.fd = fd_close(socket->watch.fd);
}

/* ---- sending */

static socklen_t write_address(uint16_t family, const struct endpoint *endpoint,
			       struct sockaddr_storage *ret)
{
	if (family == endpoint->family)
		return endpoint_to_sockaddr(endpoint, ret);
	struct sockaddr_in6 mapped = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(endpoint->port),
		.sin6_addr = datagram_control_ipv6(endpoint),
	};
	memcpy(ret, &mapped, sizeof(mapped));
	return sizeof(mapped);
}

static void prepare_send(const struct datagram_socket *socket, const struct datagram *datagram,
			 struct batch *batch, int i)
{
	struct msghdr *message = &batch->messages[i].msg_hdr;

	batch->parts[i] = (struct iovec){ datagram->data, datagram->size };
	*message = (struct msghdr){ .msg_iov = &batch->parts[i], .msg_iovlen = 1 };
	if (datagram->remote.family != 0) {
		message->msg_name = &batch->addresses[i];
		message->msg_namelen =
			write_address(socket->family, &datagram->remote, &batch->addresses[i]);
	}
	datagram_control_write(socket, datagram, message, &batch->controls[i]);
}

/* Room is told from now on. */
static void block(struct datagram_socket *socket)
{
	if (!socket->is_blocked)
		loop_rewatch(socket->loop, &socket->watch);
	socket->is_blocked = true;
}

int datagram_udp_send(struct datagram_socket *socket, const struct datagram *datagrams, int count)
{
	struct batch batch;

	for (int i = 0; i < count; i++)
		prepare_send(socket, &datagrams[i], &batch, i);
	int sent = sendmmsg(socket->watch.fd, batch.messages, (unsigned)count, MSG_NOSIGNAL);
	int code = sent < 0 ? errno : 0;
	if (code == EAGAIN || (sent >= 0 && sent < count))
		block(socket);
	if (socket->wants_stamps)
		datagram_stamps_sent(socket, datagrams, sent < 0 ? 0 : sent, count);
	if (sent < 0)
		return -code;
	return sent;
}

/* ---- receiving */

static void prepare_receive(const struct datagram *datagram, struct batch *batch, int i)
{
	batch->parts[i] = (struct iovec){ datagram->data, datagram->capacity };
	batch->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &batch->addresses[i],
		.msg_namelen = sizeof(batch->addresses[i]),
		.msg_iov = &batch->parts[i],
		.msg_iovlen = 1,
		.msg_control = &batch->controls[i],
		.msg_controllen = sizeof(batch->controls[i]),
	};
}

static void finish_receive(struct datagram_socket *socket, struct mmsghdr *received,
			   struct datagram *ret)
{
	struct msghdr *message = &received->msg_hdr;

	ret->size = received->msg_len;
	ret->is_truncated = (message->msg_flags & MSG_TRUNC) != 0;
	endpoint_from_sockaddr(message->msg_name, &ret->remote);
	datagram_control_read(socket, message, ret);
}

int datagram_udp_receive(struct datagram_socket *socket, struct datagram *datagrams, int count)
{
	struct batch batch;

	for (int i = 0; i < count; i++)
		prepare_receive(&datagrams[i], &batch, i);
	int received = recvmmsg(socket->watch.fd, batch.messages, (unsigned)count, 0, NULL);
	if (received < 0)
		return -errno;
	for (int i = 0; i < received; i++)
		finish_receive(socket, &batch.messages[i], &datagrams[i]);
	if (socket->wants_stamps)
		datagram_stamps_turn(socket, datagrams, received);
	return received;
}

/* The counter that SO_RXQ_OVFL tells. */
void datagram_udp_look(struct datagram_socket *socket)
{
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(memory);

	if (getsockopt(socket->watch.fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0 &&
	    size > SK_MEMINFO_DROPS * sizeof(*memory))
		socket->queue_overflows = memory[SK_MEMINFO_DROPS];
}

struct wall_time datagram_udp_wall(struct datagram_socket *socket)
{
	(void)socket;
	return clock_wall();
}

struct wall_time datagram_udp_wall_of(struct datagram_socket *socket, uint64_t at_ns)
{
	return clock_offset_wall(&socket->clock, at_ns);
}

struct clock_quality datagram_udp_wall_quality(struct datagram_socket *socket)
{
	(void)socket;
	return clock_wall_quality();
}

void datagram_udp_mute(struct datagram_socket *socket)
{
	loop_mute(socket->loop, &socket->watch);
}

void datagram_udp_unmute(struct datagram_socket *socket)
{
	if (socket->is_blocked)
		loop_rewatch(socket->loop, &socket->watch);
	else
		loop_rewatch_reading(socket->loop, &socket->watch);
}

const struct datagram_transport datagram_udp = {
	.name = "udp",
	.open = udp_open,
	.send = datagram_udp_send,
	.receive = datagram_udp_receive,
	.close = datagram_udp_close,
	.mute = datagram_udp_mute,
	.unmute = datagram_udp_unmute,
	.look = datagram_udp_look,
	.sent_stamps = datagram_stamps_read,
	.wall = datagram_udp_wall,
	.wall_of = datagram_udp_wall_of,
	.wall_quality = datagram_udp_wall_quality,
	.take_error = datagram_error_take,
};
