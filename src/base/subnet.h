/* Ranges of addresses, "192.0.2.0/24" or "2001:db8::/32"; an address alone is a range of one. */
#pragma once

#include <stdbool.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"

struct subnet {
	struct endpoint base; /* port 0 */
	unsigned bits;
};

/* -EINVAL with the sentence. Bits behind the prefix have to be 0. */
nodiscard int subnet_parse(const char *text, struct error *error, struct subnet *ret);
/* An IPv4 address is in no range of IPv6. */
bool subnet_has(const struct subnet *subnet, const struct endpoint *endpoint);
