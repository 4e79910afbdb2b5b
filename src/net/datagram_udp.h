/* What the rows of the kernel's sockets share. Only for net/datagram_*.c. */
#pragma once

#include "net/datagram.h"

/* Makes a descriptor of socket->family the socket's: its options, addresses and watch. 0 or -errno,
 * and then it is still the caller's. */
nodiscard int datagram_udp_adopt(struct datagram_socket *socket, int fd,
				 const struct datagram_options *options);

/* As of struct datagram_transport. */
int datagram_udp_send(struct datagram_socket *socket, const struct datagram *datagrams, int count);
int datagram_udp_receive(struct datagram_socket *socket, struct datagram *datagrams, int count);
void datagram_udp_close(struct datagram_socket *socket);
void datagram_udp_mute(struct datagram_socket *socket);
void datagram_udp_unmute(struct datagram_socket *socket);
void datagram_udp_look(struct datagram_socket *socket);
struct wall_time datagram_udp_wall(struct datagram_socket *socket);
struct wall_time datagram_udp_wall_of(struct datagram_socket *socket, uint64_t at_ns);
struct clock_quality datagram_udp_wall_quality(struct datagram_socket *socket);
