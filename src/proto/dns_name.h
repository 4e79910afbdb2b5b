/* Names of DNS (RFC 1035, 3.1 and 4.1.4): labels with their length, in text and on the wire. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "proto/dns.h"

struct dns_name {
	uint16_t bytes;
	uint8_t wire[DNS_NAME_MAX];
};

/* `length` bytes of "web.example" with or without a dot behind; "." is the root. */
nodiscard int dns_name_parse(const char *text, size_t length, struct error *error,
			     struct dns_name *ret);
/* The name at `*at`, decompressed; `*at` moves behind it. False: it runs beyond the end, is too
 * long, or a pointer does not point to something earlier, which is what keeps it from going round.
 */
bool dns_name_read(const uint8_t *message, size_t size, size_t *at, struct dns_name *ret);
bool dns_name_is_equal(const uint8_t *wire, size_t bytes, const struct dns_name *other);
/* Each byte of a label may take four. */
#define DNS_NAME_TEXT_MAX (4 * DNS_NAME_MAX + 1)
const char *dns_name_text(const struct dns_name *name, char text[DNS_NAME_TEXT_MAX]);
/* A byte as it stands in text: itself, "\." or "\007". Returns how many bytes. */
size_t dns_escape_byte(uint8_t byte, const char *special, char text[5]);
