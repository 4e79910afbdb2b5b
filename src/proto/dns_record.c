/* What records say, in the words of a zone file. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/big_endian.h"
#include "proto/dns_name.h"

struct writer {
	char *text;
	size_t used;
};

static void write_text(struct writer *writer, const char *text)
{
	size_t length = strlen(text);
	size_t room = DNS_RECORD_TEXT_MAX - 1 - writer->used;

	length = length < room ? length : room;
	memcpy(writer->text + writer->used, text, length);
	writer->used += length;
	writer->text[writer->used] = '\0';
}

static void write_number(struct writer *writer, uint32_t number)
{
	char text[16];
	(void)snprintf(text, sizeof(text), "%u ", number);
	write_text(writer, text);
}

/* The name `skip` bytes into the data, behind numbers of two bytes; false: it is none. */
static bool write_name(struct writer *writer, const struct dns_answer *answer,
		       const struct dns_record *record, size_t skip)
{
	struct dns_name name;
	char text[DNS_NAME_TEXT_MAX];
	size_t at = record->at + skip;

	if (record->size <= skip || !dns_name_read(answer->message, answer->size, &at, &name) ||
	    at > record->at + record->size)
		return false;
	for (size_t i = 0; i < skip; i += 2)
		write_number(writer, get_u16(answer->message + record->at + i));
	write_text(writer, dns_name_text(&name, text));
	return true;
}

static bool write_address(struct writer *writer, int family, const uint8_t *data, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (size != (family == AF_INET ? 4 : 16) || !inet_ntop(family, data, text, sizeof(text)))
		return false;
	write_text(writer, text);
	return true;
}

/* Texts of up to 255 bytes with their length, which belong together (RFC 7208, 3.3). */
static bool write_texts(struct writer *writer, const uint8_t *data, size_t size)
{
	char text[5];

	for (size_t at = 0; at < size; at += 1 + (size_t)data[at]) {
		if (size - at < 1 + (size_t)data[at])
			return false;
		for (size_t i = 1; i <= data[at]; i++) {
			if (data[at + i] == ' ')
				(void)snprintf(text, sizeof(text), " ");
			else
				(void)dns_escape_byte(data[at + i], "\\", text);
			write_text(writer, text);
		}
	}
	return true;
}

static void write_unknown(struct writer *writer, const uint8_t *data, size_t size)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "\\# %zu ", size);
	write_text(writer, text);
	for (size_t i = 0; i < size; i++) {
		(void)snprintf(text, sizeof(text), "%02x", data[i]);
		write_text(writer, text);
	}
}

static bool write_known(struct writer *writer, const struct dns_answer *answer,
			const struct dns_record *record)
{
	const uint8_t *data = answer->message + record->at;

	switch (record->type) {
	case DNS_TYPE_A:
		return write_address(writer, AF_INET, data, record->size);
	case DNS_TYPE_AAAA:
		return write_address(writer, AF_INET6, data, record->size);
	case DNS_TYPE_NS:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
		return write_name(writer, answer, record, 0);
	case DNS_TYPE_MX:
		return write_name(writer, answer, record, 2);
	case DNS_TYPE_SRV:
		return write_name(writer, answer, record, 6);
	case DNS_TYPE_TXT:
		return write_texts(writer, data, record->size);
	default:
		return false;
	}
}

const char *dns_record_text(const struct dns_answer *answer, const struct dns_record *record,
			    char text[DNS_RECORD_TEXT_MAX])
{
	struct writer writer = { .text = text };

	text[0] = '\0';
	if (!write_known(&writer, answer, record)) {
		writer.used = 0;
		write_unknown(&writer, answer->message + record->at, record->size);
	}
	return text;
}
