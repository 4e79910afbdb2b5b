#include "net/datagram_error.h"

#include <errno.h>
#include <string.h>

#include "net/datagram_control.h"
#include "net/datagram_stamps.h"
#include "sys/error_queue.h"
#include "sys/ip_socket.h"

/* Stamps, the error, and the sockaddr of who sent it behind it. */
union error_control {
	struct cmsghdr alignment;
	char room[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) +
		  sizeof(union datagram_control)];
};

int datagram_error_ask(int fd, uint16_t family)
{
	if (family == AF_INET6)
		return ip_socket_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	return ip_socket_set(fd, IPPROTO_IP, IP_RECVERR, 1);
}

static void read_error(const struct sock_extended_err *error, const uint8_t *address,
		       size_t address_size, struct datagram_error *ret)
{
	struct sockaddr_storage from = { 0 };

	ret->code = (int)error->ee_errno;
	ret->is_local = error->ee_origin == SO_EE_ORIGIN_LOCAL;
	ret->icmp_type = error->ee_type;
	ret->icmp_code = error->ee_code;
	if (ret->code == EMSGSIZE)
		ret->mtu_bytes = error->ee_info;
	memcpy(&from, address, address_size < sizeof(from) ? address_size : sizeof(from));
	if (!ret->is_local && from.ss_family != AF_UNSPEC)
		endpoint_from_sockaddr((const struct sockaddr *)&from, &ret->from);
	ret->from.port = 0;
}

/* What the control messages say: false, nothing that was asked for. */
static bool read_queued(struct datagram_socket *socket, struct msghdr *message,
			struct datagram_error *ret)
{
	struct wall_time wall = { 0 };
	struct sock_extended_err error = { 0 };

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		const uint8_t *data = CMSG_DATA(header);
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPING)
			wall = datagram_stamps_wall(data);
		if (!error_queue_is_word(header))
			continue;
		memcpy(&error, data, sizeof(error));
		read_error(&error, data + sizeof(error), header->cmsg_len - CMSG_LEN(sizeof(error)),
			   ret);
	}
	if (error.ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
		return error.ee_errno != 0;
	*ret = (struct datagram_error){ .is_sent = true };
	datagram_stamps_sample(socket);
	return datagram_stamps_take(socket, error.ee_data, wall, &ret->sent);
}

static int take_one(struct datagram_socket *socket, struct datagram_error *ret, bool *is_told)
{
	union error_control control;
	struct iovec part = { ret->quote, sizeof(ret->quote) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(socket->watch.fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (size < 0)
		return -errno;
	ret->quote_size = (size_t)size;
	*is_told = read_queued(socket, &message, ret);
	return 0;
}

int datagram_error_take(struct datagram_socket *socket, struct datagram_error *ret)
{
	bool is_told = false;
	int rc = 0;

	while (rc == 0 && !is_told) {
		*ret = (struct datagram_error){ 0 };
		rc = take_one(socket, ret, &is_told);
	}
	return rc;
}
