/* See icmp.h. One table of types and codes gives meaning and words. */
#include "proto/icmp.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/big_endian.h"

#define ANY_CODE 255

enum {
	V4_REPLY = 0,
	V4_UNREACHABLE = 3,
	V4_REQUEST = 8,
	V4_EXPIRED = 11,
	V4_PARAMETER = 12,
	V6_UNREACHABLE = 1,
	V6_TOO_BIG = 2,
	V6_EXPIRED = 3,
	V6_PARAMETER = 4,
	V6_REQUEST = 128,
	V6_REPLY = 129,
};

struct row {
	uint8_t type;
	uint8_t code; /* ANY_CODE: those that no row above has */
	uint8_t meaning;
	const char *text;
};

/* clang-format off */
static const struct row rows_v4[] = {
	{ V4_REPLY,       0,        ICMP_MEANS_REPLY,       "echo reply" },
	{ V4_REQUEST,     0,        ICMP_MEANS_REQUEST,     "echo request" },
	{ V4_UNREACHABLE, 0,        ICMP_MEANS_UNREACHABLE, "network unreachable" },
	{ V4_UNREACHABLE, 1,        ICMP_MEANS_UNREACHABLE, "host unreachable" },
	{ V4_UNREACHABLE, 2,        ICMP_MEANS_REFUSED,     "protocol unreachable" },
	{ V4_UNREACHABLE, 3,        ICMP_MEANS_REFUSED,     "port unreachable" },
	{ V4_UNREACHABLE, 4,        ICMP_MEANS_TOO_BIG,     "fragmentation needed" },
	{ V4_UNREACHABLE, 5,        ICMP_MEANS_UNREACHABLE, "source route failed" },
	{ V4_UNREACHABLE, 6,        ICMP_MEANS_UNREACHABLE, "network unknown" },
	{ V4_UNREACHABLE, 7,        ICMP_MEANS_UNREACHABLE, "host unknown" },
	{ V4_UNREACHABLE, 9,        ICMP_MEANS_PROHIBITED,  "network prohibited" },
	{ V4_UNREACHABLE, 10,       ICMP_MEANS_PROHIBITED,  "host prohibited" },
	{ V4_UNREACHABLE, 11,       ICMP_MEANS_UNREACHABLE, "network unreachable for this class" },
	{ V4_UNREACHABLE, 12,       ICMP_MEANS_UNREACHABLE, "host unreachable for this class" },
	{ V4_UNREACHABLE, 13,       ICMP_MEANS_PROHIBITED,  "administratively prohibited" },
	{ V4_UNREACHABLE, 14,       ICMP_MEANS_PROHIBITED,  "host precedence violation" },
	{ V4_UNREACHABLE, 15,       ICMP_MEANS_PROHIBITED,  "precedence cut off" },
	{ V4_UNREACHABLE, ANY_CODE, ICMP_MEANS_UNREACHABLE, "destination unreachable" },
	{ V4_EXPIRED,     0,        ICMP_MEANS_EXPIRED,     "TTL expired in transit" },
	{ V4_EXPIRED,     1,        ICMP_MEANS_UNASSEMBLED, "fragment reassembly timed out" },
	{ V4_PARAMETER,   ANY_CODE, ICMP_MEANS_BROKEN,      "parameter problem" },
};
static const struct row rows_v6[] = {
	{ V6_REPLY,       0,        ICMP_MEANS_REPLY,       "echo reply" },
	{ V6_REQUEST,     0,        ICMP_MEANS_REQUEST,     "echo request" },
	{ V6_UNREACHABLE, 0,        ICMP_MEANS_UNREACHABLE, "no route to destination" },
	{ V6_UNREACHABLE, 1,        ICMP_MEANS_PROHIBITED,  "administratively prohibited" },
	{ V6_UNREACHABLE, 2,        ICMP_MEANS_UNREACHABLE, "beyond the scope of the source" },
	{ V6_UNREACHABLE, 3,        ICMP_MEANS_UNREACHABLE, "address unreachable" },
	{ V6_UNREACHABLE, 4,        ICMP_MEANS_REFUSED,     "port unreachable" },
	{ V6_UNREACHABLE, 5,        ICMP_MEANS_PROHIBITED,  "source address failed policy" },
	{ V6_UNREACHABLE, 6,        ICMP_MEANS_PROHIBITED,  "route rejects" },
	{ V6_UNREACHABLE, ANY_CODE, ICMP_MEANS_UNREACHABLE, "destination unreachable" },
	{ V6_TOO_BIG,     ANY_CODE, ICMP_MEANS_TOO_BIG,     "packet too big" },
	{ V6_EXPIRED,     0,        ICMP_MEANS_EXPIRED,     "hop limit exceeded in transit" },
	{ V6_EXPIRED,     1,        ICMP_MEANS_UNASSEMBLED, "fragment reassembly timed out" },
	{ V6_PARAMETER,   1,        ICMP_MEANS_REFUSED,     "protocol unreachable" },
	{ V6_PARAMETER,   ANY_CODE, ICMP_MEANS_BROKEN,      "parameter problem" },
};
/* clang-format on */

static const struct row *find_row(uint16_t family, uint8_t type, uint8_t code)
{
	bool is_v6 = family == AF_INET6;
	const struct row *row = is_v6 ? rows_v6 : rows_v4;
	const struct row *end = row + (is_v6 ? array_size(rows_v6) : array_size(rows_v4));

	while (row < end && (row->type != type || (row->code != code && row->code != ANY_CODE)))
		row++;
	return row < end ? row : NULL;
}

enum icmp_meaning icmp_meaning(uint16_t family, uint8_t type, uint8_t code)
{
	const struct row *row = find_row(family, type, code);
	return row ? (enum icmp_meaning)row->meaning : ICMP_MEANS_OTHER;
}

const char *icmp_text(uint16_t family, uint8_t type, uint8_t code, char text[ICMP_TEXT_MAX])
{
	const struct row *row = find_row(family, type, code);

	if (row)
		(void)snprintf(text, ICMP_TEXT_MAX, "%s", row->text);
	else
		(void)snprintf(text, ICMP_TEXT_MAX, "ICMP type %u code %u", type, code);
	return text;
}

enum outcome icmp_outcome(enum icmp_meaning meaning)
{
	switch (meaning) {
	case ICMP_MEANS_REFUSED:
		return OUTCOME_REFUSED;
	case ICMP_MEANS_PROHIBITED:
		return OUTCOME_PROHIBITED;
	case ICMP_MEANS_UNREACHABLE:
	case ICMP_MEANS_EXPIRED:
	case ICMP_MEANS_UNASSEMBLED:
		return OUTCOME_UNREACHABLE;
	case ICMP_MEANS_TOO_BIG:
	case ICMP_MEANS_BROKEN:
		return OUTCOME_OTHER;
	case ICMP_MEANS_OTHER:
	case ICMP_MEANS_REQUEST:
	case ICMP_MEANS_REPLY:
		break;
	}
	return OUTCOME_DONE;
}

/* How much of the body is the quote: all, or as RFC 4884 says where extensions stand behind it. Who
 * does not know of that leaves the length zero. */
static size_t quote_bytes(uint16_t family, const uint8_t *data, size_t body_size)
{
	size_t stated = 0;

	if (family == AF_INET &&
	    (data[0] == V4_UNREACHABLE || data[0] == V4_EXPIRED || data[0] == V4_PARAMETER))
		stated = 4 * (size_t)data[5];
	else if (family == AF_INET6 && (data[0] == V6_UNREACHABLE || data[0] == V6_EXPIRED))
		stated = 8 * (size_t)data[4];
	return stated > 0 && stated < body_size ? stated : body_size;
}

static void read_quote(uint16_t family, const uint8_t *data, struct icmp_message *ret)
{
	size_t size = quote_bytes(family, data, ret->body_size);

	ret->has_quote =
		ip_packet_read(ret->body, size, &ret->quote) && ret->quote.source.family == family;
	if (!ret->has_quote)
		ret->quote = (struct ip_packet){ 0 };
}

bool icmp_read(uint16_t family, const uint8_t *data, size_t size, struct icmp_message *ret)
{
	*ret = (struct icmp_message){ 0 };
	if (size < ICMP_HEADER_BYTES)
		return false;
	ret->type = data[0];
	ret->code = data[1];
	ret->meaning = icmp_meaning(family, data[0], data[1]);
	ret->body = data + ICMP_HEADER_BYTES;
	ret->body_size = size - ICMP_HEADER_BYTES;
	if (ret->meaning == ICMP_MEANS_REQUEST || ret->meaning == ICMP_MEANS_REPLY) {
		ret->id = get_u16(data + 4);
		ret->sequence = get_u16(data + 6);
	} else if (ret->meaning == ICMP_MEANS_TOO_BIG) {
		ret->mtu = family == AF_INET6 ? get_u32(data + 4) : get_u16(data + 6);
	}
	if (ret->meaning >= ICMP_MEANS_REFUSED)
		read_quote(family, data, ret);
	return true;
}

/* RFC 1071. */
static uint16_t sum(const uint8_t *data, size_t size)
{
	uint64_t total = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		total += get_u16(data + i);
	if (size % 2 != 0)
		total += (uint64_t)data[size - 1] << 8;
	while (total > UINT16_MAX)
		total = (total & UINT16_MAX) + (total >> 16);
	return (uint16_t)~total;
}

bool icmp_is_intact(const uint8_t *data, size_t size)
{
	return sum(data, size) == 0;
}

void icmp_write_request(uint16_t family, uint16_t id, uint16_t sequence, uint8_t *message,
			size_t size)
{
	message[0] = family == AF_INET6 ? V6_REQUEST : V4_REQUEST;
	message[1] = 0;
	put_u16(message + 2, 0);
	put_u16(message + 4, id);
	put_u16(message + 6, sequence);
	if (family == AF_INET)
		put_u16(message + 2, sum(message, size));
}
