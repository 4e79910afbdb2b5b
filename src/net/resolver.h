/* Names to addresses on a loop through c-ares: A and AAAA, and SRV for srv:// targets. Never
 * blocks. /etc/hosts, /etc/resolv.conf and numeric addresses work as usual. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "net/loop.h"

struct resolver;

struct resolver_options {
	uint64_t timeout_ns; /* of the first of two tries; the second gets twice as long; 0 = 2 s */
	const char *servers; /* "127.0.0.1:5353,[::1]:53"; NULL = the system's */
	int family; /* AF_INET, AF_INET6, or AF_UNSPEC: both, IPv6 first as RFC 6724 says */
	/* An answer has so many at most; 0 = RESOLVER_ENDPOINTS_MAX. A headless service may have
	 * more. */
	uint32_t endpoints_max;
};

/* The answer: `count` endpoints in the order to try them, or code < 0 with a sentence
 * ("web.test: no such name"). `ttl_s` is the shortest of all records that it is made of: it may be
 * kept so long; 0 also of what stands in /etc/hosts, UINT32_MAX of a numeric address. Valid during
 * the call. */
struct resolver_answer {
	int code;
	const char *sentence;
	const struct endpoint *endpoints;
	size_t count;
	uint32_t ttl_s;
};
typedef void (*resolver_done_fn)(void *context, const struct resolver_answer *answer);

#define RESOLVER_ENDPOINTS_MAX 256

/* -EINVAL for a list of servers that is none. */
nodiscard int resolver_new(struct loop *loop, const struct resolver_options *options,
			   struct resolver **ret);
/* Cancels what is under way: its `done` is called with -ECANCELED. Not from within a `done`. */
void resolver_free(struct resolver *resolver);

/* The address that `host` is as it stands, "fe80::1%eth0" too. -EINVAL: it is none, so a name;
 * -ENODEV: this host has no such interface. */
nodiscard int resolver_parse_numeric(const char *host, uint16_t port, struct endpoint *ret);

/* `host` is a name or a numeric address ("fe80::1%eth0" too). `done` may be called from within: for
 * a numeric address, a name in /etc/hosts, one that is no name. On an error it is not called. */
nodiscard int resolver_resolve(struct resolver *resolver, const char *host, uint16_t port,
			       resolver_done_fn done, void *context);
/* `name` as in "_traffic._tcp.web.example": all targets of the lowest priority, each resolved,
 * heavier weights first, with their ports. */
nodiscard int resolver_resolve_service(struct resolver *resolver, const char *name,
				       resolver_done_fn done, void *context);
