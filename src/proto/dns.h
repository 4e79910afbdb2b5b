/* Questions to a DNS server and its answers (RFC 1035, 3596, 6891): written, read and compared. A
 * message is checked whole before anything of it is told. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

#define DNS_NAME_MAX    255 /* on the wire */
#define DNS_MESSAGE_MAX 65535
/* What a datagram of an answer may have, as EDNS tells: no path in use cuts that into fragments
 * (DNS flag day 2020). */
#define DNS_DATAGRAM_BYTES 1232

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_ANY = 255,
};
/* "AAAA"; "TYPE1234" of one without a name (RFC 3597). */
#define DNS_TYPE_TEXT_MAX 16
const char *dns_type_text(uint16_t type, char text[DNS_TYPE_TEXT_MAX]);

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
};
/* "NXDOMAIN"; "RCODE 99" of one without a name. */
#define DNS_RCODE_TEXT_MAX 16
const char *dns_rcode_text(uint32_t rcode, char text[DNS_RCODE_TEXT_MAX]);
/* The one with this name, in any case. False: none has it. */
bool dns_find_rcode(const char *name, size_t length, uint32_t *ret);

struct dns_question {
	uint16_t id;
	uint16_t type;
	uint16_t name_bytes;
	uint8_t name[DNS_NAME_MAX]; /* as on the wire, its root label too */
};

/* "NAME[/TYPE]" as in "web.example/AAAA"; A without a type. "\." and "\065" as in zone files.
 * -EINVAL with the sentence. */
nodiscard int dns_parse_question(const char *text, struct error *error, struct dns_question *ret);
/* Recursion is asked for. Returns how many bytes. */
#define DNS_QUERY_MAX (12 + DNS_NAME_MAX + 4 + 11)
size_t dns_write_query(const struct dns_question *question, uint8_t out[DNS_QUERY_MAX]);

enum dns_verdict {
	DNS_IS_ANSWER,
	DNS_IS_SHORT,       /* less than a header */
	DNS_IS_QUERY,       /* no answer at all */
	DNS_IS_OF_OTHER_ID, /* to a question that somebody else asked, or forged */
	DNS_IS_OF_OTHER_QUESTION,
	DNS_IS_BROKEN, /* to ours, but its records can't be read */
	DNS_VERDICTS,
};
/* "its records run beyond its end, or their names go round"; of DNS_IS_ANSWER "". */
const char *dns_verdict_text(enum dns_verdict verdict);

struct dns_answer {
	uint32_t rcode; /* with what EDNS adds */
	bool is_truncated;
	bool is_authoritative;
	uint16_t answers;  /* records of the answer */
	uint16_t matching; /* of them, those of the type that was asked for */
	uint32_t ttl_s;    /* the least of them; 0: there is none */
	/* The records of the answer, for dns_next_record(). */
	const uint8_t *message;
	size_t size;
	size_t at;
	uint16_t left;
};
/* The id of a message, to find its question by. False: it is no answer. */
bool dns_read_id(const uint8_t *message, size_t size, uint16_t *ret);
/* `ret` is filled for an answer, and points into `message`. A truncated one may end anywhere behind
 * its question. */
enum dns_verdict dns_read_answer(const struct dns_question *question, const uint8_t *message,
				 size_t size, struct dns_answer *ret);

struct dns_record {
	uint16_t type;
	uint32_t ttl_s;
	size_t at; /* of its data in the message */
	uint16_t size;
};
/* The next record of the answer. False: there is none left. */
bool dns_next_record(struct dns_answer *answer, struct dns_record *ret);
/* What it says, as a zone file has it: "192.0.2.1", "10 mail.example."; of TXT its text without
 * quotes; of what it does not know as in RFC 3597. Cut at the end of `text`. */
#define DNS_RECORD_TEXT_MAX 1400
const char *dns_record_text(const struct dns_answer *answer, const struct dns_record *record,
			    char text[DNS_RECORD_TEXT_MAX]);
