/* Between path_mtu.c and path_back.c, which share a socket. */
#pragma once

#include "probe/path_mtu.h"
#include "probe/pmtu.h"
#include "proto/path_wire.h"
#include "proto/traffic_wire.h"

struct path_mtu {
	struct path_mtu_setup setup;
	struct datagram_socket socket;
	struct pmtu forward;
	struct timer timer;
	struct deferred telling;
	uint64_t sending;         /* number of the probe that is being handed to the kernel */
	uint32_t interface_bytes; /* 0: not known */
	uint32_t header_bytes;    /* of IP and UDP */
	const char *told_by;      /* PATH_BY_...; NULL: nobody yet */
	int failure;              /* errno of a send or of ICMP; 0 */
	struct endpoint failure_from;
	bool is_over;
	char name[WIRE_NAME_BYTES];
	struct path_wire answer; /* the last of our serve's: cookie and both ends */
	uint8_t *out;            /* zeros behind the head */
	uint8_t *in;
};
