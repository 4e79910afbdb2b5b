/* A connection of the server, between http_server.c, which moves its bytes and keeps its time, and
 * http_server_answer.c, which turns requests into answers. */
#pragma once

#include <stdbool.h>

#include "net/http_server.h"
#include "proto/http1.h"

#define HTTP_SERVER_INPUT_BYTES 2048

/* Of an answer; the owner's fields and the methods of a path are short. */
#define HTTP_SERVER_ANSWER_HEAD_MAX 2048

struct http_server_state;

struct http_server_connection {
	struct stream stream;
	struct http_server *server;
	const struct http_server_state *state; /* NULL: free */
	struct timer clock;
	struct deferred turn; /* the rest of what it has to do, after others had theirs */
	struct http1 http;
	uint8_t input[HTTP_SERVER_INPUT_BYTES];
	size_t input_at;
	size_t input_size;

	struct buffer request; /* method, path, query, names and values; a NUL behind each */
	size_t fields_at;
	struct buffer body; /* of the request */
	size_t head_bytes;
	bool has_begun; /* a byte of it has come */
	bool has_head;
	bool is_old;     /* HTTP/1.0 */
	bool is_last;    /* the connection ends behind the answer */
	bool is_refused; /* the connection is one too many */

	struct buffer answer_head;
	struct buffer answer_body;
	size_t sent_bytes;
};

/* Notes what has come of a request. True: the answer is complete. */
bool http_server_note(struct http_server_connection *connection, const struct http1_event *event);
/* Makes the last answer of a connection; `text` NULL: the status says it. */
void http_server_refuse(struct http_server_connection *connection, uint16_t status,
			const char *text);
/* Forgets the request and its answer. */
void http_server_forget(struct http_server_connection *connection);

const struct http_server_options *http_server_options(const struct http_server *server);
