#include "net/datagram_control.h"

#include <linux/net_tstamp.h>
#include <netinet/udp.h>
#include <string.h>

#include "sys/error_queue.h"
#include "sys/ip_socket.h"

static int ask_for_ipv4_header(int fd)
{
	int rc = ip_socket_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	return rc == 0 ? ip_socket_set(fd, IPPROTO_IP, IP_RECVTOS, 1) : rc;
}

static int ask_for_header(int fd, uint16_t family)
{
	int rc = ask_for_ipv4_header(fd);

	if (family == AF_INET)
		return rc;
	/* What failed was of IPv4 by a descriptor of IPv6: a raw one takes none. */
	rc = ip_socket_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	return rc == 0 ? ip_socket_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) : rc;
}

int datagram_control_ask(const struct datagram_socket *socket, int fd,
			 const struct datagram_options *options)
{
	int rc = 0;

	if (options->wants_local && socket->family == AF_INET6)
		rc = ip_socket_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	else if (options->wants_local)
		rc = ip_socket_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (rc == 0 && options->wants_header)
		rc = ask_for_header(fd, socket->family);
	return rc;
}

/* ---- sending */

struct in6_addr datagram_control_ipv6(const struct endpoint *endpoint)
{
	struct in6_addr address = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (endpoint->family == AF_INET)
		memcpy(address.s6_addr + 12, endpoint->address, 4);
	else
		memcpy(address.s6_addr, endpoint->address, sizeof(address.s6_addr));
	return address;
}

/* Behind what has been written so far. */
static void append(struct msghdr *message, union datagram_control *control, int level, int type,
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
static void append_local(struct msghdr *message, union datagram_control *control, uint16_t family,
			 const struct endpoint *local)
{
	if (family == AF_INET6) {
		struct in6_pktinfo info = { datagram_control_ipv6(local), local->scope };
		append(message, control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
		return;
	}
	struct in_pktinfo info = { 0 };
	memcpy(&info.ipi_spec_dst, local->address, sizeof(info.ipi_spec_dst));
	append(message, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

/* By the family of the packet: a descriptor of IPv6 sends IPv4, too. */
static void append_class(const struct datagram_socket *socket, const struct datagram *datagram,
			 struct msghdr *message, union datagram_control *control)
{
	uint16_t family = datagram->remote.family != 0 ? datagram->remote.family : socket->family;
	int traffic_class = datagram->traffic_class;

	if (family == AF_INET6)
		append(message, control, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class,
		       sizeof(traffic_class));
	else
		append(message, control, IPPROTO_IP, IP_TOS, &traffic_class, sizeof(traffic_class));
}

void datagram_control_write(const struct datagram_socket *socket, const struct datagram *datagram,
			    struct msghdr *message, union datagram_control *control)
{
	if (datagram->local.family != 0 && !endpoint_is_any(&datagram->local))
		append_local(message, control, socket->family, &datagram->local);
	if (datagram->segment_bytes > 0 && datagram->segment_bytes < datagram->size) {
		uint16_t bytes = (uint16_t)datagram->segment_bytes;
		append(message, control, SOL_UDP, UDP_SEGMENT, &bytes, sizeof(bytes));
	}
	if (datagram->traffic_class != 0)
		append_class(socket, datagram, message, control);
	if (datagram->wants_stamp && socket->wants_stamps) {
		uint32_t asked = SOF_TIMESTAMPING_TX_SOFTWARE;
		append(message, control, SOL_SOCKET, SO_TIMESTAMPING, &asked, sizeof(asked));
	}
}

/* ---- receiving */

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

static int read_int(const void *data)
{
	int value;
	memcpy(&value, data, sizeof(value));
	return value;
}

static void read_ipv4(int type, const void *data, struct datagram *ret)
{
	if (type == IP_PKTINFO)
		ret->local = local_from_ipv4(data);
	else if (type == IP_TTL)
		ret->ttl = (uint8_t)read_int(data);
	else if (type == IP_TOS)
		ret->traffic_class = *(const uint8_t *)data;
}

static void read_ipv6(int type, const void *data, struct datagram *ret)
{
	if (type == IPV6_PKTINFO)
		ret->local = local_from_ipv6(data);
	else if (type == IPV6_HOPLIMIT)
		ret->ttl = (uint8_t)read_int(data);
	else if (type == IPV6_TCLASS)
		ret->traffic_class = (uint8_t)read_int(data);
}

static void read_socket(struct datagram_socket *socket, int type, const void *data,
			struct datagram *ret)
{
	if (type == SO_RXQ_OVFL)
		socket->queue_overflows = (uint32_t)read_int(data);
	else if (type == SCM_TIMESTAMPING)
		ret->stamp.wall = error_queue_stamp(data);
}

static void read_segments(const void *data, struct datagram *ret)
{
	int bytes = read_int(data);
	ret->segment_bytes = bytes > 0 && (size_t)bytes < ret->size ? (uint32_t)bytes : 0;
}

void datagram_control_read(struct datagram_socket *socket, struct msghdr *message,
			   struct datagram *ret)
{
	ret->local = (struct endpoint){ 0 };
	ret->segment_bytes = 0;
	ret->stamp = (struct datagram_stamp){ 0 };
	ret->ttl = 0;
	ret->traffic_class = 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
	     header = CMSG_NXTHDR(message, header)) {
		const void *data = CMSG_DATA(header);
		if (header->cmsg_level == IPPROTO_IP)
			read_ipv4(header->cmsg_type, data, ret);
		else if (header->cmsg_level == IPPROTO_IPV6)
			read_ipv6(header->cmsg_type, data, ret);
		else if (header->cmsg_level == SOL_SOCKET)
			read_socket(socket, header->cmsg_type, data, ret);
		else if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO)
			read_segments(data, ret);
	}
	if (ret->local.family != 0)
		ret->local.port = socket->local.port;
}
