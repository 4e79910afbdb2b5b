/* Which kind of prober looks at which scheme, and what it says there: the two tables. */
#include "probe/kinds.h"

#include <stddef.h>
#include <string.h>

#include "probe/probe.h"
#include "probe/talk.h"

/* ---- probers ---- */

/* SERVICE_NONE: the transport alone, tcp:// or tls://. */
struct kind_row {
	const struct prober_kind *kind;
	enum service service;
	enum transport transport;
};

/* clang-format off */
static const struct kind_row kinds[] = {
	{ &prober_stream, SERVICE_NONE, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_NONE, TRANSPORT_TLS },
	{ &prober_stream, SERVICE_HTTP, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_HTTP, TRANSPORT_TLS },
	{ &prober_udp_echo, SERVICE_NONE, TRANSPORT_UDP },
	{ &prober_udp_echo, SERVICE_ECHO, TRANSPORT_UDP },
	{ &prober_udp_echo, SERVICE_TRAFFIC, TRANSPORT_UDP },
	{ &prober_icmp, SERVICE_ICMP, TRANSPORT_UDP },
	{ &prober_stamp, SERVICE_STAMP, TRANSPORT_UDP },
	{ &prober_dns, SERVICE_DNS, TRANSPORT_UDP },
	{ &prober_stream, SERVICE_DNS, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_DNS, TRANSPORT_TLS },
	{ &prober_stream, SERVICE_H2C, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_H2C, TRANSPORT_TLS },
	{ &prober_stream, SERVICE_GRPC, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_GRPC, TRANSPORT_TLS },
	{ &prober_stream, SERVICE_WS, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_WS, TRANSPORT_TLS },
	{ &prober_stream, SERVICE_ECHO, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_ECHO, TRANSPORT_TLS },
	{ &prober_stream, SERVICE_TRAFFIC, TRANSPORT_TCP },
	{ &prober_stream, SERVICE_TRAFFIC, TRANSPORT_TLS },
};
/* clang-format on */

const struct prober_kind *prober_kind_of(const struct uri *uri)
{
	for (size_t i = 0; i < array_size(kinds); i++)
		if (kinds[i].service == uri->service && kinds[i].transport == uri->transport)
			return kinds[i].kind;
	return NULL;
}

/* ---- what is said over a stream ---- */

#define TALKS_MAX 2

struct talk_row {
	enum service service;
	const char *protocols; /* to offer by ALPN; NULL: nothing */
	/* The last one where ALPN agreed on nothing. */
	const struct talk_kind *talks[TALKS_MAX];
};

/* clang-format off */
static const struct talk_row talks[] = {
	{ SERVICE_HTTP, "h2,http/1.1", { &talk_h2, &talk_http1 } },
	{ SERVICE_H2C, "h2", { &talk_h2 } },
	{ SERVICE_GRPC, "h2", { &talk_h2 } },
	{ SERVICE_WS, "http/1.1", { &talk_ws } },
	{ SERVICE_ECHO, NULL, { &talk_echo } },
	{ SERVICE_TRAFFIC, NULL, { &talk_echo } },
	{ SERVICE_DNS, "dot", { &talk_dns } },
};
/* clang-format on */

static const struct talk_row *row_of(enum service service)
{
	for (size_t i = 0; i < array_size(talks); i++)
		if (talks[i].service == service)
			return &talks[i];
	return NULL;
}

const char *prober_protocols(const struct uri *uri)
{
	const struct talk_row *row = row_of(uri->service);
	return row && uri->transport == TRANSPORT_TLS ? row->protocols : NULL;
}

const struct talk_kind *talk_kind_of(enum service service, const char *protocol)
{
	const struct talk_row *row = row_of(service);
	const struct talk_kind *last = NULL;
	for (size_t i = 0; row && i < TALKS_MAX && row->talks[i]; i++) {
		last = row->talks[i];
		if (last->protocol && strcmp(last->protocol, protocol) == 0)
			return last;
	}
	return last;
}

size_t talk_size_max(enum service service)
{
	const struct talk_row *row = row_of(service);
	size_t size = 0;
	for (size_t i = 0; row && i < TALKS_MAX && row->talks[i]; i++)
		if (row->talks[i]->size > size)
			size = row->talks[i]->size;
	return size;
}
