/* What the shaper reads in an IP packet, and the answer of a router that can't pass one on.
 * Both families; pure functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Who speaks to whom; ports are there for TCP and UDP ("[fd00::1]:5003"). */
struct flow {
	const char *protocol;
	char source[64];
	char destination[64];
};

/* A packet that is cut off or of another family gives protocol "other" and empty addresses. */
void packet_flow(const uint8_t *packet, size_t length, struct flow *ret);

#define PACKET_REPLY_MAX 1280

/* Writes "fragmentation needed" (ICMP) or "packet too big" (ICMPv6) for `packet`, as its
 * destination would send it. Returns the reply's length, 0 if the packet gets none. */
size_t packet_too_big(const uint8_t *packet, size_t length, uint16_t mtu,
		      uint8_t reply[PACKET_REPLY_MAX]);
