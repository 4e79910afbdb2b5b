#include "sys/ip_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/fd.h"

static int result(int rc)
{
	return rc < 0 ? -errno : rc;
}

int ip_socket_open(int family, int type)
{
	return result(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int ip_socket_open_multipath(int family)
{
	return result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_MPTCP));
}

/* A bit that is set keeps that type away. */
static int take_replies(int fd, int family)
{
	struct icmp_filter ipv4 = { .data = ~(1u << ICMP_ECHOREPLY) };
	struct icmp6_filter ipv6;

	if (family == AF_INET)
		return ip_socket_set_bytes(fd, SOL_RAW, ICMP_FILTER, &ipv4, sizeof(ipv4));
	memset(&ipv6, 0xff, sizeof(ipv6));
	ipv6.data[ICMPV6_ECHO_REPLY / 32] &= ~(1u << ICMPV6_ECHO_REPLY % 32);
	return ip_socket_set_bytes(fd, IPPROTO_ICMPV6, ICMPV6_FILTER, &ipv6, sizeof(ipv6));
}

int ip_socket_open_icmp(int family, int type)
{
	int protocol = family == AF_INET6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
	owned_fd int fd = result(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
	if (fd < 0)
		return fd;
	int rc = type == SOCK_RAW ? take_replies(fd, family) : 0;
	return rc == 0 ? take_fd(&fd) : rc;
}

/* The id stands 4 bytes into the message, which begins behind the IP header with IPv4 and at once
 * with IPv6. */
int ip_socket_take_echo(int fd, int family, uint16_t id)
{
	struct sock_filter header =
		family == AF_INET ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
				  : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0);
	struct sock_filter code[] = {
		header,
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = array_size(code), .filter = code };
	return ip_socket_set_bytes(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

int ip_socket_set(int fd, int level, int name, int value)
{
	return ip_socket_set_bytes(fd, level, name, &value, sizeof(value));
}

int ip_socket_set_text(int fd, int level, int name, const char *text)
{
	return ip_socket_set_bytes(fd, level, name, text, strlen(text));
}

int ip_socket_set_bytes(int fd, int level, int name, const void *data, size_t size)
{
	return result(setsockopt(fd, level, name, data, (socklen_t)size));
}

int ip_socket_get(int fd, int level, int name, int *ret)
{
	socklen_t size = sizeof(*ret);
	return result(getsockopt(fd, level, name, ret, &size));
}

int ip_socket_set_buffer(int fd, int name, int bytes)
{
	int force = name == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE;

	if (ip_socket_set(fd, SOL_SOCKET, force, bytes) == 0)
		return 0;
	return ip_socket_set(fd, SOL_SOCKET, name, bytes);
}

int ip_socket_bind(int fd, const struct endpoint *local)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(local, &address);
	return result(bind(fd, (const struct sockaddr *)&address, size));
}

int ip_socket_connect(int fd, const struct endpoint *remote)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(remote, &address);
	int rc = result(connect(fd, (const struct sockaddr *)&address, size));
	return rc == -EINPROGRESS ? 0 : rc;
}

int ip_socket_steer_by_cpu(int fd, unsigned count)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)SKF_AD_OFF + SKF_AD_CPU),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { .len = array_size(code), .filter = code };
	return result(
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)));
}

int ip_socket_take_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/* getsockname() or getpeername() */
typedef int (*name_fn)(int fd, struct sockaddr *address, socklen_t *size);

static int read_name(name_fn name, int fd, struct endpoint *ret)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int rc = result(name(fd, (struct sockaddr *)&address, &size));
	if (rc == 0)
		endpoint_from_sockaddr((const struct sockaddr *)&address, ret);
	return rc;
}

int ip_socket_local(int fd, struct endpoint *ret)
{
	return read_name(getsockname, fd, ret);
}

int ip_socket_remote(int fd, struct endpoint *ret)
{
	return read_name(getpeername, fd, ret);
}
