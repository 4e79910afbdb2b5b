/* The requests that a speaker of HTTP/2 sends: fields compiled once, bodies rendered for each. */
#pragma once

#include "engine/script.h"
#include "proto/h2_fields.h"

struct h2_body {
	const uint8_t *data; /* NULL: there is none */
	size_t size;
	uint8_t *owned; /* to be freed, or NULL */
};

struct h2_requests {
	const struct script *script;
	struct h2_fields fields;
	struct h2_body *fixed; /* of each message; no data: it varies, or there is none */
	uint32_t count;
};

/* -ENOMEM; -E2BIG: too many fields. */
nodiscard int h2_requests_init(struct h2_requests *requests, const struct script *script);
/* Harmless on one that is all zero. */
void h2_requests_deinit(struct h2_requests *requests);
/* The body of one: free `owned` behind it. -ENOMEM. */
nodiscard int h2_requests_body(const struct h2_requests *requests,
			       const struct template_context *context, struct h2_body *ret);
