/* This host's network interfaces, as far as a path begins at one. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"

/* The MTU of the interface that has this address, in bytes; 0: none has, or it is not told. */
uint32_t interface_mtu(const struct endpoint *local);
/* All addresses of this host, port 0; how many, at most `max`. 0 also where the kernel tells none.
 */
uint32_t interface_addresses(struct endpoint *ret, uint32_t max);
/* What the kernel believes of the path to which this socket is connected: that, unless a route or
 * ICMP says less. 0: it is not told. */
uint32_t interface_route_mtu(int fd, uint16_t family);
