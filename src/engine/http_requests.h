/* The requests that an HTTP speaker sends: compiled once, rendered into parts. */
#pragma once

#include "engine/speaker.h"
#include "proto/template.h"

/* One of the bodies in turn, or none, behind the head. */
struct http_message {
	const struct template *body; /* NULL: there is none */
	char *text;                  /* the whole request, where it is always the same; else NULL */
	size_t size;                 /* of it */
};

struct http_requests {
	struct http_message *messages; /* the firsts, then those that come again and again */
	uint32_t count;
	uint32_t first_count;
	bool is_varying;
	char *head; /* of those that vary, up to Content-Length */
	size_t head_size;
	struct iovec *work; /* parts of one that varies */
	uint8_t *scratch;
	size_t scratch_size;
	size_t scratch_used;
};

/* Which request of its connection, and what its template looks at. */
struct http_request_context {
	uint64_t uid;
	uint64_t sequence;
	uint64_t number;
	uint64_t unix_ns;
};

/* -ENOMEM, -EFBIG (a head beyond 64 KiB). */
nodiscard int http_requests_init(struct http_requests *requests, const struct script *script);
/* Harmless on one that is all zero. */
void http_requests_deinit(struct http_requests *requests);
/* Before the first of a batch: its scratch is free again. */
void http_requests_begin(struct http_requests *requests);
/* Appends one but for its first `skip` bytes, cut where the parts end, and tells its size in all.
 * False: there is no room for it, nor was there any need. */
bool http_requests_add(struct http_requests *requests, const struct http_request_context *context,
		       uint64_t seed, size_t skip, struct speech_parts *ret, size_t *ret_size);
