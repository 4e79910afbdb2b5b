/* The kernel's stamps of datagrams, by its software (SO_TIMESTAMPING): when one came in at the
 * device, and when one went out, which is read from the socket's error queue by a number. Only for
 * net/datagram_*.c. */
#pragma once

#include "net/datagram.h"

/* 0 or -errno. */
nodiscard int datagram_stamps_open(struct datagram_socket *socket, int fd);
/* After a batch was received: wall time to our clock. */
void datagram_stamps_turn(struct datagram_socket *socket, struct datagram *batch, int count);
/* After the first `sent` of `count` went out. */
void datagram_stamps_sent(struct datagram_socket *socket, const struct datagram *batch, int sent,
			  int count);
nodiscard int datagram_stamps_read(struct datagram_socket *socket, struct datagram_sent *ret,
				   int count);
/* After something was read from the error queue, before its stamps are turned. */
void datagram_stamps_sample(struct datagram_socket *socket);
/* What the error queue says of the kernel's number. False: it is nothing that was asked for. */
bool datagram_stamps_take(struct datagram_socket *socket, uint32_t kernel_number,
			  struct wall_time wall, struct datagram_sent *ret);
