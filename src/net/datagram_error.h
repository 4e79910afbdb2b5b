/* What the kernel tells of a datagram after it was sent: the socket's error queue (IP_RECVERR),
 * which names who sent the ICMP and the size that fits. Only for net/datagram_*.c. */
#pragma once

#include "base/attributes.h"
#include "net/datagram.h"

/* 0, -EAGAIN or -errno. */
nodiscard int datagram_error_take(struct datagram_socket *socket, struct datagram_error *ret);
