/* See socket_options.h. */
#include "net/socket_options.h"

#include <errno.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "sys/ip_socket.h"

/* Connections whose first bytes came with their SYN and that wait to be accepted. */
#define FAST_OPEN_QUEUE 1024

/* Each puts on what is asked for: 0 or -errno, and 0 where nothing is. */

static int put_no_delay(int fd, const struct socket_options *options)
{
	return options->has_no_delay ? ip_socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1) : 0;
}

static int put_send_buffer(int fd, const struct socket_options *options)
{
	return options->send_buffer_bytes > 0
		       ? ip_socket_set_buffer(fd, SO_SNDBUF, options->send_buffer_bytes)
		       : 0;
}

static int put_receive_buffer(int fd, const struct socket_options *options)
{
	return options->receive_buffer_bytes > 0
		       ? ip_socket_set_buffer(fd, SO_RCVBUF, options->receive_buffer_bytes)
		       : 0;
}

static int put_low_water(int fd, const struct socket_options *options)
{
	return options->receive_low_water_bytes > 0
		       ? ip_socket_set(fd, SOL_SOCKET, SO_RCVLOWAT,
				       options->receive_low_water_bytes)
		       : 0;
}

static int put_congestion(int fd, const struct socket_options *options)
{
	return options->congestion
		       ? ip_socket_set_text(fd, IPPROTO_TCP, TCP_CONGESTION, options->congestion)
		       : 0;
}

/* The kernel would cut off a longer name, and perhaps find another device. */
static int put_device(int fd, const struct socket_options *options)
{
	if (options->device != NULL && strlen(options->device) >= IFNAMSIZ)
		return -ENODEV;
	return options->device
		       ? ip_socket_set_text(fd, SOL_SOCKET, SO_BINDTODEVICE, options->device)
		       : 0;
}

static int put_segment(int fd, const struct socket_options *options)
{
	return options->segment_bytes > 0
		       ? ip_socket_set(fd, IPPROTO_TCP, TCP_MAXSEG, options->segment_bytes)
		       : 0;
}

static int put_user_timeout(int fd, const struct socket_options *options)
{
	return options->user_timeout_ms > 0 ? ip_socket_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
							    (int)options->user_timeout_ms)
					    : 0;
}

static int put_pacing(int fd, const struct socket_options *options)
{
	uint64_t rate = options->pacing_bytes_per_s;
	return rate > 0 ? ip_socket_set_bytes(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate,
					      sizeof(rate))
			: 0;
}

static int put_fast_open_connect(int fd, const struct socket_options *options)
{
	return options->is_fast_open ? ip_socket_set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1) : 0;
}

static int put_fast_open_listen(int fd, const struct socket_options *options)
{
	return options->is_fast_open ? ip_socket_set(fd, IPPROTO_TCP, TCP_FASTOPEN, FAST_OPEN_QUEUE)
				     : 0;
}

/* A socket of IPv6 serves IPv4 too, which has the field elsewhere. */
static int put_dscp(int fd, const struct socket_options *options)
{
	int value = options->dscp << 2;
	int family = 0;
	int rc = options->has_dscp ? ip_socket_get(fd, SOL_SOCKET, SO_DOMAIN, &family) : 0;
	if (rc == 0 && family == AF_INET6)
		rc = ip_socket_set(fd, IPPROTO_IPV6, IPV6_TCLASS, value);
	return rc == 0 && options->has_dscp ? ip_socket_set(fd, IPPROTO_IP, IP_TOS, value) : rc;
}

#define OF_STREAMS (SOCKET_CONNECTS | SOCKET_LISTENS)
#define OF_ALL     (OF_STREAMS | SOCKET_DATAGRAM)

static const struct row {
	const char *option;
	unsigned roles;
	int (*put)(int fd, const struct socket_options *options);
} rows[] = {
	{ "nodelay", OF_STREAMS, put_no_delay },
	{ "sndbuf", OF_ALL, put_send_buffer },
	{ "rcvbuf", OF_ALL, put_receive_buffer },
	{ "rcvlowat", OF_STREAMS, put_low_water },
	{ "congestion", OF_STREAMS, put_congestion },
	{ "bind-device", OF_ALL, put_device },
	{ "dscp", OF_ALL, put_dscp },
	{ "mss", OF_STREAMS, put_segment },
	{ "user-timeout", OF_STREAMS, put_user_timeout },
	{ "pacing", SOCKET_CONNECTS, put_pacing },
	{ "fastopen", SOCKET_CONNECTS, put_fast_open_connect },
	{ "fastopen", SOCKET_LISTENS, put_fast_open_listen },
};

int socket_options_open(int family, const struct socket_options *options)
{
	bool is_multipath = options != NULL && options->is_multipath;
	return is_multipath ? ip_socket_open_multipath(family)
			    : ip_socket_open(family, SOCK_STREAM);
}

int socket_options_apply(int fd, enum socket_role role, const struct socket_options *options,
			 const char **ret_refused)
{
	for (size_t i = 0; options != NULL && i < array_size(rows); i++) {
		int rc = (rows[i].roles & role) != 0 ? rows[i].put(fd, options) : 0;
		if (rc < 0 && ret_refused != NULL)
			*ret_refused = rows[i].option;
		if (rc < 0)
			return rc;
	}
	return 0;
}
