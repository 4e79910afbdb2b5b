#include "proto/dns_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/big_endian.h"

#define LABEL_MAX    63
#define POINTER      0xc0
#define POINTER_MASK 0x3fff

/* ---- from text */

/* The byte at `text` of `length`, which may be escaped; returns how many it takes, 0: it is none.
 */
static size_t read_byte(const char *text, size_t length, uint8_t *ret)
{
	*ret = (uint8_t)text[0];
	if (text[0] != '\\')
		return 1;
	if (length < 2)
		return 0;
	*ret = (uint8_t)text[1];
	if (!isdigit((unsigned char)text[1]))
		return 2;
	if (length < 4 || !isdigit((unsigned char)text[2]) || !isdigit((unsigned char)text[3]))
		return 0;
	unsigned value = 100 * (unsigned)(text[1] - '0') + 10 * (unsigned)(text[2] - '0') +
			 (unsigned)(text[3] - '0');
	*ret = (uint8_t)value;
	return value <= UINT8_MAX ? 4 : 0;
}

/* A label up to its dot or the end; returns how many bytes of the text, 0 with the sentence. */
static size_t parse_label(const char *text, size_t length, struct error *error,
			  struct dns_name *name)
{
	uint8_t *label = name->wire + name->bytes;
	size_t size = 0;
	size_t at = 0;
	while (at < length && text[at] != '.') {
		uint8_t byte;
		size_t used = read_byte(text + at, length - at, &byte);
		if (used == 0) {
			(void)error_set(error, EINVAL, "\"%.*s\" is no byte: \\. or \\065",
					(int)(length - at), text + at);
			return 0;
		}
		/* One is left for the root. */
		if (size == LABEL_MAX || name->bytes + 1 + size + 1 >= DNS_NAME_MAX) {
			(void)error_set(error, EINVAL,
					"a name has labels of %d bytes at most, and %d together",
					LABEL_MAX, DNS_NAME_MAX);
			return 0;
		}
		label[1 + size++] = byte;
		at += used;
	}
	if (size == 0)
		(void)error_set(error, EINVAL, "a name has no empty label");
	label[0] = (uint8_t)size;
	if (size > 0)
		name->bytes = (uint16_t)(name->bytes + 1 + size);
	return size > 0 ? at : 0;
}

int dns_name_parse(const char *text, size_t length, struct error *error, struct dns_name *ret)
{
	*ret = (struct dns_name){ 0 };
	bool is_root = length == 1 && text[0] == '.';
	for (size_t at = 0; at < length && !is_root; at++) {
		size_t used = parse_label(text + at, length - at, error, ret);
		if (used == 0)
			return -EINVAL;
		at += used; /* and its dot */
	}
	ret->wire[ret->bytes++] = 0;
	return 0;
}

/* ---- from the wire */

bool dns_name_read(const uint8_t *message, size_t size, size_t *at, struct dns_name *ret)
{
	size_t from = *at;
	size_t earliest = from;
	bool has_jumped = false;

	ret->bytes = 0;
	while (from < size) {
		uint8_t length = message[from];
		if (length >= POINTER) {
			if (from + 2 > size)
				return false;
			size_t target = get_u16(message + from) & POINTER_MASK;
			*at = has_jumped ? *at : from + 2;
			has_jumped = true;
			if (target >= earliest)
				return false;
			earliest = target;
			from = target;
			continue;
		}
		if (length > LABEL_MAX || from + 1 + length > size ||
		    ret->bytes + 1u + length > DNS_NAME_MAX)
			return false;
		memcpy(ret->wire + ret->bytes, message + from, 1 + (size_t)length);
		ret->bytes = (uint16_t)(ret->bytes + 1 + length);
		from += 1 + (size_t)length;
		if (length == 0) {
			*at = has_jumped ? *at : from;
			return true;
		}
	}
	return false;
}

/* The lengths of labels are below any letter. */
bool dns_name_is_equal(const uint8_t *wire, size_t bytes, const struct dns_name *other)
{
	if (bytes != other->bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		if (tolower(wire[i]) != tolower(other->wire[i]))
			return false;
	return true;
}

/* ---- to text */

size_t dns_escape_byte(uint8_t byte, const char *special, char text[5])
{
	if (byte <= ' ' || byte >= 0x7f)
		return (size_t)snprintf(text, 5, "\\%03u", byte);
	return (size_t)snprintf(text, 5, "%s%c", strchr(special, byte) ? "\\" : "", byte);
}

const char *dns_name_text(const struct dns_name *name, char text[DNS_NAME_TEXT_MAX])
{
	size_t used = 0;

	for (size_t at = 0; at < name->bytes && name->wire[at] > 0;
	     at += 1 + (size_t)name->wire[at]) {
		for (size_t i = 1; i <= name->wire[at]; i++)
			used += dns_escape_byte(name->wire[at + i], ".\\", text + used);
		text[used++] = '.';
	}
	if (used == 0)
		text[used++] = '.';
	text[used] = '\0';
	return text;
}
