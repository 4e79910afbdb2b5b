/* The class that a router is asked to serve packets by: six bits of the IP header. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

#define DSCP_MAX 63

/* "46" or a name in any case: BE, LE, CS0-CS7, AF11-AF43, VA, EF (RFC 2474, 2597, 3246, 5865,
 * 8622). -EINVAL with a sentence. */
nodiscard int dscp_parse(const char *text, struct error *error, uint8_t *ret);
