#include "proto/websocket_handshake.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "proto/http1_line.h"
#include "proto/http1_response.h"

#define GUID       "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* section 1.3 */
#define VERSION    "13"
#define SHA1_BYTES 20

static const struct {
	unsigned status;
	const char *sentence;
} verdicts[WEBSOCKET_VERDICTS] = {
	[WEBSOCKET_OPENED] = { 101, "the WebSocket is open" },
	[WEBSOCKET_NOT_SWITCHED] = { 0, "answered the WebSocket upgrade with another status than "
					"101 Switching Protocols" },
	[WEBSOCKET_NO_UPGRADE] = { 0, "answered the WebSocket upgrade with a 101 without "
				      "\"Upgrade: websocket\"" },
	[WEBSOCKET_NO_CONNECTION] = { 0, "answered the WebSocket upgrade with a 101 without "
					 "\"Connection: Upgrade\"" },
	[WEBSOCKET_NO_ACCEPT] = { 0, "answered the WebSocket upgrade with a 101 without "
				     "Sec-WebSocket-Accept" },
	[WEBSOCKET_WRONG_ACCEPT] = { 0, "answered the WebSocket upgrade with a "
					"Sec-WebSocket-Accept that does not belong to our key" },
	[WEBSOCKET_UNASKED_EXTENSION] = { 0, "answered the WebSocket upgrade with an extension "
					     "that was not offered" },
	[WEBSOCKET_WRONG_SUBPROTOCOL] = { 0, "answered the WebSocket upgrade with another "
					     "subprotocol than was offered" },
	[WEBSOCKET_NOT_ASKED_FOR] = { 426, "no WebSocket upgrade was asked for" },
	[WEBSOCKET_NOT_GET] = { 405, "a WebSocket upgrade is a GET" },
	[WEBSOCKET_OTHER_VERSION] = { 426, "a WebSocket upgrade to another version than 13" },
	[WEBSOCKET_NO_KEY] = { 400, "a WebSocket upgrade without a Sec-WebSocket-Key of 16 bytes" },
};

const char *websocket_verdict_sentence(enum websocket_verdict verdict)
{
	assert(verdict < WEBSOCKET_VERDICTS);
	return verdicts[verdict].sentence;
}

unsigned websocket_verdict_status(enum websocket_verdict verdict)
{
	assert(verdict < WEBSOCKET_VERDICTS);
	return verdicts[verdict].status;
}

/* ---- fields */

static bool has_word(const char *list, size_t size, const char *word)
{
	return http1_has_item((struct http1_text){ list, size },
			      (struct http1_text){ word, strlen(word) });
}

/* What both sides must say. */
static void take_upgrade(struct websocket_opening *opening, const char *name, size_t name_size,
			 const char *value, size_t value_size)
{
	if (http1_is_word(name, name_size, "Upgrade"))
		opening->has_upgrade |= has_word(value, value_size, "websocket");
	if (http1_is_word(name, name_size, "Connection"))
		opening->has_connection |= has_word(value, value_size, "upgrade");
}

/* ---- the client's side */

static void take_accept(struct websocket_opening *opening, const char *value, size_t size)
{
	char accept[WEBSOCKET_ACCEPT_BYTES];

	websocket_write_accept(opening->key, accept);
	opening->has_accept = true;
	if (size != sizeof(accept) || memcmp(value, accept, size) != 0)
		opening->has_wrong_accept = true;
}

static void take_subprotocol(struct websocket_opening *opening, const char *value, size_t size)
{
	const char *wanted = opening->wanted_subprotocol;

	opening->has_subprotocol = true;
	if (wanted == NULL || !http1_has_item((struct http1_text){ wanted, strlen(wanted) },
					      (struct http1_text){ value, size }))
		opening->has_wrong_subprotocol = true;
}

void websocket_take_answer_field(struct websocket_opening *opening, const char *name,
				 size_t name_size, const char *value, size_t value_size)
{
	take_upgrade(opening, name, name_size, value, value_size);
	if (http1_is_word(name, name_size, "Sec-WebSocket-Accept"))
		take_accept(opening, value, value_size);
	if (http1_is_word(name, name_size, "Sec-WebSocket-Protocol"))
		take_subprotocol(opening, value, value_size);
	if (http1_is_word(name, name_size, "Sec-WebSocket-Extensions"))
		opening->has_extension |= value_size > 0;
}

enum websocket_verdict websocket_check_answer(const struct websocket_opening *opening,
					      unsigned status)
{
	if (status != 101)
		return WEBSOCKET_NOT_SWITCHED;
	if (!opening->has_upgrade)
		return WEBSOCKET_NO_UPGRADE;
	if (!opening->has_connection)
		return WEBSOCKET_NO_CONNECTION;
	if (!opening->has_accept)
		return WEBSOCKET_NO_ACCEPT;
	if (opening->has_wrong_accept)
		return WEBSOCKET_WRONG_ACCEPT;
	if (opening->has_extension)
		return WEBSOCKET_UNASKED_EXTENSION;
	/* One that is asked for and not taken is an answer, too, but of a server that speaks
	 * something else: as browsers do (WHATWG, 4.1). */
	if (opening->has_wrong_subprotocol ||
	    (opening->wanted_subprotocol != NULL && !opening->has_subprotocol))
		return WEBSOCKET_WRONG_SUBPROTOCOL;
	return WEBSOCKET_OPENED;
}

/* ---- the server's side */

/* 16 bytes in base64 end in one of four characters and "==". */
static bool is_key(const char *value, size_t size)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char lasts[] = { 'A', 'Q', 'g', 'w' };

	for (size_t i = 0; i < 22 && i < size; i++) {
		if (memchr(alphabet, value[i], sizeof(alphabet) - 1) == NULL)
			return false;
	}
	return size == WEBSOCKET_KEY_BYTES && memchr(lasts, value[21], sizeof(lasts)) != NULL &&
	       value[22] == '=' && value[23] == '=';
}

static void take_key(struct websocket_opening *opening, const char *value, size_t size)
{
	if (opening->has_key || !is_key(value, size)) {
		opening->has_wrong_key = true;
		return;
	}
	opening->has_key = true;
	memcpy(opening->key, value, size);
}

static void take_offer(struct websocket_opening *opening, const char *value, size_t size)
{
	struct http1_text list = { value, size };
	struct http1_text first;

	if (opening->subprotocol[0] != '\0' || !http1_next_item(&list, &first) ||
	    first.size > WEBSOCKET_SUBPROTOCOL_MAX || !http1_is_token(first.data, first.size))
		return;
	memcpy(opening->subprotocol, first.data, first.size);
	opening->subprotocol[first.size] = '\0';
}

void websocket_take_request_field(struct websocket_opening *opening, const char *name,
				  size_t name_size, const char *value, size_t value_size)
{
	take_upgrade(opening, name, name_size, value, value_size);
	if (http1_is_word(name, name_size, "Sec-WebSocket-Key"))
		take_key(opening, value, value_size);
	if (http1_is_word(name, name_size, "Sec-WebSocket-Version"))
		opening->has_version = http1_is_word(value, value_size, VERSION);
	if (http1_is_word(name, name_size, "Sec-WebSocket-Protocol"))
		take_offer(opening, value, value_size);
}

enum websocket_verdict websocket_check_request(const struct websocket_opening *opening)
{
	if (!opening->has_upgrade || !opening->has_connection)
		return WEBSOCKET_NOT_ASKED_FOR;
	if (!opening->is_get)
		return WEBSOCKET_NOT_GET;
	if (!opening->has_version)
		return WEBSOCKET_OTHER_VERSION;
	if (!opening->has_key || opening->has_wrong_key)
		return WEBSOCKET_NO_KEY;
	return WEBSOCKET_OPENED;
}

/* ---- bytes */

void websocket_write_key(const uint8_t random[16], char ret[WEBSOCKET_KEY_BYTES])
{
	uint8_t text[WEBSOCKET_KEY_BYTES + 1];

	(void)EVP_EncodeBlock(text, random, 16);
	memcpy(ret, text, WEBSOCKET_KEY_BYTES);
}

void websocket_write_accept(const char key[WEBSOCKET_KEY_BYTES], char ret[WEBSOCKET_ACCEPT_BYTES])
{
	uint8_t text[WEBSOCKET_KEY_BYTES + sizeof(GUID) - 1];
	uint8_t digest[SHA1_BYTES] = { 0 };
	uint8_t encoded[WEBSOCKET_ACCEPT_BYTES + 1];

	memcpy(text, key, WEBSOCKET_KEY_BYTES);
	memcpy(text + WEBSOCKET_KEY_BYTES, GUID, sizeof(GUID) - 1);
	/* Where a system has no SHA-1 (FIPS) no handshake succeeds. */
	(void)EVP_Digest(text, sizeof(text), digest, NULL, EVP_sha1(), NULL);
	(void)EVP_EncodeBlock(encoded, digest, sizeof(digest));
	memcpy(ret, encoded, WEBSOCKET_ACCEPT_BYTES);
}

void websocket_write_request(const struct http1_request *request, const char *subprotocol,
			     struct buffer *out)
{
	struct http1_request get = *request;

	get.method = "GET";
	http1_write_head(&get, out);
	buffer_append_text(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
				"Sec-WebSocket-Version: " VERSION "\r\n");
	if (subprotocol != NULL)
		buffer_append_format(out, "Sec-WebSocket-Protocol: %s\r\n", subprotocol);
	buffer_append_text(out, "Sec-WebSocket-Key: ");
}

size_t websocket_write_switch(const struct websocket_opening *opening,
			      char ret[WEBSOCKET_ANSWER_MAX])
{
	char accept[WEBSOCKET_ACCEPT_BYTES];
	bool has_subprotocol = opening->subprotocol[0] != '\0';

	websocket_write_accept(opening->key, accept);
	int size = snprintf(ret, WEBSOCKET_ANSWER_MAX,
			    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
			    "Connection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n%s%s%s\r\n",
			    (int)sizeof(accept), accept,
			    has_subprotocol ? "Sec-WebSocket-Protocol: " : "", opening->subprotocol,
			    has_subprotocol ? "\r\n" : "");
	assert(size > 0 && size < WEBSOCKET_ANSWER_MAX);
	return (size_t)size;
}

/* What a status says besides (RFC 9110 15.5.6, RFC 6455 4.4). */
static const char *fields_of(unsigned status)
{
	if (status == 405)
		return "Allow: GET\r\n";
	return status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: " VERSION "\r\n" : "";
}

size_t websocket_write_refusal(unsigned status, const char *sentence,
			       char ret[WEBSOCKET_ANSWER_MAX])
{
	int size = snprintf(ret, WEBSOCKET_ANSWER_MAX,
			    "HTTP/1.1 %u %s\r\n%sConnection: %sclose\r\n"
			    "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s\n",
			    status, http1_reason((uint16_t)status), fields_of(status),
			    status == 426 ? "Upgrade, " : "", strlen(sentence) + 1, sentence);
	assert(size > 0 && size < WEBSOCKET_ANSWER_MAX);
	return (size_t)size;
}
