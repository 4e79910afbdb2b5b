/* ICMP echoes through the kernel: ping sockets where net.ipv4.ping_group_range has a group of this
 * process, raw ones where it has CAP_NET_RAW. Both send and receive, tell stamps and errors as UDP
 * does; what a raw socket gets besides is left out here. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "net/datagram_error.h"
#include "net/datagram_stamps.h"
#include "net/datagram_udp.h"
#include "proto/icmp.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

/* Marks the raw ones: any address that is not NULL. */
static char raw_mark;

static bool is_raw(const struct datagram_socket *socket)
{
	return socket->state == &raw_mark;
}

static int open_descriptor(struct datagram_socket *socket)
{
	int fd = ip_socket_open_icmp(socket->family, SOCK_DGRAM);
	if (fd != -EACCES && fd != -EPERM)
		return fd;
	fd = ip_socket_open_icmp(socket->family, SOCK_RAW);
	socket->state = fd >= 0 ? &raw_mark : NULL;
	return fd;
}

int datagram_icmp_check(int family)
{
	struct datagram_socket socket = { .family = (uint16_t)family };
	owned_fd int fd = open_descriptor(&socket);

	if (fd >= 0)
		return 0;
	return fd == -EACCES ? -EPERM : fd;
}

static void icmp_close(struct datagram_socket *socket)
{
	datagram_udp_close(socket);
	socket->state = NULL;
}

/* The kernel tells the protocol for a raw socket's port. */
static int choose_id(struct datagram_socket *socket)
{
	if (!is_raw(socket))
		return 0;
	(void)!getrandom(&socket->local.port, sizeof(socket->local.port), GRND_NONBLOCK);
	return ip_socket_take_echo(socket->watch.fd, socket->family, socket->local.port);
}

static int icmp_open(struct datagram_socket *socket, const struct datagram_options *options)
{
	socket->family = options->remote.family;
	owned_fd int fd = open_descriptor(socket);
	if (fd < 0)
		return fd;
	int rc = datagram_udp_adopt(socket, fd, options);
	if (rc < 0) {
		socket->state = NULL;
		return rc;
	}
	(void)take_fd(&fd);
	rc = choose_id(socket);
	if (rc < 0)
		icmp_close(socket);
	return rc;
}

/* Of IPv4 a raw socket gets the IP header, too, and what nobody has looked at. */
static bool skip_header(struct datagram *datagram)
{
	struct ip_packet packet;

	if (!ip_packet_read(datagram->data, datagram->size, &packet) || !packet.transport ||
	    !icmp_is_intact(packet.transport, packet.transport_size))
		return false;
	datagram->ttl = packet.ttl;
	datagram->size = packet.transport_size;
	memmove(datagram->data, packet.transport, packet.transport_size);
	return true;
}

static bool is_ours(const struct datagram_socket *socket, struct datagram *datagram)
{
	struct icmp_message message;

	if (is_raw(socket) && socket->family == AF_INET && !skip_header(datagram))
		return false;
	return icmp_read(socket->family, datagram->data, datagram->size, &message) &&
	       message.meaning == ICMP_MEANS_REPLY && message.id == socket->local.port;
}

/* Their room goes with them, so each keeps its own. */
static void swap(struct datagram *one, struct datagram *other)
{
	struct datagram kept = *one;
	*one = *other;
	*other = kept;
}

static int icmp_receive(struct datagram_socket *socket, struct datagram *batch, int count)
{
	int kept = 0;
	int received;

	do {
		received = datagram_udp_receive(socket, batch, count);
		for (int i = 0; i < received; i++)
			if (is_ours(socket, &batch[i]))
				swap(&batch[i], &batch[kept++]);
	} while (received > 0 && kept == 0);
	return received > 0 ? kept : received;
}

const struct datagram_transport datagram_icmp = {
	.name = "icmp",
	.open = icmp_open,
	.send = datagram_udp_send,
	.receive = icmp_receive,
	.close = icmp_close,
	.mute = datagram_udp_mute,
	.unmute = datagram_udp_unmute,
	.look = datagram_udp_look,
	.sent_stamps = datagram_stamps_read,
	.wall = datagram_udp_wall,
	.wall_of = datagram_udp_wall_of,
	.wall_quality = datagram_udp_wall_quality,
	.take_error = datagram_error_take,
};
