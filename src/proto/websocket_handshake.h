/* The opening handshake of WebSocket, RFC 6455 section 4, on both sides: what the fields of its
 * HTTP request or answer mean, and the bytes of both. Who parses HTTP gives the fields here one by
 * one. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "proto/http1_request.h"

#define WEBSOCKET_KEY_BYTES    24 /* as text, without a NUL */
#define WEBSOCKET_ACCEPT_BYTES 28
/* Longer names of subprotocols than this one are not taken. */
#define WEBSOCKET_SUBPROTOCOL_MAX 31

/* What is wrong with a handshake. */
enum websocket_verdict {
	WEBSOCKET_OPENED,
	/* Of an answer. */
	WEBSOCKET_NOT_SWITCHED,
	WEBSOCKET_NO_UPGRADE,
	WEBSOCKET_NO_CONNECTION,
	WEBSOCKET_NO_ACCEPT,
	WEBSOCKET_WRONG_ACCEPT,
	WEBSOCKET_UNASKED_EXTENSION,
	WEBSOCKET_WRONG_SUBPROTOCOL,
	/* Of a request. */
	WEBSOCKET_NOT_ASKED_FOR,
	WEBSOCKET_NOT_GET,
	WEBSOCKET_OTHER_VERSION,
	WEBSOCKET_NO_KEY,
	WEBSOCKET_VERDICTS,
};
const char *websocket_verdict_sentence(enum websocket_verdict verdict);
/* The HTTP status that a server answers with. */
unsigned websocket_verdict_status(enum websocket_verdict verdict);

/* What the fields said so far. Zeroed but for what the side that looks at them knows. */
struct websocket_opening {
	const char *wanted_subprotocol; /* a client's, of a list any; NULL: none */
	char key[WEBSOCKET_KEY_BYTES];  /* a client's own; a server gets the client's */
	char subprotocol[WEBSOCKET_SUBPROTOCOL_MAX + 1]; /* a server's: the first on offer */
	bool is_get;                                     /* a server's: set by its owner */
	bool has_upgrade;                                /* Upgrade: websocket */
	bool has_connection;                             /* Connection: upgrade */
	bool has_key;
	bool has_wrong_key;
	bool has_version; /* 13 */
	bool has_accept;
	bool has_wrong_accept;
	bool has_extension;
	bool has_subprotocol; /* the wanted one */
	bool has_wrong_subprotocol;
};
/* A client's: one field of the answer, its value without the blanks around it. */
void websocket_take_answer_field(struct websocket_opening *opening, const char *name,
				 size_t name_size, const char *value, size_t value_size);
enum websocket_verdict websocket_check_answer(const struct websocket_opening *opening,
					      unsigned status);
/* A server's: one field of the request. */
void websocket_take_request_field(struct websocket_opening *opening, const char *name,
				  size_t name_size, const char *value, size_t value_size);
enum websocket_verdict websocket_check_request(const struct websocket_opening *opening);

/* The key from 16 random bytes. */
void websocket_write_key(const uint8_t random[16], char ret[WEBSOCKET_KEY_BYTES]);
/* What a server proves with that it has read the key. */
void websocket_write_accept(const char key[WEBSOCKET_KEY_BYTES], char ret[WEBSOCKET_ACCEPT_BYTES]);

/* A request up to its key; the key and WEBSOCKET_REQUEST_END follow. `subprotocol` NULL: none. */
void websocket_write_request(const struct http1_request *request, const char *subprotocol,
			     struct buffer *out);
#define WEBSOCKET_REQUEST_END "\r\n\r\n"

#define WEBSOCKET_ANSWER_MAX 512
/* A server's answer to a request that is right, and to one that is wrong. Returns how many bytes.
 */
size_t websocket_write_switch(const struct websocket_opening *opening,
			      char ret[WEBSOCKET_ANSWER_MAX]);
size_t websocket_write_refusal(unsigned status, const char *sentence,
			       char ret[WEBSOCKET_ANSWER_MAX]);
