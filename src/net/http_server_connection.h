/* A connection of the server, between http_server.c, which moves its bytes and keeps its time, and
 * http_server_answer.c, which turns requests into answers. */
#pragma once

#include <stdbool.h>

#include "net/http_server.h"
#include "proto/http1.h"

#define HTTP_SERVER_INPUT_BYTES 2048

/* Of an answer; the owner's fields and the methods of a path are short. */
#define HTTP_SERVER_ANSWER_HEAD_MAX 4096

struct http_server_state;

/* An answer's body as it is sent: its own, or a share of one. */
struct http_server_body {
	struct buffer own;
	struct http_server_text *text; /* NULL: its own */
	const struct buffer *sent;     /* of the two, compressed or not; NULL: none */
};

struct http_server_connection {
	struct stream stream;
	struct http_server *server;
	struct list node;                      /* of the server's connections */
	struct list waiting;                   /* in the order in which they make room */
	const struct http_server_state *state; /* NULL: it is over */
	struct timer clock;
	struct deferred turn; /* the rest of what it has to do, after others had theirs */
	struct endpoint remote;
	uint64_t begun_ns; /* the request; before the first one, the connection */
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
	bool has_asked;  /* one request has come to its end, at least */
	bool is_old;     /* HTTP/1.0 */
	bool is_last;    /* the connection ends behind the answer */
	bool is_refused; /* the connection is one too many */

	struct buffer answer_head;
	struct http_server_body answer_body;
	size_t sent_bytes;
};

/* Notes what has come of a request. True: the answer is complete. */
bool http_server_note(struct http_server_connection *connection, const struct http1_event *event);
/* Makes the last answer of a connection; `text` NULL: the status says it. */
void http_server_refuse(struct http_server_connection *connection, uint16_t status,
			const char *text);
/* Forgets the request and its answer. Before the first one `http_server_prepare()`. */
void http_server_prepare(struct http_server_connection *connection);
void http_server_forget(struct http_server_connection *connection);

const struct http_server_options *http_server_options(const struct http_server *server);
void http_server_count_request(struct http_server *server);

/* ---- http_server_body.c */

/* Takes over the response's body, or a share of its text, as gzip where `is_compressed` and where
 * that is shorter: then true. */
bool http_server_body_take(struct http_server_body *body, struct http_server_response *response,
			   bool is_compressed);
void http_server_body_drop(struct http_server_body *body);
/* Of both kinds. */
const struct buffer *http_server_response_body(const struct http_server_response *response);
/* Does this Accept-Encoding want gzip (RFC 9110 12.5.3); NULL: there is none. */
bool http_server_wants_gzip(const char *accepted);
