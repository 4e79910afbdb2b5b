/* Sockets of IPv4 and IPv6 by endpoints: 0 (or a descriptor) or -errno. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"

/* Non-blocking, closed on exec. `type` is SOCK_STREAM or SOCK_DGRAM. */
nodiscard int ip_socket_open(int family, int type);
/* The same of MPTCP, which falls back to TCP. -ENOPROTOOPT, -EPROTONOSUPPORT: not here. */
nodiscard int ip_socket_open_multipath(int family);
/* Of ICMP or ICMPv6, echoes alone: a ping socket (SOCK_DGRAM), whose replies alone it gets, or a
 * raw one (SOCK_RAW), which gets those of the whole host. -EACCES, -EPERM: this process may not. */
nodiscard int ip_socket_open_icmp(int family, int type);
/* Of a raw one: it gets those with this id alone, else one of many would wake all others, too. */
nodiscard int ip_socket_take_echo(int fd, int family, uint16_t id);
nodiscard int ip_socket_set(int fd, int level, int name, int value);
nodiscard int ip_socket_set_text(int fd, int level, int name, const char *text);
nodiscard int ip_socket_set_bytes(int fd, int level, int name, const void *data, size_t size);
nodiscard int ip_socket_get(int fd, int level, int name, int *ret);
/* SO_SNDBUF or SO_RCVBUF; past net.core.wmem_max and rmem_max where the process may. */
nodiscard int ip_socket_set_buffer(int fd, int name, int bytes);
nodiscard int ip_socket_bind(int fd, const struct endpoint *local);
/* -EINPROGRESS counts as 0. */
nodiscard int ip_socket_connect(int fd, const struct endpoint *remote);
/* For SO_REUSEPORT: which of `count` sockets, in the order they were bound, gets what arrives is
 * decided by the cpu it arrives on. */
nodiscard int ip_socket_steer_by_cpu(int fd, unsigned count);
/* The pending error (positive) which is then no longer pending, or 0. */
int ip_socket_take_error(int fd);
nodiscard int ip_socket_local(int fd, struct endpoint *ret);
nodiscard int ip_socket_remote(int fd, struct endpoint *ret);
