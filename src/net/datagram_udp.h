/* What the rows of the kernel's sockets share. Only for net/datagram_*.c. */
#pragma once

#include "net/datagram.h"

/* Makes a descriptor of socket->family the socket's: its options, addresses and watch. 0 or -errno,
 * and then it is still the caller's. */
nodiscard int datagram_udp_adopt(struct datagram_socket *socket, int fd,
				 const struct datagram_options *options);
