#include "sys/ip_hop.h"

#include <errno.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/fd.h"
#include "sys/ip_socket.h"

int ip_hop_set_ttl(int fd, int family, uint8_t ttl)
{
	int value = ttl > 0 ? ttl : -1;
	return family == AF_INET ? ip_socket_set(fd, IPPROTO_IP, IP_TTL, value)
				 : ip_socket_set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, value);
}

int ip_hop_set_whole(int fd, int family)
{
	return family == AF_INET
		       ? ip_socket_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
		       : ip_socket_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

int ip_hop_send(int fd, int family, uint8_t ttl, const void *data, size_t size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec part = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int value = ttl;

	control.header.cmsg_level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	control.header.cmsg_type = family == AF_INET ? IP_TTL : IPV6_HOPLIMIT;
	control.header.cmsg_len = CMSG_LEN(sizeof(value));
	memcpy(CMSG_DATA(&control.header), &value, sizeof(value));
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Everything but errors is left to others. */
static int set_filter(int fd, int family)
{
	if (family == AF_INET) {
		struct icmp_filter filter = {
			.data = ~(1u << ICMP_DEST_UNREACH | 1u << ICMP_TIME_EXCEEDED),
		};
		return ip_socket_set_bytes(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
	}
	/* A bit that is set blocks; errors are the types below 128. */
	struct icmp6_filter filter = { .data = { 0, 0, 0, 0, ~0u, ~0u, ~0u, ~0u } };
	return ip_socket_set_bytes(fd, IPPROTO_ICMPV6, ICMPV6_FILTER, &filter, sizeof(filter));
}

int ip_hop_open_raw(int family)
{
	owned_fd int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
				 family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return -errno;
	int rc = set_filter(fd, family);
	return rc < 0 ? rc : take_fd(&fd);
}
