/* The fields of an HTTP/2 request: the pseudo-header fields, what is said by default, and what
 * users say on top, in the form of HTTP/1.1. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "proto/h2.h"
#include "proto/http1_request.h"

enum h2_content {
	H2_CONTENT_ANY,
	H2_CONTENT_GRPC, /* a call */
};

struct h2_fields {
	struct h2_field fields[H2_FIELDS_MAX];
	size_t count;
	char *text; /* of the headers, with names in lower case */
};

/* `scheme` and the texts of `request` are the caller's, and last as long; room for one more field
 * is left. -ENOMEM; -E2BIG: too many headers. */
nodiscard int h2_fields_init(struct h2_fields *fields, const struct http1_request *request,
			     const char *scheme, enum h2_content content);
/* Harmless on one that is all zero. */
void h2_fields_deinit(struct h2_fields *fields);
