/* Writes the heads of HTTP/1.1 requests, and checks what users put into them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

struct http1_request {
	const char *method;
	const char *path;      /* with its query, of a uri (base/uri.h); NULL: "/" */
	const char *authority; /* for Host */
	/* "NAME: VALUE" each. It replaces a default of that name; without a VALUE it only takes
	 * the default away. */
	const char *const *headers;
	uint32_t header_count;
};

/* -EINVAL with a sentence where it is no token, or changes what a connection speaks (CONNECT). */
nodiscard int http1_check_method(const char *method, struct error *error);
/* -EINVAL with a sentence where it is no field, or one that frames the body. */
nodiscard int http1_check_header(const char *header, struct error *error);

/* The head without what frames its body; one of the next two calls ends it. */
void http1_write_head(const struct http1_request *request, struct buffer *out);
void http1_write_end(struct buffer *out); /* there is no body */
/* "Content-Length: N" and the empty line; RFC 9110 8.6. */
#define HTTP1_LENGTH_TEXT_MAX 48
size_t http1_format_length(uint64_t size, char text[HTTP1_LENGTH_TEXT_MAX]);
