/* What service http answers, whatever frames it: a status, a body, a delay. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/http_route.h"

/* Of a body that nobody wants. */
#define HTTP_BODY_BYTES_MAX ((uint64_t)1024 * 1024)
#define HTTP_REPLY_TEXT_MAX 128

struct http_reply {
	uint16_t status;
	bool is_bare;      /* 204 and 304: there is no body, and no length */
	uint64_t size;     /* of the body */
	uint64_t delay_ns; /* behind the request */
	/* The body; "" where it is zeros. */
	char text[HTTP_REPLY_TEXT_MAX];
};

/* Of a route other than the echo; `name`: the server's. */
void http_reply_make(const struct http_route *route, const char *name, struct http_reply *ret);
/* "404 Not Found"; or `sentence` behind "the client ". */
void http_reply_say(uint16_t status, const char *sentence, struct http_reply *ret);
/* What a head asks for can't be had: the status that says why, else 0. `length`: of the body that
 * it tells of. */
uint16_t http_reply_refusal(const struct http_route *route, bool is_expecting_more,
			    uint64_t length);
