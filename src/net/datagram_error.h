/* What the kernel's UDP tells of a datagram after it was sent: its error queue (IP_RECVERR), which
 * names who sent the ICMP and the size that fits. */
#pragma once

#include "base/attributes.h"
#include "net/datagram.h"

/* DF on each datagram whatever the kernel has heard of the path, and the queue. 0 or -errno. */
nodiscard int datagram_error_ask(int fd, uint16_t family);
/* 0, -EAGAIN or -errno. */
nodiscard int datagram_error_take(int fd, struct datagram_error *ret);
