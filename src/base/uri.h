/* Targets and listening places: SCHEME://HOST[:PORT][/PATH][?QUERY], IPv6 in brackets.
 * A scheme is a service (service.def) with +tcp, +udp or +tls behind it or its own name over TLS
 * (https), a bare transport (tcp, udp, tls), or srv. A bare HOST or HOST:PORT takes the command's
 * own service. No I/O: names stay names. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/service.h"

enum transport {
	TRANSPORT_TCP,
	TRANSPORT_UDP,
	TRANSPORT_TLS, /* over TCP */
	TRANSPORT_COUNT,
};
const char *transport_name(enum transport transport); /* "tcp" */

#define URI_HOST_MAX 256
#define URI_PATH_MAX 1025
#define URI_TEXT_MAX 1408

struct uri {
	char text[URI_TEXT_MAX];  /* as used, complete: "tcp://10.20.0.5:5003" */
	char host[URI_HOST_MAX];  /* without brackets; "" means all addresses (listening) */
	char path[URI_PATH_MAX];  /* of http, ws and dns: as typed, "/" if none; else "" */
	enum service service;     /* SERVICE_NONE: a transport alone, bytes as given */
	enum transport transport; /* of icmp, which has none: UDP */
	uint16_t port;            /* default filled in; 0 only where written, and of icmp */
	bool is_srv;              /* srv://_service._proto.name: `host` is that name, port 0 */
	bool has_transport;       /* the scheme says it: tcp://, echo+udp://, srv:// */
};

/* Who is meant by it, for TLS and the Host header: the host; of srv:// the name behind service and
 * protocol. Where DNS sends it is not asked: who can forge that could show a certificate of its own
 * (RFC 6125, 6.2.1; RFC 4985). */
const char *uri_peer(const struct uri *uri);
/* Of Host and :authority (RFC 9110 4.2.3): that peer, and the port where it is not the scheme's
 * own. Returns `text`. */
#define URI_AUTHORITY_MAX (URI_HOST_MAX + 9)
const char *uri_authority(const struct uri *uri, char text[URI_AUTHORITY_MAX]);

/* What tcp://, udp:// and tls:// are to a command. */
enum uri_transports {
	URI_TRANSPORTS_REFUSED, /* they say how and not what: a hint (serve) */
	URI_TRANSPORTS_SERVICE, /* the command's own service over them (traffic) */
	URI_TRANSPORTS_RAW,     /* SERVICE_NONE; the port has to be named (load) */
};

/* What a command makes of a target. */
struct uri_defaults {
	enum service service; /* of a bare HOST */
	unsigned services;    /* those the command can use: bits 1u << SERVICE_...; 0: all */
	unsigned transports;  /* the same, 1u << TRANSPORT_... */
	enum uri_transports bare_transports;
	bool is_listening; /* empty host and port 0 are allowed; srv and paths are not */
	/* Both ends are ours (load --serve): the host may be left out and is 127.0.0.1 then, the
	 * port too and is 0, any free one; srv is not allowed. */
	bool is_own;
};

/* -EINVAL with the sentence; a misspelt scheme gets a "did you mean", a scheme of a later
 * command or one that the command can't use says what it can. */
nodiscard int uri_parse(const char *text, const struct uri_defaults *defaults, struct error *error,
			struct uri *ret);
