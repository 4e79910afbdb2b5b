#include "sys/error_queue.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/in6.h>
#include <linux/net_tstamp.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/ip_socket.h"

/* linux/in.h, which can't be had beside netinet/in.h */
#define IPV4_RECEIVE_EXTENSIONS 26 /* IP_RECVERR_RFC4884, Linux 5.9 */
#define IPV6_RECEIVE_EXTENSIONS 31 /* IPV6_RECVERR_RFC4884 */

int error_queue_ask(int fd, int family)
{
	bool is_ipv4 = family == AF_INET;
	int level = is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
	int rc = ip_socket_set(fd, level, is_ipv4 ? IP_RECVERR : IPV6_RECVERR, 1);

	/* An older kernel does without. */
	if (rc == 0)
		(void)ip_socket_set(fd, level,
				    is_ipv4 ? IPV4_RECEIVE_EXTENSIONS : IPV6_RECEIVE_EXTENSIONS, 1);
	return rc;
}

int error_queue_ask_acknowledged(int fd)
{
	return ip_socket_set(fd, SOL_SOCKET, SO_TIMESTAMPING,
			     SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE |
				     SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
}

static enum queued_origin origin_of(const struct sock_extended_err *error)
{
	switch (error->ee_origin) {
	case SO_EE_ORIGIN_LOCAL:
		return QUEUED_LOCAL;
	case SO_EE_ORIGIN_ICMP:
	case SO_EE_ORIGIN_ICMP6:
		return QUEUED_ICMP;
	case SO_EE_ORIGIN_TIMESTAMPING:
		return error->ee_info == SCM_TSTAMP_ACK ? QUEUED_ACKNOWLEDGED : QUEUED_OTHER;
	default:
		return QUEUED_OTHER;
	}
}

static void read_error(const uint8_t *data, size_t size, struct queued_error *ret)
{
	struct sock_extended_err error;
	struct sockaddr_storage from = { 0 };

	memcpy(&error, data, sizeof(error));
	ret->origin = origin_of(&error);
	ret->code = (int)error.ee_errno;
	ret->icmp_type = error.ee_type;
	ret->icmp_code = error.ee_code;
	ret->info = error.ee_info;
	ret->data = error.ee_data;
	if (ret->origin != QUEUED_ICMP)
		return;
	if ((error.ee_rfc4884.flags & SO_EE_RFC4884_FLAG_INVALID) == 0)
		ret->extension_at = error.ee_rfc4884.len;
	size_t left = size - sizeof(error);
	memcpy(&from, data + sizeof(error), left < sizeof(from) ? left : sizeof(from));
	if (from.ss_family == AF_INET || from.ss_family == AF_INET6)
		endpoint_from_sockaddr((const struct sockaddr *)&from, &ret->from);
	ret->from.port = 0;
}

bool error_queue_is_word(const struct cmsghdr *header)
{
	return (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
	       (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR);
}

int error_queue_take(int fd, void *data, size_t capacity, struct queued_error *ret)
{
	union {
		struct cmsghdr aligned;
		uint8_t room[512];
	} control;
	struct iovec part = { .iov_base = data, .iov_len = capacity };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (size < 0)
		return -errno;
	*ret = (struct queued_error){ .origin = QUEUED_OTHER, .size = (size_t)size };
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		size_t bytes = header->cmsg_len - CMSG_LEN(0);
		if (error_queue_is_word(header) && bytes >= sizeof(struct sock_extended_err))
			read_error(CMSG_DATA(header), bytes, ret);
	}
	return 0;
}
