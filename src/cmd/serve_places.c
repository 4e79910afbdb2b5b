#include "cmd/serve_places.h"

#include <errno.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/uri.h"

/* What it answers so far, and over what. */
static const struct uri_defaults served = {
	.service = SERVICE_TRAFFIC,
	.services = 1u << SERVICE_TRAFFIC | 1u << SERVICE_ECHO | 1u << SERVICE_DISCARD |
		    1u << SERVICE_SOURCE | 1u << SERVICE_HTTP | 1u << SERVICE_H2C |
		    1u << SERVICE_GRPC | 1u << SERVICE_WS | 1u << SERVICE_STAMP |
		    1u << SERVICE_CONTROL | 1u << SERVICE_ACK,
	.transports = 1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP | 1u << TRANSPORT_TLS,
	.is_listening = true,
};

void serve_places_offer(const struct option_offer *offer)
{
	char text[32];
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		const char *tls = service_tls_name(i);
		if (!(served.services & 1u << i))
			continue;
		(void)snprintf(text, sizeof(text), "%s://", service_name(i));
		offer->word(offer->context, text, service_sentence(i));
		(void)snprintf(text, sizeof(text), "%s+udp://", service_name(i));
		if (service_over(i) == SERVICE_OVER_TCP_UDP)
			offer->word(offer->context, text, service_sentence(i));
		(void)snprintf(text, sizeof(text), "%s%s://", tls ? tls : service_name(i),
			       tls ? "" : "+tls");
		if (service_runs_over_tcp(i))
			offer->word(offer->context, text, service_sentence(i));
	}
}

static int read_place(const char *text, struct error *error, struct plan_listen *ret)
{
	struct uri uri;
	int rc = uri_parse(text, &served, error, &uri);
	if (rc < 0)
		return rc;
	*ret = (struct plan_listen){ .service = uri.service, .transport = uri.transport };
	if (uri.host[0] != '\0' && endpoint_parse(uri.host, uri.port, &ret->local) < 0)
		return error_set(error, EINVAL,
				 "\"%s\" is a name: give an address of this host, or none for all",
				 uri.host);
	ret->local.port = uri.port;
	return 0;
}

static bool is_udp(const struct plan_listen *place)
{
	return place->transport == TRANSPORT_UDP;
}

static bool is_same_place(const struct plan_listen *a, const struct plan_listen *b)
{
	return is_udp(a) == is_udp(b) && a->local.port != 0 &&
	       endpoint_is_equal(&a->local, &b->local);
}

static int add_place(struct plan_serve *serve, const char *text, struct error *error)
{
	struct plan_listen *place = &serve->listen[serve->listen_count];

	if (serve->listen_count == PLAN_LISTEN_MAX)
		return error_set(error, EINVAL, "%s: %d places at most", text, PLAN_LISTEN_MAX);
	int rc = read_place(text, error, place);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (is_same_place(place, &serve->listen[i]))
			return error_set(error, EINVAL, "%s: its port is another --listen's", text);
	}
	serve->listen_count++;
	return 0;
}

int serve_places_add(const char *const *texts, size_t count, struct plan_serve *serve,
		     struct error *error)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add_place(serve, texts[i], error);
	if (rc < 0)
		error_prefix(error, "--listen");
	return rc;
}
