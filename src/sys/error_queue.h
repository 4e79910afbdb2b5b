/* A socket's error queue: ICMP about what it has sent, with who says so, when it left, and word
 * that bytes were acknowledged. No privilege is needed. 0 or -errno. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "sys/clock.h"

struct msghdr;

enum queued_origin {
	QUEUED_LOCAL, /* this kernel refused what was to be sent */
	QUEUED_ICMP,
	QUEUED_ACKNOWLEDGED, /* TCP: bytes up to `data`, counted from 0 when this was asked for */
	QUEUED_SENT,         /* the packet of number `data` left; `wall` is when */
	QUEUED_OTHER,
};

struct queued_error {
	enum queued_origin origin;
	int code; /* errno */
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint32_t info; /* of EMSGSIZE: the MTU */
	uint32_t data;
	struct wall_time wall; /* 0: not told */
	struct endpoint from;  /* who sent the ICMP; family 0: not told */
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
/* What fits in: one message's control data. */
#define ERROR_QUEUE_CONTROL_BYTES 512
/* What was received with MSG_ERRQUEUE, for those who take many at once; all but `size`. */
void error_queue_read(const struct msghdr *message, struct queued_error *ret);
/* Of a control message SCM_TIMESTAMPING: the kernel's own stamp. */
struct wall_time error_queue_stamp(const void *data);
/* The oldest; -EAGAIN: there is none. */
nodiscard int error_queue_take(int fd, void *data, size_t capacity, struct queued_error *ret);
