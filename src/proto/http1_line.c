#include "proto/http1_line.h"

#include <string.h>
#include <strings.h>

#define VERSION      "HTTP/"
#define VERSION_SIZE 8 /* "HTTP/1.1" */

/* ---- words */

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

static bool is_blank(char letter)
{
	return letter == ' ' || letter == '\t';
}

/* tchar */
static bool is_token_letter(char letter)
{
	if ((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
	    is_digit(letter))
		return true;
	return letter != '\0' && strchr("!#$%&'*+-.^_`|~", letter) != NULL;
}

bool http1_is_token(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!is_token_letter(text[i]))
			return false;
	}
	return size > 0;
}

bool http1_is_word(const char *text, size_t size, const char *word)
{
	return strncasecmp(text, word, size) == 0 && word[size] == '\0';
}

/* A lone CR or a NUL would make others see other lines than we do (RFC 9112 2.2). */
static bool is_clean(const char *text, size_t size)
{
	return memchr(text, '\r', size) == NULL && memchr(text, '\0', size) == NULL;
}

/* Decimal, the whole of it. False also where it overflows 63 bits. */
static bool read_decimal(const char *text, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++) {
		if (!is_digit(text[i]) || value > (INT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = value;
	return size > 0;
}

/* ---- start lines */

enum http1_verdict http1_check_start(enum http1_kind kind, const uint8_t *data, size_t size)
{
	size_t known = size < strlen(VERSION) ? size : strlen(VERSION);

	if (size == 0)
		return HTTP1_FINE;
	/* The first byte of a TLS record: an alert, or a handshake (RFC 8446 5.1). */
	if (data[0] == 0x15 || data[0] == 0x16)
		return HTTP1_WRONG_TLS;
	if (kind == HTTP1_RESPONSES)
		return memcmp(data, VERSION, known) == 0 ? HTTP1_FINE : HTTP1_WRONG_NOT_HTTP;
	return is_token_letter((char)data[0]) || data[0] == '\r' || data[0] == '\n'
		       ? HTTP1_FINE
		       : HTTP1_WRONG_NOT_HTTP;
}

/* "HTTP/1.1", of VERSION_SIZE bytes or more. */
static enum http1_verdict read_version(struct http1 *http, const char *text)
{
	if (memcmp(text, VERSION, strlen(VERSION)) != 0)
		return HTTP1_WRONG_NOT_HTTP;
	if (!is_digit(text[5]) || text[6] != '.' || !is_digit(text[7]) || text[5] != '1')
		return HTTP1_WRONG_VERSION;
	http->is_old = text[7] == '0';
	return HTTP1_FINE;
}

enum http1_verdict http1_read_status_line(struct http1 *http, const char *line, size_t size)
{
	uint64_t status = 0;

	if (!is_clean(line, size) || size < VERSION_SIZE)
		return HTTP1_WRONG_STATUS;
	enum http1_verdict verdict = read_version(http, line);
	if (verdict != HTTP1_FINE)
		return verdict;
	line += VERSION_SIZE;
	size -= VERSION_SIZE;
	/* The reason may be missing, and with it, from some servers, its blank. */
	if (size < 4 || line[0] != ' ' || !read_decimal(line + 1, 3, &status) || status < 100 ||
	    (size > 4 && line[4] != ' '))
		return HTTP1_WRONG_STATUS;
	http->status = (uint16_t)status;
	return HTTP1_FINE;
}

/* method SP request-target SP HTTP-version; no other white space (RFC 9112 3). */
enum http1_verdict http1_read_request_line(struct http1 *http, const char *line, size_t size,
					   struct http1_event *ret)
{
	const char *target = memchr(line, ' ', size);
	const char *version = memrchr(line, ' ', size);

	if (!is_clean(line, size) || target == NULL || version - target < 2 ||
	    !http1_is_token(line, (size_t)(target - line)))
		return HTTP1_WRONG_REQUEST;
	ret->name = line;
	ret->name_size = (size_t)(target++ - line);
	ret->data = target;
	ret->size = (size_t)(version++ - target);
	if (memchr(target, ' ', ret->size) != NULL || line + size - version < VERSION_SIZE)
		return HTTP1_WRONG_REQUEST;
	enum http1_verdict verdict = read_version(http, version);
	if (verdict == HTTP1_WRONG_NOT_HTTP || line + size - version > VERSION_SIZE)
		return HTTP1_WRONG_REQUEST;
	return verdict;
}

/* ---- fields */

static struct http1_text trim(const char *data, size_t size)
{
	for (; size > 0 && is_blank(data[0]); size--)
		data++;
	while (size > 0 && is_blank(data[size - 1]))
		size--;
	return (struct http1_text){ data, size };
}

enum http1_verdict http1_split_field(const char *line, size_t size, struct http1_event *ret)
{
	const char *colon = memchr(line, ':', size);

	/* RFC 9112 5.2, and 2.2 for the line behind the first. */
	if (size > 0 && is_blank(line[0]))
		return HTTP1_WRONG_FOLDED;
	if (colon == NULL || !is_clean(line, size))
		return HTTP1_WRONG_FIELD;
	struct http1_text value = trim(colon + 1, size - (size_t)(colon + 1 - line));
	*ret = (struct http1_event){
		.name = line,
		.name_size = (size_t)(colon - line),
		.data = value.data,
		.size = value.size,
	};
	/* No white space before the colon (RFC 9112 5.1). */
	return http1_is_token(ret->name, ret->name_size) ? HTTP1_FINE : HTTP1_WRONG_FIELD;
}

bool http1_next_item(struct http1_text *list, struct http1_text *ret)
{
	while (list->size > 0) {
		const char *comma = memchr(list->data, ',', list->size);
		size_t size = comma != NULL ? (size_t)(comma - list->data) : list->size;
		*ret = trim(list->data, size);
		size += comma != NULL;
		list->data += size;
		list->size -= size;
		if (ret->size > 0)
			return true;
	}
	return false;
}

bool http1_has_item(struct http1_text list, struct http1_text wanted)
{
	struct http1_text item;

	while (http1_next_item(&list, &item)) {
		if (item.size == wanted.size && strncasecmp(item.data, wanted.data, item.size) == 0)
			return true;
	}
	return false;
}

/* Several that are equal are one (RFC 9112 6.3). */
static enum http1_verdict note_length(struct http1 *http, struct http1_text value)
{
	struct http1_text item;
	uint64_t length = 0;
	bool is_empty = true;

	while (http1_next_item(&value, &item)) {
		if (!read_decimal(item.data, item.size, &length) ||
		    (http->has_length && length != http->left))
			return HTTP1_WRONG_LENGTH;
		http->has_length = true;
		http->left = length;
		is_empty = false;
	}
	return is_empty ? HTTP1_WRONG_LENGTH : HTTP1_FINE;
}

/* Nothing may follow chunked (RFC 9112 6.1). */
static enum http1_verdict note_coding(struct http1 *http, struct http1_text value)
{
	struct http1_text item;

	while (http1_next_item(&value, &item)) {
		if (http->is_chunked)
			return HTTP1_WRONG_CODING;
		http->has_coding = true;
		http->is_chunked = http1_is_word(item.data, item.size, "chunked");
	}
	return HTTP1_FINE;
}

static void note_connection(struct http1 *http, struct http1_text value)
{
	struct http1_text item;

	while (http1_next_item(&value, &item)) {
		http->is_closed |= http1_is_word(item.data, item.size, "close");
		http->is_kept |= http1_is_word(item.data, item.size, "keep-alive");
	}
}

static void note_expect(struct http1 *http, const struct http1_event *value)
{
	if (http1_is_word(value->data, value->size, "100-continue"))
		http->wants_continue = true;
	else
		http->is_expecting_more = true;
}

enum http1_verdict http1_note_field(struct http1 *http, const struct http1_event *field)
{
	const char *name = field->name;
	struct http1_text value = { field->data, field->size };

	switch (field->name_size) {
	case 4:
		if (http1_is_word(name, 4, "host") && http->hosts < UINT8_MAX)
			http->hosts++;
		break;
	case 6:
		if (http1_is_word(name, 6, "expect"))
			note_expect(http, field);
		break;
	case 10:
		if (http1_is_word(name, 10, "connection"))
			note_connection(http, value);
		break;
	case 14:
		if (http1_is_word(name, 14, "content-length"))
			return note_length(http, value);
		break;
	case 17:
		if (http1_is_word(name, 17, "transfer-encoding"))
			return note_coding(http, value);
		break;
	default:
		break;
	}
	return HTTP1_FINE;
}

/* ---- chunks */

static int hex_value(char letter)
{
	if (is_digit(letter))
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

enum http1_verdict http1_read_chunk_size(const char *line, size_t size, uint64_t *ret)
{
	uint64_t value = 0;
	size_t at = 0;

	while (at < size && hex_value(line[at]) >= 0) {
		if (value > INT64_MAX >> 4)
			return HTTP1_WRONG_CHUNK_SIZE;
		value = value << 4 | (uint64_t)hex_value(line[at++]);
	}
	*ret = value;
	if (at == 0)
		return HTTP1_WRONG_CHUNK;
	/* Blanks are bad but allowed before an extension (RFC 9112 7.1.1). */
	while (at < size && is_blank(line[at]))
		at++;
	return at == size || (line[at] == ';' && is_clean(line, size)) ? HTTP1_FINE
								       : HTTP1_WRONG_CHUNK;
}
