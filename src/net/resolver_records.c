/* The records of a DNS message, one after the other (RFC 1035, 4.1.3): what c-ares does not tell of
 * SRV, their times to live and the addresses that come along. */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#include "net/resolver_parts.h"

static uint32_t read_number(const unsigned char *bytes, unsigned count)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* Reads a name and moves behind it. False: it is broken. */
static bool take_name(struct resolver_records *records, char name[RESOLVER_NAME_MAX])
{
	char *text = NULL;
	long length = 0;

	if (records->at >= records->size ||
	    ares_expand_name(records->packet + records->at, records->packet, (int)records->size,
			     &text, &length) != ARES_SUCCESS)
		return false;
	(void)snprintf(name, RESOLVER_NAME_MAX, "%s", text);
	ares_free_string(text);
	records->at += length;
	return true;
}

void resolver_records_begin(struct resolver_records *records, const unsigned char *packet, int size)
{
	char name[RESOLVER_NAME_MAX];

	*records = (struct resolver_records){ .packet = packet, .size = size, .at = NS_HFIXEDSZ };
	if (size < NS_HFIXEDSZ)
		return;
	unsigned questions = read_number(packet + 4, 2);
	unsigned answers = read_number(packet + 6, 2);
	unsigned others = read_number(packet + 8, 2) + read_number(packet + 10, 2);

	for (unsigned i = 0; i < questions; i++) {
		if (!take_name(records, name))
			return;
		records->at += NS_QFIXEDSZ;
	}
	records->answers = answers;
	records->left = answers + others;
}

bool resolver_records_next(struct resolver_records *records, struct resolver_record *ret)
{
	if (records->left == 0 || !take_name(records, ret->name))
		return false;
	records->left--;
	const unsigned char *head = records->packet + records->at;
	if (records->at + NS_RRFIXEDSZ > records->size)
		return false;
	ret->is_answer = records->answers > 0;
	records->answers -= ret->is_answer;
	ret->type = (uint16_t)read_number(head, 2);
	ret->ttl_s = read_number(head + 4, 4);
	ret->size = read_number(head + 8, 2);
	ret->data = head + NS_RRFIXEDSZ;
	records->at += NS_RRFIXEDSZ + (long)ret->size;
	return records->at <= records->size;
}

bool resolver_record_address(const struct resolver_record *record, struct endpoint *ret)
{
	bool is_ipv4 = record->type == ns_t_a && record->size == 4;
	bool is_ipv6 = record->type == ns_t_aaaa && record->size == 16;

	if (!is_ipv4 && !is_ipv6)
		return false;
	*ret = (struct endpoint){ .family = is_ipv4 ? AF_INET : AF_INET6 };
	memcpy(ret->address, record->data, record->size);
	return true;
}
