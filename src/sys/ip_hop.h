/* What tracing and path MTU ask of sockets: a TTL for one packet or for all, packets that nobody
 * cuts, and the ICMP of the whole host where that is allowed. IPv4 and IPv6 alike; 0 (or a
 * descriptor) or -errno.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Of all that the socket sends from now on, what TCP sends again too; 0: the kernel's own. */
nodiscard int ip_hop_set_ttl(int fd, int family, uint8_t ttl);
/* DF, whatever this kernel believes of the path (IP_PMTUDISC_PROBE): a datagram larger than the
 * interface is refused with -EMSGSIZE. */
nodiscard int ip_hop_set_whole(int fd, int family);
/* One datagram of a connected socket with this TTL. */
nodiscard int ip_hop_send(int fd, int family, uint8_t ttl, const void *data, size_t size);
/* ICMP errors that come to this host, each from its IP header (IPv4) or its type (IPv6) on. -EPERM:
 * that takes CAP_NET_RAW. */
nodiscard int ip_hop_open_raw(int family);
