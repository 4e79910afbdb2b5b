/* HTTP/1.1 of our own: one small server on a loop, for /metrics, pages and an API. What it answers
 * is a table of routes of its owner. A request is answered at once and whole; connections are kept
 * and may pipeline. Who is slow, stuck or wrong costs only his own connection: nothing here waits.
 * Where all places are taken, whoever has been without a request for longest makes room, else
 * whoever has begun one and not come to its end; so idle connections keep nobody out. Who has only
 * just come or begun has a grace; where all have, the next waits until it is over. A connection
 * has memory of its own while there is one, and its answer's while it is sent. All calls belong to
 * the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "net/stream.h"

/* Limits. Who comes beyond those that are served and can't make room is told 503, and beyond those
 * that are told so, closed at once. */
#define HTTP_SERVER_SERVED_MAX         64 /* unless the options say another number */
#define HTTP_SERVER_REFUSED_MAX        16
#define HTTP_SERVER_LISTENERS_MAX      4
#define HTTP_SERVER_HEAD_BYTES_MAX     ((size_t)8 * 1024)
#define HTTP_SERVER_BODY_BYTES_MAX     ((size_t)64 * 1024)
#define HTTP_SERVER_RESPONSE_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define HTTP_SERVER_REQUEST_NS         UINT64_C(10000000000)  /* from its first byte to its last */
#define HTTP_SERVER_STUCK_NS           UINT64_C(10000000000)  /* nothing of the answer is taken */
#define HTTP_SERVER_IDLE_NS            UINT64_C(300000000000) /* between two requests */
/* A request that has begun, and one that a new connection is for, makes no room before: nearly all
 * come at once and in one packet. */
#define HTTP_SERVER_GRACE_NS UINT64_C(200000000)
/* Bodies of fewer bytes are not compressed. */
#define HTTP_SERVER_COMPRESSED_MIN ((size_t)1024)

/* A whole one; it lasts until the handler returns. */
struct http_server_request {
	const char *method;
	const char *path;   /* "/metrics" */
	const char *query;  /* behind the "?"; "" if there is none */
	const char *fields; /* for http_server_field() */
	const char *fields_end;
	const char *body; /* NUL-terminated behind its end */
	size_t body_size;
	struct endpoint remote; /* who asks; family 0: it can't be told */
};
/* The value of the first header field of this name, in any case; NULL: there is none. */
const char *http_server_field(const struct http_server_request *request, const char *name);

/* A body that several answers share: kept by its owner, and by the server while it sends it. */
struct http_server_text;
/* Takes over what is in `from`; NULL: no memory. */
struct http_server_text *http_server_text_new(struct buffer *from);
void http_server_text_free(struct http_server_text *text); /* the owner's hold; takes NULL */

/* What a handler fills in. */
struct http_server_response {
	uint16_t status;          /* 200 */
	const char *content_type; /* "text/plain; charset=utf-8"; lasts longer than the server */
	const char *fields; /* more of them, "NAME: VALUE\r\n" each; lasts as long. NULL: none */
	struct buffer body; /* beyond its maximum the answer is 500 */
	struct http_server_text *text; /* instead of a body; it stays the owner's. NULL: none */
};

struct http_server_route {
	const char *method; /* "GET", which answers HEAD as well */
	const char *path;   /* all of it */
	void (*handle)(void *context, const struct http_server_request *request,
		       struct http_server_response *response);
};

struct http_server_options {
	const struct stream_transport *transport;
	struct listen_options listen;
	const struct http_server_route *routes; /* lasts longer than the server */
	size_t route_count;
	void *context; /* of the handlers */
	/* Asked before the route is looked for: false, it has filled in the answer. NULL: all may.
	 */
	bool (*allow)(void *context, const struct http_server_request *request,
		      struct http_server_response *response);
	unsigned served_max;       /* 0: HTTP_SERVER_SERVED_MAX */
	unsigned per_address_max;  /* of these, of one address or IPv6 /64; 0: as many */
	size_t response_bytes_max; /* 0: HTTP_SERVER_RESPONSE_BYTES_MAX */
	bool compresses;           /* by gzip, for who accepts it */
};

struct http_server;
/* -errno of the listener (EADDRINUSE, EACCES...) or -ENOMEM. */
nodiscard int http_server_open(struct loop *loop, const struct http_server_options *options,
			       struct http_server **ret);
/* Ends what is under way. Before the loop is freed, and not from a handler; NULL is harmless. */
void http_server_close(struct http_server *server);
/* One more place to listen at, in its own way (TLS, say); the limits are those of the server.
 * -ENOSPC: there are HTTP_SERVER_LISTENERS_MAX; -errno of the listener. */
nodiscard int http_server_listen(struct http_server *server,
				 const struct stream_transport *transport,
				 const struct listen_options *listen);
/* As bound, with the real port: the first listener's, and that of each in their order. */
const struct endpoint *http_server_local(const struct http_server *server);
const struct endpoint *http_server_local_of(const struct http_server *server, unsigned index);
/* Since it began: requests that were answered, in whatever way. */
uint64_t http_server_requests(const struct http_server *server);
