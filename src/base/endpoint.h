/* An address with a port, IPv4 or IPv6: flat, comparable, 24 bytes; no name and no socket. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "base/error.h"

struct endpoint {
	uint8_t address[16]; /* IPv4 in the first four bytes, the rest zero */
	uint32_t scope;      /* interface index of a link-local IPv6 address, else 0 */
	uint16_t port;       /* host byte order */
	uint16_t family;     /* AF_INET, AF_INET6, or 0: not set */
};

/* Room for "[ffff:...:255.255.255.255%4294967295]:65535" and its end. */
#define ENDPOINT_TEXT_MAX 72

/* Numeric text "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1". -EINVAL if it is
 * none of these (a name, say). Without a port the endpoint gets `default_port`. */
nodiscard int endpoint_parse(const char *text, uint16_t default_port, struct endpoint *ret);

/* "192.0.2.1:80" or "[2001:db8::1]:80"; returns `text`. An unset endpoint gives "". */
const char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_MAX]);
/* The same without the port and the brackets. */
const char *endpoint_format_address(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_MAX]);

/* A v4-mapped IPv6 address becomes plain IPv4, so that one peer has one name. */
void endpoint_from_sockaddr(const struct sockaddr *address, struct endpoint *ret);
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *ret);

bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b);
bool endpoint_is_any(const struct endpoint *endpoint);        /* 0.0.0.0 or :: */
bool endpoint_is_loopback(const struct endpoint *endpoint);   /* 127/8 or ::1 */
bool endpoint_is_link_local(const struct endpoint *endpoint); /* fe80::/10 */
