/* A socket's error queue: ICMP about what it has sent, with who says so, and word that bytes were
 * acknowledged. No privilege is needed. 0 or -errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"

struct cmsghdr;

enum queued_origin {
	QUEUED_LOCAL, /* this kernel refused what was to be sent */
	QUEUED_ICMP,
	QUEUED_ACKNOWLEDGED, /* TCP: bytes up to `data`, counted from 0 when this was asked for */
	QUEUED_OTHER,
};

struct queued_error {
	enum queued_origin origin;
	int code; /* errno */
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint32_t info; /* of EMSGSIZE: the MTU */
	uint32_t data;
	struct endpoint from; /* who sent the ICMP; family 0: not told */
	/* What was read of the packet that it is about: of UDP its payload, of TCP from its header
	 * on; `extension_at` within it is where an RFC 4884 extension begins, 0: there is none. */
	size_t size;
	size_t extension_at;
};

/* ICMP, of UDP with its extensions. A TCP socket that is connected has its error set by them
 * (SO_ERROR) and nothing queued, see doc/hops.md. */
nodiscard int error_queue_ask(int fd, int family);
/* Word of what the peer's TCP has acknowledged. */
nodiscard int error_queue_ask_acknowledged(int fd);
/* The oldest; -EAGAIN: there is none. */
nodiscard int error_queue_take(int fd, void *data, size_t capacity, struct queued_error *ret);
/* For who reads the queue by himself: is this control message a struct sock_extended_err? */
bool error_queue_is_word(const struct cmsghdr *header);
