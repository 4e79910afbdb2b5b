/* What routers append to an ICMP error behind the quoted packet (RFC 4884): of it the MPLS labels
 * that the packet had when it came to them (RFC 4950). No I/O. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* From the extension's header on. How many labels there are, the outermost first, at most
 * `count_max`; 0 of what is no extension, is cut, or has a wrong checksum. */
unsigned icmp_extension_labels(const uint8_t *data, size_t size, uint32_t *ret_labels,
			       unsigned count_max);
