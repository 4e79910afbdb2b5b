/* What the kernel and this process tell each other of a datagram beside its bytes: addresses,
 * segments, stamps, the IP header. Only for net/datagram_*.c. */
#pragma once

#include <time.h>

/* After <time.h>, whose struct timespec it uses. */
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/datagram.h"

/* Room for all of it: local address, overflows, size of segments, stamps, time to live, class. */
union datagram_control {
	struct cmsghdr alignment;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t)) +
		  CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct scm_timestamping)) +
		  CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(int))];
};

/* 0 or -errno. */
nodiscard int datagram_control_ask(const struct datagram_socket *socket, int fd,
				   const struct datagram_options *options);
void datagram_control_write(const struct datagram_socket *socket, const struct datagram *datagram,
			    struct msghdr *message, union datagram_control *control);
/* A stamp is still only wall time. */
void datagram_control_read(struct datagram_socket *socket, struct msghdr *message,
			   struct datagram *ret);
/* An IPv4 address as one of IPv6 (::ffff:0:0/96). */
struct in6_addr datagram_control_ipv6(const struct endpoint *endpoint);
