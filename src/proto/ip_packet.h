/* An IPv4 or IPv6 packet from its first byte (RFC 791, 8200), whole or as much of it as an ICMP
 * error quotes: whose it was and where what it carried begins. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"

struct ip_packet {
	/* Ports of UDP and TCP; 0 of what has none or was cut before them. */
	struct endpoint source;
	struct endpoint destination;
	uint8_t protocol; /* IPPROTO_...: the last one, behind IPv6's extension headers */
	uint8_t ttl;      /* or hop limit: as it was where the packet was read */
	uint8_t tos;      /* or traffic class */
	uint16_t id;      /* of IPv4 */
	bool is_whole;    /* may not be fragmented: DF, and IPv6 without a fragment header */
	uint32_t bytes;   /* its length as its header says, which may be more than is here */
	/* From the header of the protocol on, as far as it is here; NULL: nothing of it is (a later
	 * fragment, or cut). Points into what was read. */
	const uint8_t *transport;
	size_t transport_size;
	/* Behind the header of UDP, TCP, or an ICMP echo; NULL: not so far. */
	const uint8_t *payload;
	size_t payload_size;
	uint32_t tcp_sequence;  /* of TCP, 0: not so far */
	uint16_t echo_id;       /* of an ICMP echo request or reply */
	uint16_t echo_sequence; /* the same */
};

/* False: it is none, or is cut within its IP header. Padding behind its stated length is left out.
 */
bool ip_packet_read(const uint8_t *data, size_t size, struct ip_packet *ret);
