/* See dns.h: the words of types and codes, the query, and the reading of an answer. */
#include "proto/dns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/big_endian.h"
#include "proto/dns_name.h"

#define HEADER_BYTES       12
#define CLASS_IN           1
#define FLAG_ANSWER        0x8000
#define FLAG_AUTHORITATIVE 0x0400
#define FLAG_TRUNCATED     0x0200
#define FLAG_RECURSION     0x0100
#define RCODE_MASK         0x000f
#define RECORD_BYTES       10 /* behind its name, before its data */

/* ---- words */

struct word {
	uint16_t number;
	const char *text;
};

static const struct word types[] = {
	{ 1, "A" },      { 2, "NS" },      { 5, "CNAME" },  { 6, "SOA" },    { 12, "PTR" },
	{ 15, "MX" },    { 16, "TXT" },    { 28, "AAAA" },  { 33, "SRV" },   { 35, "NAPTR" },
	{ 39, "DNAME" }, { 41, "OPT" },    { 43, "DS" },    { 44, "SSHFP" }, { 46, "RRSIG" },
	{ 47, "NSEC" },  { 48, "DNSKEY" }, { 50, "NSEC3" }, { 52, "TLSA" },  { 64, "SVCB" },
	{ 65, "HTTPS" }, { 99, "SPF" },    { 255, "ANY" },  { 256, "URI" },  { 257, "CAA" },
};

static const struct word rcodes[] = {
	{ 0, "NOERROR" },    { 1, "FORMERR" }, { 2, "SERVFAIL" }, { 3, "NXDOMAIN" },
	{ 4, "NOTIMP" },     { 5, "REFUSED" }, { 6, "YXDOMAIN" }, { 7, "YXRRSET" },
	{ 8, "NXRRSET" },    { 9, "NOTAUTH" }, { 10, "NOTZONE" }, { 16, "BADVERS" },
	{ 23, "BADCOOKIE" },
};

static const char *find_word(const struct word *words, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].number == number)
			return words[i].text;
	return NULL;
}

const char *dns_type_text(uint16_t type, char text[DNS_TYPE_TEXT_MAX])
{
	const char *word = find_word(types, array_size(types), type);
	if (word)
		(void)snprintf(text, DNS_TYPE_TEXT_MAX, "%s", word);
	else
		(void)snprintf(text, DNS_TYPE_TEXT_MAX, "TYPE%u", type);
	return text;
}

const char *dns_rcode_text(uint32_t rcode, char text[DNS_RCODE_TEXT_MAX])
{
	const char *word = find_word(rcodes, array_size(rcodes), rcode);
	if (word)
		(void)snprintf(text, DNS_RCODE_TEXT_MAX, "%s", word);
	else
		(void)snprintf(text, DNS_RCODE_TEXT_MAX, "RCODE %u", rcode);
	return text;
}

bool dns_find_rcode(const char *name, size_t length, uint32_t *ret)
{
	for (size_t i = 0; i < array_size(rcodes); i++) {
		if (strlen(rcodes[i].text) != length ||
		    strncasecmp(rcodes[i].text, name, length) != 0)
			continue;
		*ret = rcodes[i].number;
		return true;
	}
	return false;
}

const char *dns_verdict_text(enum dns_verdict verdict)
{
	static const char *const texts[DNS_VERDICTS] = {
		[DNS_IS_ANSWER] = "",
		[DNS_IS_SHORT] = "it is shorter than the head of an answer",
		[DNS_IS_QUERY] = "it is no answer",
		[DNS_IS_OF_OTHER_ID] = "it has another id",
		[DNS_IS_OF_OTHER_QUESTION] = "it answers another question",
		[DNS_IS_BROKEN] = "its records run beyond its end, or their names go round",
	};
	return texts[verdict];
}

/* ---- the question */

static int parse_type(const char *text, struct error *error, uint16_t *ret)
{
	for (size_t i = 0; i < array_size(types); i++) {
		if (strcasecmp(types[i].text, text) != 0 || types[i].number == DNS_TYPE_OPT)
			continue;
		*ret = types[i].number;
		return 0;
	}
	char *end = NULL;
	unsigned long number = strncasecmp(text, "TYPE", 4) == 0 ? strtoul(text + 4, &end, 10) : 0;
	if (!end || *end != '\0' || number == 0 || number > UINT16_MAX)
		return error_set(error, EINVAL,
				 "\"%s\" is no type of DNS record (A, AAAA, CNAME, MX, NS, PTR, "
				 "SOA, SRV, TXT, ..., or TYPE123)",
				 text);
	*ret = (uint16_t)number;
	return 0;
}

int dns_parse_question(const char *text, struct error *error, struct dns_question *ret)
{
	size_t length = strcspn(text, "/");
	struct dns_name name;
	*ret = (struct dns_question){ .type = DNS_TYPE_A };
	if (length == 0)
		return error_set(error, EINVAL, "no name to ask for");
	int result = dns_name_parse(text, length, error, &name);
	if (result >= 0 && text[length] == '/' && text[length + 1] != '\0')
		result = parse_type(text + length + 1, error, &ret->type);
	if (result < 0)
		return result;
	ret->name_bytes = name.bytes;
	memcpy(ret->name, name.wire, name.bytes);
	return 0;
}

size_t dns_write_query(const struct dns_question *question, uint8_t out[DNS_QUERY_MAX])
{
	uint8_t *at = out + HEADER_BYTES;

	memset(out, 0, DNS_QUERY_MAX);
	put_u16(out, question->id);
	put_u16(out + 2, FLAG_RECURSION);
	put_u16(out + 4, 1);
	put_u16(out + 10, 1);
	memcpy(at, question->name, question->name_bytes);
	at += question->name_bytes;
	put_u16(at, question->type);
	put_u16(at + 2, CLASS_IN);
	at += 4;
	/* OPT of the root: its class is how large an answer may be (RFC 6891, 6.1.2). */
	put_u16(at + 1, DNS_TYPE_OPT);
	put_u16(at + 3, DNS_DATAGRAM_BYTES);
	at += 11;
	return (size_t)(at - out);
}

/* ---- the answer */

bool dns_read_id(const uint8_t *message, size_t size, uint16_t *ret)
{
	if (size < HEADER_BYTES || (get_u16(message + 2) & FLAG_ANSWER) == 0)
		return false;
	*ret = get_u16(message);
	return true;
}

/* The record at `*at`, which moves behind it. */
static bool read_record(const uint8_t *message, size_t size, size_t *at, struct dns_record *ret)
{
	struct dns_name name;
	size_t next = *at;

	if (!dns_name_read(message, size, &next, &name) || size - next < RECORD_BYTES)
		return false;
	*ret = (struct dns_record){
		.type = get_u16(message + next),
		.ttl_s = get_u32(message + next + 4),
		.at = next + RECORD_BYTES,
		.size = get_u16(message + next + 8),
	};
	if (size - ret->at < ret->size)
		return false;
	*at = ret->at + ret->size;
	return true;
}

/* A server that can't read a question need not repeat it. */
static enum dns_verdict read_question(const struct dns_question *question, const uint8_t *message,
				      size_t size, size_t *at)
{
	struct dns_name name;
	uint16_t count = get_u16(message + 4);

	if (count == 0 && (get_u16(message + 2) & RCODE_MASK) != 0)
		return DNS_IS_ANSWER;
	if (count != 1)
		return DNS_IS_OF_OTHER_QUESTION;
	if (!dns_name_read(message, size, at, &name) || size - *at < 4)
		return DNS_IS_BROKEN;
	bool is_ours = dns_name_is_equal(question->name, question->name_bytes, &name) &&
		       get_u16(message + *at) == question->type &&
		       get_u16(message + *at + 2) == CLASS_IN;
	*at += 4;
	return is_ours ? DNS_IS_ANSWER : DNS_IS_OF_OTHER_QUESTION;
}

/* False: they run beyond the end; what was whole of them is counted. */
static bool count_answers(const struct dns_question *question, struct dns_answer *answer,
			  size_t *at, unsigned stated)
{
	struct dns_record record;

	for (; stated > 0; stated--) {
		if (!read_record(answer->message, answer->size, at, &record))
			return false;
		bool is_matching = record.type == question->type || question->type == DNS_TYPE_ANY;
		if (answer->answers == 0 || record.ttl_s < answer->ttl_s)
			answer->ttl_s = record.ttl_s;
		answer->answers++;
		answer->matching += is_matching;
	}
	return true;
}

static bool read_others(struct dns_answer *answer, size_t at, unsigned stated)
{
	struct dns_record record;

	for (; stated > 0; stated--) {
		if (!read_record(answer->message, answer->size, &at, &record))
			return false;
		if (record.type == DNS_TYPE_OPT) /* the upper bits, RFC 6891, 6.1.3 */
			answer->rcode = (answer->rcode & RCODE_MASK) | (record.ttl_s >> 24) << 4;
	}
	return true;
}

enum dns_verdict dns_read_answer(const struct dns_question *question, const uint8_t *message,
				 size_t size, struct dns_answer *ret)
{
	size_t at = HEADER_BYTES;

	*ret = (struct dns_answer){ .message = message, .size = size };
	if (size < HEADER_BYTES)
		return DNS_IS_SHORT;
	uint16_t flags = get_u16(message + 2);
	if ((flags & FLAG_ANSWER) == 0)
		return DNS_IS_QUERY;
	if (get_u16(message) != question->id)
		return DNS_IS_OF_OTHER_ID;
	enum dns_verdict verdict = read_question(question, message, size, &at);
	if (verdict != DNS_IS_ANSWER)
		return verdict;
	ret->rcode = flags & RCODE_MASK;
	ret->is_truncated = (flags & FLAG_TRUNCATED) != 0;
	ret->is_authoritative = (flags & FLAG_AUTHORITATIVE) != 0;
	ret->at = at;
	unsigned others = (unsigned)get_u16(message + 8) + get_u16(message + 10);
	bool is_whole = count_answers(question, ret, &at, get_u16(message + 6)) &&
			read_others(ret, at, others);
	ret->left = ret->answers;
	return is_whole || ret->is_truncated ? DNS_IS_ANSWER : DNS_IS_BROKEN;
}

bool dns_next_record(struct dns_answer *answer, struct dns_record *ret)
{
	if (answer->left == 0)
		return false;
	answer->left--;
	return read_record(answer->message, answer->size, &answer->at, ret);
}
