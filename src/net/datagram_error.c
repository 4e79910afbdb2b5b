#include "net/datagram_error.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/ip_socket.h"

/* The error, and the sockaddr of who sent it behind it. */
#define ERROR_ROOM CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6))

int datagram_error_ask(int fd, uint16_t family)
{
	bool is_ipv6 = family == AF_INET6;
	int rc = is_ipv6 ? ip_socket_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE)
			 : ip_socket_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	if (rc < 0)
		return rc;
	return is_ipv6 ? ip_socket_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
		       : ip_socket_set(fd, IPPROTO_IP, IP_RECVERR, 1);
}

static bool is_error(const struct cmsghdr *header)
{
	return (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
	       (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR);
}

static void read_error(struct cmsghdr *header, struct datagram_error *ret)
{
	struct sock_extended_err error;
	memcpy(&error, CMSG_DATA(header), sizeof(error));
	ret->code = (int)error.ee_errno;
	ret->is_local = error.ee_origin == SO_EE_ORIGIN_LOCAL;
	if (ret->code == EMSGSIZE)
		ret->mtu_bytes = error.ee_info;
	const struct sockaddr *from = SO_EE_OFFENDER((struct sock_extended_err *)CMSG_DATA(header));
	if (!ret->is_local && from->sa_family != AF_UNSPEC)
		endpoint_from_sockaddr(from, &ret->from);
}

int datagram_error_take(int fd, struct datagram_error *ret)
{
	union {
		struct cmsghdr alignment;
		char room[ERROR_ROOM + CMSG_SPACE(sizeof(uint32_t)) +
			  CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
	struct iovec part = { ret->quote, sizeof(ret->quote) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (size < 0)
		return -errno;
	ret->quote_size = (size_t)size;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header))
		if (is_error(header))
			read_error(header, ret);
	return 0;
}
