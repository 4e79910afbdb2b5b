/* Reads HTTP/1.1 messages as RFC 9112 frames them, responses or requests, however their bytes are
 * cut: bytes in, events out, no I/O. Bodies are passed on and never kept; of a head no more than a
 * line that has come in part. What breaks the protocol is a verdict, and nothing is read after it.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* The start line with all fields, or all trailers; a chunk's size with its extensions. */
#define HTTP1_HEAD_MAX       (64 * 1024)
#define HTTP1_CHUNK_LINE_MAX 4096

enum http1_verdict {
	HTTP1_FINE,
#define HTTP1_VERDICT(symbol, status, sentence) HTTP1_WRONG_##symbol,
#include "proto/http1_verdict.def"
#undef HTTP1_VERDICT
	HTTP1_VERDICT_COUNT,
};
/* "sent a chunk size that overflows" */
const char *http1_verdict_sentence(enum http1_verdict verdict);
/* What a server answers to such a request; 0: nothing. */
uint16_t http1_verdict_status(enum http1_verdict verdict);

enum http1_kind { HTTP1_RESPONSES, HTTP1_REQUESTS };

enum http1_what {
	HTTP1_MORE,    /* all bytes are read, and more have to come */
	HTTP1_START,   /* requests: the request line, `name` its method, `data` its target */
	HTTP1_FIELD,   /* with `wants_fields`: a header field, `name` and the value `data` */
	HTTP1_INTERIM, /* a response of 1xx: the final one is still to come (RFC 9110 15.2) */
	HTTP1_HEAD,    /* the head is over: `status`, `is_last` and the rest are known */
	HTTP1_BODY,    /* so much of the body: `data` */
	HTTP1_END,     /* the message is complete: the next one begins */
	HTTP1_WRONG,   /* it breaks the protocol: `verdict` */
};

/* Text is not NUL-terminated and lasts until the next call. */
struct http1_event {
	enum http1_what what;
	const char *name;
	size_t name_size;
	const char *data;
	size_t size;
};

struct http1 {
	struct buffer line;  /* one that has come in part; no memory where there is none */
	uint64_t left;       /* of the body or the chunk */
	uint32_t line_bytes; /* of the lines that one limit holds for */
	uint8_t state;       /* http1.c */
	uint8_t kind;        /* enum http1_kind */
	uint8_t verdict;     /* enum http1_verdict */

	bool wants_fields;  /* set by the owner at any time */
	bool is_head_asked; /* set by the owner: the response to a HEAD has no body */

	/* Of the message, final with HTTP1_HEAD. */
	uint16_t status; /* responses */
	bool is_old;     /* HTTP/1.0 */
	bool is_last;    /* the connection ends behind it (RFC 9112 9.3) */
	bool is_chunked;
	bool has_length; /* Content-Length: `left` at HTTP1_HEAD */
	bool has_coding;
	bool is_kept;           /* Connection: keep-alive */
	bool is_closed;         /* Connection: close */
	bool wants_continue;    /* Expect: 100-continue */
	bool is_expecting_more; /* Expect: something else */
	uint8_t hosts;
	bool has_line; /* `line` was passed on and goes with the next call */
};
static_assert(sizeof(struct http1) <= 128, "memory of a connection");

void http1_init(struct http1 *http, enum http1_kind kind);
void http1_deinit(struct http1 *http);
/* Reads up to the next event and returns how many of the bytes it took; call it again until
 * HTTP1_MORE, also when none are left. */
size_t http1_read(struct http1 *http, const void *data, size_t size, struct http1_event *ret);
/* The peer has ended: HTTP1_END where that completes the message (RFC 9112 8), HTTP1_MORE between
 * messages, else HTTP1_WRONG. */
void http1_read_end(struct http1 *http, struct http1_event *ret);
/* The head is over and the end is still to come. */
bool http1_is_in_body(const struct http1 *http);
/* Nothing of the next message has come. */
bool http1_is_between(const struct http1 *http);
