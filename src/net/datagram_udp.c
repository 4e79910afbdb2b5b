/* The kernel's UDP in batches: recvmmsg() and sendmmsg() with the local address both ways, and
 * several datagrams as one where it can (UDP_SEGMENT, UDP_GRO). */
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/datagram.h"
#include "net/datagram_error.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

/* Room for what the kernel tells of a datagram beside its bytes: local address, overflows, size of
 * its segments. */
union control {
	struct cmsghdr alignment;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t)) +
		  CMSG_SPACE(sizeof(int))];
};

/* What one call takes, on the stack: 20 KiB of which a small batch touches little. */
struct batch {
	struct mmsghdr messages[DATAGRAM_BATCH_MAX];
	struct iovec parts[DATAGRAM_BATCH_MAX];
	struct sockaddr_storage addresses[DATAGRAM_BATCH_MAX];
	union control controls[DATAGRAM_BATCH_MAX];
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

static int ask_for_local(int fd, uint16_t family)
{
	if (family == AF_INET6)
		return ip_socket_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	return ip_socket_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

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
	if (rc == 0 && socket->family == AF_INET6)
		rc = ip_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (rc == 0 && options->wants_local)
		rc = ask_for_local(fd, socket->family);
	if (rc == 0 && options->is_path_probe)
		rc = datagram_error_ask(fd, socket->family);
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

static int open_descriptor(struct datagram_socket *socket, const struct datagram_options *options)
{
	socket->family = options->local.family;
	if (socket->family == 0)
		socket->family = options->remote.family;
	if (socket->family != 0)
		return ip_socket_open(socket->family, SOCK_DGRAM);
	socket->family = AF_INET6;
	int fd = ip_socket_open(AF_INET6, SOCK_DGRAM);
	if (fd != -EAFNOSUPPORT)
		return fd;
	socket->family = AF_INET; /* a kernel without IPv6 */
	return ip_socket_open(AF_INET, SOCK_DGRAM);
}

static int udp_open(struct datagram_socket *socket, const struct datagram_options *options)
{
	owned_fd int fd = open_descriptor(socket, options);
	if (fd < 0)
		return fd;
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
	(void)take_fd(&fd);
	return 0;
}

static void udp_close(struct datagram_socket *socket)
{
	loop_unwatch(socket->loop, &socket->watch);
	socket->watch.fd = fd_close(socket->watch.fd);
}

/* ---- sending */

static struct in6_addr ipv6_of(const struct endpoint *endpoint)
{
	struct in6_addr address = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (endpoint->family == AF_INET)
		memcpy(address.s6_addr + 12, endpoint->address, 4);
	else
		memcpy(address.s6_addr, endpoint->address, sizeof(address.s6_addr));
	return address;
}

static socklen_t write_address(uint16_t family, const struct endpoint *endpoint,
			       struct sockaddr_storage *ret)
{
	if (family == endpoint->family)
		return endpoint_to_sockaddr(endpoint, ret);
	struct sockaddr_in6 mapped = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(endpoint->port),
		.sin6_addr = ipv6_of(endpoint),
	};
	memcpy(ret, &mapped, sizeof(mapped));
	return sizeof(mapped);
}

/* Behind what has been written so far. */
static void write_control(struct msghdr *message, union control *control, int level, int type,
			  const void *data, size_t size)
{
	struct cmsghdr *header = (void *)(control->room + message->msg_controllen);

	*header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(size),
		.cmsg_level = level,
		.cmsg_type = type,
	};
	memcpy(CMSG_DATA(header), data, size);
	message->msg_control = control;
	message->msg_controllen += CMSG_SPACE(size);
}

/* Sends from this address of ours, by the family of the descriptor. */
static void write_local(struct msghdr *message, union control *control, uint16_t family,
			const struct endpoint *local)
{
	if (family == AF_INET6) {
		struct in6_pktinfo info = { ipv6_of(local), local->scope };
		write_control(message, control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
		return;
	}
	struct in_pktinfo info = { 0 };
	memcpy(&info.ipi_spec_dst, local->address, sizeof(info.ipi_spec_dst));
	write_control(message, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
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
	if (datagram->local.family != 0 && !endpoint_is_any(&datagram->local))
		write_local(message, &batch->controls[i], socket->family, &datagram->local);
	if (datagram->segment_bytes > 0 && datagram->segment_bytes < datagram->size) {
		uint16_t bytes = (uint16_t)datagram->segment_bytes;
		write_control(message, &batch->controls[i], SOL_UDP, UDP_SEGMENT, &bytes,
			      sizeof(bytes));
	}
}

/* Room is told from now on. */
static void block(struct datagram_socket *socket)
{
	if (!socket->is_blocked)
		loop_rewatch(socket->loop, &socket->watch);
	socket->is_blocked = true;
}

static int udp_send(struct datagram_socket *socket, const struct datagram *datagrams, int count)
{
	struct batch batch;

	for (int i = 0; i < count; i++)
		prepare_send(socket, &datagrams[i], &batch, i);
	int sent = sendmmsg(socket->watch.fd, batch.messages, (unsigned)count, MSG_NOSIGNAL);
	int code = sent < 0 ? errno : 0;
	if (code == EAGAIN || (sent >= 0 && sent < count))
		block(socket);
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

static struct endpoint local_from_ipv4(const struct in_pktinfo *info)
{
	struct endpoint local = { .family = AF_INET };
	memcpy(local.address, &info->ipi_addr, sizeof(info->ipi_addr));
	return local;
}

static struct endpoint local_from_ipv6(const struct in6_pktinfo *info)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = info->ipi6_addr };
	struct endpoint local;

	if (IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
		address.sin6_scope_id = info->ipi6_ifindex;
	endpoint_from_sockaddr((const struct sockaddr *)(const void *)&address, &local);
	return local;
}

static void read_control(struct datagram_socket *socket, struct cmsghdr *header,
			 struct datagram *ret)
{
	const void *data = CMSG_DATA(header);

	if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
		ret->local = local_from_ipv4(data);
	} else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
		ret->local = local_from_ipv6(data);
	} else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL) {
		uint32_t count;
		memcpy(&count, data, sizeof(count));
		socket->queue_overflows = count;
	} else if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO) {
		int bytes;
		memcpy(&bytes, data, sizeof(bytes));
		ret->segment_bytes = bytes > 0 && (size_t)bytes < ret->size ? (uint32_t)bytes : 0;
	}
}

static void finish_receive(struct datagram_socket *socket, struct mmsghdr *received,
			   struct datagram *ret)
{
	struct msghdr *message = &received->msg_hdr;

	ret->size = received->msg_len;
	ret->is_truncated = (message->msg_flags & MSG_TRUNC) != 0;
	endpoint_from_sockaddr(message->msg_name, &ret->remote);
	ret->local = (struct endpoint){ 0 };
	ret->segment_bytes = 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
	     header = CMSG_NXTHDR(message, header))
		read_control(socket, header, ret);
	if (ret->local.family != 0)
		ret->local.port = socket->local.port;
}

static int udp_receive(struct datagram_socket *socket, struct datagram *datagrams, int count)
{
	struct batch batch;

	for (int i = 0; i < count; i++)
		prepare_receive(&datagrams[i], &batch, i);
	int received = recvmmsg(socket->watch.fd, batch.messages, (unsigned)count, 0, NULL);
	if (received < 0)
		return -errno;
	for (int i = 0; i < received; i++)
		finish_receive(socket, &batch.messages[i], &datagrams[i]);
	return received;
}

/* The counter that SO_RXQ_OVFL tells. */
static void udp_look(struct datagram_socket *socket)
{
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(memory);

	if (getsockopt(socket->watch.fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0 &&
	    size > SK_MEMINFO_DROPS * sizeof(*memory))
		socket->queue_overflows = memory[SK_MEMINFO_DROPS];
}

static int udp_take_error(struct datagram_socket *socket, struct datagram_error *ret)
{
	return datagram_error_take(socket->watch.fd, ret);
}

static void udp_mute(struct datagram_socket *socket)
{
	loop_mute(socket->loop, &socket->watch);
}

static void udp_unmute(struct datagram_socket *socket)
{
	if (socket->is_blocked)
		loop_rewatch(socket->loop, &socket->watch);
	else
		loop_rewatch_reading(socket->loop, &socket->watch);
}

const struct datagram_transport datagram_udp = {
	.name = "udp",
	.open = udp_open,
	.send = udp_send,
	.receive = udp_receive,
	.close = udp_close,
	.mute = udp_mute,
	.unmute = udp_unmute,
	.look = udp_look,
	.take_error = udp_take_error,
};
