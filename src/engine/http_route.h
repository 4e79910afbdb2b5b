/* What the targets of service http mean: /, /bytes/N, /delay/MS, /status/CODE, /echo. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum http_route_kind {
	HTTP_ROUTE_NAME,   /* the server's name */
	HTTP_ROUTE_BYTES,  /* so many zeros: `value` */
	HTTP_ROUTE_DELAY,  /* the name, after `value` ms */
	HTTP_ROUTE_STATUS, /* this status: `value` */
	HTTP_ROUTE_ECHO,   /* the body of the request */
	HTTP_ROUTE_WRONG,  /* there is none: `value` is the status that says why */
};

#define HTTP_DELAY_MAX_MS 60000

struct http_route {
	enum http_route_kind kind;
	uint64_t value;
};

/* By method and target; every route takes GET, HEAD and POST, the echo PUT and PATCH as well. */
struct http_route http_route_find(const char *method, size_t method_size, const char *target,
				  size_t target_size);
