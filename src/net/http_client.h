/* An HTTP/1.1 client for our own use: one request at a time, each on a connection of its own, with
 * a deadline over everything from the name to the last byte, and a bound on what is kept of the
 * answer. On the owner's loop; nothing waits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "proto/http1_request.h"

struct http_client;

/* Valid during the call. */
struct http_client_answer {
	int code;             /* 0: it answered; else -errno */
	const char *sentence; /* why it did not: "refused" */
	uint16_t status;
	const char *body; /* NUL-terminated */
	size_t size;
};

struct http_client_setup {
	struct loop *loop;
	const struct stream_transport *transport; /* stream_tls: over `below`, as `tls` says */
	const struct stream_transport *below;
	struct tls_client *tls;
	void *network;       /* the memory transport's */
	const char *servers; /* of DNS; NULL: the system's */
	const char *host;    /* a name or an address; of a name all addresses are tried in turn */
	uint16_t port;
	size_t body_max; /* a longer answer is -EFBIG */
	/* Once for each request, never from within http_client_ask(); may ask the next one or free
	 * the client. */
	void (*done)(void *context, const struct http_client_answer *answer);
	void *context;
};

/* Texts are copied but that of the TLS client. -errno. */
nodiscard int http_client_new(const struct http_client_setup *setup, struct http_client **ret);
/* What is under way is dropped and not told. Takes NULL. */
void http_client_free(struct http_client *client);
/* Sends the head of `request` with a body of `size` bytes, both copied, and has until
 * `deadline_ns`. Not while one is under way. -ENOMEM. */
nodiscard int http_client_ask(struct http_client *client, const struct http1_request *request,
			      const void *body, size_t size, uint64_t deadline_ns);
bool http_client_is_busy(const struct http_client *client);
