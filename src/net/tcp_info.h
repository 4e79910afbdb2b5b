/* What the kernel tells of a TCP connection, into the words of net/stream.h. */
#pragma once

#include "base/attributes.h"
#include "net/stream.h"

/* The kernel counts the SYN of who connected as a byte. */
enum tcp_side {
	TCP_CONNECTED,
	TCP_ACCEPTED,
};
/* One call. 0 or -errno. */
nodiscard int tcp_info_read(int fd, enum tcp_side side, struct stream_info *ret);
/* Four calls. 0 or -errno. */
nodiscard int tcp_info_describe(int fd, struct stream_description *ret);
