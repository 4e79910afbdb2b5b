/* The kernel's TCP. One system call a send and a receive; the events of an edge-triggered
 * descriptor become those of a stream. */
#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "net/tcp_info.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* <linux/in.h>, which <netinet/in.h> does not go with */
#endif

/* ---- events */

/* The first failure is the cause; what later calls say (EPIPE...) only follows from it. */
static int fail(struct stream *stream, int code)
{
	if (stream->failure == 0)
		stream->failure = code;
	return -stream->failure;
}

/* A reset that came right after the connection was up fails it, but it was up. */
static bool has_failed_to_connect(const struct stream *stream)
{
	return stream->failure != 0 && stream->failure != ECONNRESET && stream->failure != EPIPE;
}

static unsigned finish_connecting(struct stream *stream, uint32_t events)
{
	if (stream->failure == 0 && (events & EPOLLOUT) == 0)
		return 0;
	stream->is_connecting = false;
	return has_failed_to_connect(stream) ? STREAM_FAILED : STREAM_CONNECTED;
}

static unsigned tell_established(struct stream *stream, uint32_t events)
{
	unsigned told = 0;

	if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
		stream->has_ended = true;
	if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0)
		told |= STREAM_READABLE;
	if ((events & EPOLLOUT) != 0 && stream->is_blocked) {
		stream->is_blocked = false;
		told |= STREAM_WRITABLE;
	}
	if (stream->failure != 0)
		told |= STREAM_FAILED;
	return told;
}

static void tcp_ready(struct watch *watch, uint32_t events)
{
	struct stream *stream = container_of(watch, struct stream, watch);
	unsigned told = 0;

	if ((events & EPOLLERR) != 0)
		(void)fail(stream, ip_socket_take_error(watch->fd));
	if (stream->is_connecting)
		told = finish_connecting(stream, events);
	if (!stream->is_connecting && told != STREAM_FAILED)
		told |= tell_established(stream, events);
	if (told != 0)
		stream->ready(stream, told);
}

/* ---- connect, accept, end */

static int bind_local(int fd, const struct endpoint *local)
{
	int rc = 0;

	if (local->family == 0)
		return 0;
	/* The port is chosen by connect(), which knows the remote: the same one serves many. */
	if (local->port == 0)
		rc = ip_socket_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return rc < 0 ? rc : ip_socket_bind(fd, local);
}

/* Older kernels (before 6.3) don't know the option; then the whole range is searched. */
static void limit_ports(int fd, uint16_t low, uint16_t high)
{
	uint32_t range = (uint32_t)high << 16 | low;
	(void)setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range));
}

static int connect_from_window(int fd, const struct stream_connect *connect)
{
	if (connect->port_low == 0 || connect->local.port != 0)
		return ip_socket_connect(fd, &connect->remote);
	limit_ports(fd, connect->port_low, connect->port_high);
	int rc = ip_socket_connect(fd, &connect->remote);
	if (rc != -EADDRNOTAVAIL)
		return rc;
	limit_ports(fd, 0, 0); /* all taken there */
	return ip_socket_connect(fd, &connect->remote);
}

/* A connect to a local port that nobody listens on may meet itself: TCP's simultaneous open. Its
 * own port is known as soon as it has begun. */
static bool has_met_itself(int fd, const struct stream_connect *connect)
{
	const struct endpoint *remote = &connect->remote;
	struct endpoint local;

	if (connect->is_port_distinct && connect->local.port == 0)
		return false;
	return ip_socket_local(fd, &local) == 0 && local.port == remote->port &&
	       (endpoint_is_any(remote) || endpoint_is_equal(&local, remote));
}

static int prepare_connect(int fd, const struct stream_connect *connect)
{
	/* Else what stays of it in TIME-WAIT keeps a listener from binding the port. */
	int rc = ip_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rc == 0)
		rc = socket_options_apply(fd, SOCKET_CONNECTS, connect->options, NULL);
	if (rc == 0)
		rc = bind_local(fd, &connect->local);
	return rc < 0 ? rc : connect_from_window(fd, connect);
}

/* Takes over the descriptor when it can be watched. */
static int watch_stream(struct stream *stream, int *fd)
{
	stream->watch = (struct watch){ tcp_ready, *fd };
	int rc = loop_watch(stream->loop, &stream->watch);
	if (rc < 0)
		stream->watch.fd = -1;
	else
		(void)take_fd(fd);
	return rc;
}

static int tcp_connect(struct stream *stream, const struct stream_connect *connect)
{
	owned_fd int fd = socket_options_open(connect->remote.family, connect->options);
	if (fd < 0)
		return fd;
	int rc = prepare_connect(fd, connect);
	if (rc == 0 && has_met_itself(fd, connect))
		rc = -ECONNREFUSED;
	return rc < 0 ? rc : watch_stream(stream, &fd);
}

/* Errors of a connection that was reset while it waited; the next one is tried. */
static bool is_of_the_connection(int error)
{
	return error == ECONNABORTED || error == EPROTO || error == EINTR;
}

static int tcp_accept(struct listener *listener, struct stream *stream)
{
	owned_fd int fd = -1;

	do
		fd = accept4(listener->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && is_of_the_connection(errno));
	return fd < 0 ? -errno : watch_stream(stream, &fd);
}

static void tcp_close(struct stream *stream)
{
	loop_unwatch(stream->loop, &stream->watch);
	stream->watch.fd = fd_close(stream->watch.fd);
	stream->is_connecting = false;
}

static void tcp_reset(struct stream *stream)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(stream->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	tcp_close(stream);
}

static int tcp_finish(struct stream *stream)
{
	return shutdown(stream->watch.fd, SHUT_WR) == 0 ? 0 : -errno;
}

/* ---- bytes */

static size_t total_of(const struct iovec *parts, int count)
{
	size_t total = 0;
	for (int i = 0; i < count; i++)
		total += parts[i].iov_len;
	return total;
}

/* A message is nearly always one part, for which send() takes less of the kernel than sendmsg(): 2
 * % of the round trips of 64 B over 50 connections. */
static ssize_t send_parts(int fd, const struct iovec *parts, int count)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)parts,
		.msg_iovlen = (size_t)count,
	};
	if (count == 1)
		return send(fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static ssize_t tcp_send(struct stream *stream, const struct iovec *parts, int count)
{
	ssize_t sent = send_parts(stream->watch.fd, parts, count);

	/* With fast open the connection may still be on its way: room comes when it is up. */
	if (sent < 0 && errno != EAGAIN && errno != EINPROGRESS)
		return fail(stream, errno);
	stream->is_blocked = sent < 0 || (size_t)sent < total_of(parts, count);
	return sent < 0 ? -EAGAIN : sent;
}

/* What recv() said, as the contract wants it. */
static ssize_t judge_received(struct stream *stream, ssize_t received, size_t size)
{
	if (received < 0)
		return errno == EAGAIN ? -EAGAIN : fail(stream, errno);
	/* The kernel tells an error once and then the end; it was told to us with the event. */
	if (received == 0 && size > 0 && stream->failure != 0)
		return -stream->failure;
	/* The owner stops at a short count, but the end behind it came in the same event. */
	if ((size_t)received < size && received > 0 && stream->has_ended)
		loop_rewatch(stream->loop, &stream->watch);
	return received;
}

static ssize_t tcp_receive(struct stream *stream, void *data, size_t size)
{
	return judge_received(stream, recv(stream->watch.fd, data, size, 0), size);
}

static ssize_t tcp_skip(struct stream *stream, size_t size)
{
	return judge_received(stream, recv(stream->watch.fd, NULL, size, MSG_TRUNC), size);
}

static int tcp_set_low_water(struct stream *stream, size_t bytes)
{
	return ip_socket_set(stream->watch.fd, SOL_SOCKET, SO_RCVLOWAT, (int)bytes);
}

/* ---- information */

static int tcp_info(struct stream *stream, struct stream_info *ret)
{
	return tcp_info_read(stream->watch.fd, stream->is_accepted ? TCP_ACCEPTED : TCP_CONNECTED,
			     ret);
}

static int tcp_describe(struct stream *stream, struct stream_description *ret)
{
	return tcp_info_describe(stream->watch.fd, ret);
}

static int tcp_endpoints(struct stream *stream, struct endpoint *local, struct endpoint *remote)
{
	int rc = 0;

	if (local != NULL)
		rc = ip_socket_local(stream->watch.fd, local);
	if (rc == 0 && remote != NULL)
		rc = ip_socket_remote(stream->watch.fd, remote);
	return rc;
}

/* ---- listeners */

static void tcp_arrived(struct watch *watch, uint32_t events)
{
	struct listener *listener = container_of(watch, struct listener, watch);

	if ((events & EPOLLIN) != 0)
		listener->arrived(listener);
}

static int prepare_listen(int fd, const struct listen_options *options,
			  const struct endpoint *local)
{
	int backlog = options->backlog > 0 ? options->backlog : INT_MAX; /* cut to somaxconn */
	int rc = ip_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (rc == 0 && options->is_shared)
		rc = ip_socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (rc == 0 && local->family == AF_INET6)
		rc = ip_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !endpoint_is_any(local));
	if (rc == 0)
		rc = socket_options_apply(fd, SOCKET_LISTENS, options->options, NULL);
	if (rc == 0)
		rc = ip_socket_bind(fd, local);
	if (rc == 0 && listen(fd, backlog) != 0)
		rc = -errno;
	/* Where that is refused, as of MPTCP, the kernel's hash does. */
	if (rc == 0 && options->steer_to_count > 0)
		(void)!ip_socket_steer_by_cpu(fd, options->steer_to_count);
	return rc;
}

static int tcp_listen(struct listener *listener, const struct listen_options *options)
{
	struct endpoint local = options->local;
	if (local.family == 0)
		local.family = AF_INET6;
	owned_fd int fd = socket_options_open(local.family, options->options);
	if (fd == -EAFNOSUPPORT && options->local.family == 0) {
		local.family = AF_INET; /* a kernel without IPv6 */
		fd = socket_options_open(local.family, options->options);
	}
	if (fd < 0)
		return fd;
	int rc = prepare_listen(fd, options, &local);
	if (rc == 0)
		rc = ip_socket_local(fd, &listener->local);
	listener->watch = (struct watch){ tcp_arrived, fd };
	if (rc == 0)
		rc = loop_watch(listener->loop, &listener->watch);
	if (rc < 0)
		listener->watch.fd = -1;
	else
		(void)take_fd(&fd);
	return rc;
}

static void tcp_stop_listening(struct listener *listener)
{
	loop_unwatch(listener->loop, &listener->watch);
	listener->watch.fd = fd_close(listener->watch.fd);
}

const struct stream_transport stream_tcp = {
	.name = "tcp",
	.connect = tcp_connect,
	.accept = tcp_accept,
	.send = tcp_send,
	.receive = tcp_receive,
	.skip = tcp_skip,
	.set_low_water = tcp_set_low_water,
	.finish = tcp_finish,
	.close = tcp_close,
	.reset = tcp_reset,
	.info = tcp_info,
	.describe = tcp_describe,
	.endpoints = tcp_endpoints,
	.listen = tcp_listen,
	.stop_listening = tcp_stop_listening,
};
