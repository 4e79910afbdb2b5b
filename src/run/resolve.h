/* Targets to addresses, before a run begins. */
#pragma once

#include "base/endpoint.h"
#include "base/uri.h"
#include "net/resolver.h"

enum resolve_addresses { RESOLVE_FIRST, RESOLVE_ALL };

struct resolve_options {
	enum resolve_addresses addresses;
	int family;          /* AF_UNSPEC, AF_INET, AF_INET6 */
	const char *servers; /* NULL: the system's */
};

struct resolved {
	struct endpoint endpoints[RESOLVER_ENDPOINTS_MAX];
	uint32_t count;
};

/* What can be said of a target before anything is asked: -EINVAL where an address is not of the
 * family, or is link-local and names no interface of this host. A name is fine. */
nodiscard int resolve_check(const struct uri *uri, int family, struct error *error);

/* All addresses of a target (srv:// gives all its answers always). -EHOSTUNREACH with the sentence
 * when the name does not resolve. */
nodiscard int resolve_target(const struct uri *uri, const struct resolve_options *options,
			     struct error *error, struct resolved *ret);
