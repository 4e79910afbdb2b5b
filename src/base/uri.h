/* Targets and listening places: SCHEME://HOST[:PORT][/PATH][?QUERY], IPv6 in brackets.
 * A scheme is a service (service.def) with +tcp or +udp behind it, a bare transport (tcp, udp), or
 * srv. A bare HOST or HOST:PORT takes the command's own service. No I/O: names stay names. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

enum service {
#define SERVICE(symbol, name, port, over_tcp, over_udp, sentence) SERVICE_##symbol,
#include "base/service.def"
#undef SERVICE
	SERVICE_COUNT,
};

const char *service_name(enum service service);
uint16_t service_port(enum service service);
const char *service_sentence(enum service service);
bool service_runs_over_udp(enum service service);

enum transport {
	TRANSPORT_TCP,
	TRANSPORT_UDP,
	TRANSPORT_COUNT,
};
const char *transport_name(enum transport transport); /* "tcp" */

#define URI_HOST_MAX 256
#define URI_TEXT_MAX 512

struct uri {
	char text[URI_TEXT_MAX]; /* as used, complete: "tcp://10.20.0.5:5003" */
	char host[URI_HOST_MAX]; /* without brackets; "" means all addresses (listening) */
	enum service service;
	enum transport transport;
	uint16_t port; /* default filled in; 0 only where written */
	bool is_srv;   /* srv://_service._proto.name: `host` is that name, port 0 */
};

/* What a command makes of a target. */
struct uri_defaults {
	enum service service;     /* of a bare HOST, and what tcp:// and udp:// mean */
	bool has_bare_transports; /* tcp:// and udp:// are allowed (traffic), or get a hint (serve)
				   */
	bool is_listening;        /* empty host and port 0 are allowed */
};

/* -EINVAL with the sentence; a misspelt scheme gets a "did you mean", a scheme of a later
 * command or one that the command can't use says what it can. */
nodiscard int uri_parse(const char *text, const struct uri_defaults *defaults, struct error *error,
			struct uri *ret);
