/* The heads of the answers of service http. What all of them have in common is made once a second
 * and copied. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/http1_response.h"

/* Of one worker; all zero at the start. */
struct http_answer_common {
	uint64_t until_ns; /* its Date is right until then */
	size_t size;
	char text[224]; /* the fields Server, X-Backend and Date */
	char date[HTTP1_DATE_MAX];
};

enum http_answer_body {
	HTTP_ANSWER_LENGTH,
	HTTP_ANSWER_CHUNKED,
	HTTP_ANSWER_NONE, /* no field says anything: 204 and 304 */
};

enum http_answer_connection {
	HTTP_ANSWER_KEEPS,     /* as HTTP/1.1 does */
	HTTP_ANSWER_KEEPS_OLD, /* says keep-alive to HTTP/1.0 */
	HTTP_ANSWER_CLOSES,
};

struct http_answer {
	uint16_t status;
	enum http_answer_body body;
	enum http_answer_connection connection;
	uint64_t length;
};

/* No head is longer. */
#define HTTP_ANSWER_HEAD_MAX 512

/* Before answers that go out at `now_ns`; `name`: the server's, at most 63 bytes. */
void http_answer_prepare(struct http_answer_common *common, const char *name, uint64_t now_ns);
/* Returns how many of HTTP_ANSWER_HEAD_MAX bytes were written. */
size_t http_answer_write(const struct http_answer_common *common, const struct http_answer *answer,
			 uint8_t *out);
