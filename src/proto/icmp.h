/* ICMP and ICMPv6 messages (RFC 792, 1191, 1812, 4443, 4884), and what the errors among them quote
 * of the packet that they are about. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "proto/ip_packet.h"

#define ICMP_HEADER_BYTES 8

/* The same for both families. */
enum icmp_meaning {
	ICMP_MEANS_OTHER,
	ICMP_MEANS_REQUEST,     /* of an echo */
	ICMP_MEANS_REPLY,       /* the same */
	ICMP_MEANS_REFUSED,     /* nobody has that port, or speaks that protocol */
	ICMP_MEANS_UNREACHABLE, /* no route, or the host does not answer */
	ICMP_MEANS_PROHIBITED,  /* by a filter */
	ICMP_MEANS_TOO_BIG,     /* and may not be fragmented: path MTU */
	ICMP_MEANS_EXPIRED,     /* TTL: a hop */
	ICMP_MEANS_UNASSEMBLED, /* a fragment did not come in time */
	ICMP_MEANS_BROKEN,      /* a parameter problem */
};

struct icmp_message {
	uint8_t type;
	uint8_t code;
	enum icmp_meaning meaning;
	/* Of an echo. */
	uint16_t id;
	uint16_t sequence;
	/* Of TOO_BIG: the MTU of the next hop in bytes; 0: it does not say (RFC 1191, 4). */
	uint32_t mtu;
	/* What stands behind the header: an echo's payload. Points into what was read. */
	const uint8_t *body;
	size_t body_size;
	/* Of an error: the packet that it is about, as far as it is quoted. */
	bool has_quote;
	struct ip_packet quote;
};

/* What type and code say, those of a struct sock_extended_err too; `family` AF_INET or AF_INET6. */
enum icmp_meaning icmp_meaning(uint16_t family, uint8_t type, uint8_t code);
/* The same in words: "port unreachable", "fragmentation needed"; "ICMP type 42 code 1" where it has
 * none. */
#define ICMP_TEXT_MAX 48
const char *icmp_text(uint16_t family, uint8_t type, uint8_t code, char text[ICMP_TEXT_MAX]);
/* What becomes of what it is about; DONE for what is no error. */
enum outcome icmp_outcome(enum icmp_meaning meaning);

/* A message without an IP header in front: from its type on. False: it is shorter than its header.
 * The checksum is not looked at: see below. */
bool icmp_read(uint16_t family, const uint8_t *data, size_t size, struct icmp_message *ret);
/* By the checksum within (RFC 1071). Of ICMP, not ICMPv6, whose checksum the kernel looks at for
 * raw sockets too; and of an extension (RFC 4884, 7), from its header on. */
bool icmp_is_intact(const uint8_t *data, size_t size);

/* An echo request: its header, in front of a payload that is there already; of ICMP with the
 * checksum, of ICMPv6 the kernel adds it. `size` includes the header. */
void icmp_write_request(uint16_t family, uint16_t id, uint16_t sequence, uint8_t *message,
			size_t size);
