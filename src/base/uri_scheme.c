/* What a scheme, or the name of a service in srv://, says: what is spoken and over what. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/closest.h"
#include "base/uri_parts.h"

static const char *const transport_names[TRANSPORT_COUNT] = {
	[TRANSPORT_TCP] = "tcp",
	[TRANSPORT_UDP] = "udp",
	[TRANSPORT_TLS] = "tls",
};

const char *transport_name(enum transport transport)
{
	assert((unsigned)transport < TRANSPORT_COUNT);
	return transport_names[transport];
}

static enum transport transport_find(struct uri_piece name)
{
	unsigned transport = 0;
	while (transport < TRANSPORT_COUNT &&
	       (strlen(transport_names[transport]) != name.length ||
		strncasecmp(transport_names[transport], name.text, name.length) != 0))
		transport++;
	return (enum transport)transport;
}

static bool is_usable(const struct uri_defaults *defaults, enum service service)
{
	return defaults->services == 0 || (defaults->services & 1u << service);
}

static bool can_go_over(const struct uri_defaults *defaults, enum transport transport)
{
	return defaults->transports == 0 || (defaults->transports & 1u << transport);
}

/* "tcp:// is how, not what: traffic://:5003, echo://:5003 or discard://:5003?" */
static int how_not_what(const struct uri_pieces *pieces, enum transport transport,
			struct error *error)
{
	static const enum service named[] = { SERVICE_TRAFFIC, SERVICE_ECHO, SERVICE_DISCARD };
	static const char *const separators[] = { "", ", ", " or " };
	char choices[URI_TEXT_MAX] = "";
	size_t used = 0;
	for (size_t i = 0; i < array_size(named) && used < sizeof(choices); i++)
		used += (size_t)snprintf(
			choices + used, sizeof(choices) - used, "%s%s%s%s://%.*s", separators[i],
			service_name(named[i]), transport == TRANSPORT_TCP ? "" : "+",
			transport == TRANSPORT_TCP ? "" : transport_name(transport),
			PIECE(pieces->place));
	return error_set(error, EINVAL, "%.*s:// is how, not what: %s?", PIECE(pieces->scheme),
			 choices);
}

#define SCHEMES_MAX (2 * SERVICE_COUNT + TRANSPORT_COUNT + 1)

static size_t list_schemes(const char *words[SCHEMES_MAX])
{
	size_t count = 0;
	for (unsigned i = 0; i < SERVICE_COUNT; i++) {
		words[count++] = service_name((enum service)i);
		if (service_tls_name((enum service)i))
			words[count++] = service_tls_name((enum service)i);
	}
	for (unsigned i = 0; i < TRANSPORT_COUNT; i++)
		words[count++] = transport_names[i];
	words[count++] = "srv";
	return count;
}

static int unknown_scheme(struct uri_piece name, struct error *error)
{
	const char *words[SCHEMES_MAX];
	size_t count = list_schemes(words);
	char word[32] = "";
	if (name.length < sizeof(word))
		memcpy(word, name.text, name.length);
	const char *closest = closest_word(word, words, count);
	if (closest)
		return error_set(error, EINVAL, "\"%.*s\" is not a scheme; did you mean %s://?",
				 PIECE(name), closest);

	char known[192] = "";
	size_t used = 0;
	for (size_t i = 0; i < count && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 i > 0 ? ", " : "", words[i]);
	return error_set(error, EINVAL, "\"%.*s\" is not a scheme that conntest knows (%s)",
			 PIECE(name), known);
}

/* "discard:// is of no use here; traffic://, echo:// is" */
static int useless(const struct uri_defaults *defaults, enum service service, struct error *error)
{
	char usable[192] = "";
	size_t used = 0;
	for (unsigned i = 0; i < SERVICE_COUNT && used < sizeof(usable); i++) {
		if (is_usable(defaults, (enum service)i))
			used += (size_t)snprintf(usable + used, sizeof(usable) - used, "%s%s://",
						 used > 0 ? ", " : "",
						 service_name((enum service)i));
	}
	return error_set(error, EINVAL, "%s:// is of no use here; %s is", service_name(service),
			 usable);
}

static bool runs_over_its_transport(const struct uri *uri)
{
	return uri->transport == TRANSPORT_UDP ? service_runs_over_udp(uri->service)
					       : service_runs_over_tcp(uri->service);
}

/* A service that the command can use over the transport that was asked for. */
static int check_service(const struct uri_defaults *defaults, struct error *error,
			 const struct uri *uri)
{
	bool is_useless = uri->service != SERVICE_NONE && !is_usable(defaults, uri->service);
	if (is_useless && !uri->has_transport)
		return useless(defaults, uri->service, error);
	if (!can_go_over(defaults, uri->transport))
		return error_set(error, EINVAL, "over %s this command does nothing yet",
				 transport_name(uri->transport));
	if (is_useless)
		return useless(defaults, uri->service, error);
	if (uri->service == SERVICE_NONE || !uri->has_transport || runs_over_its_transport(uri))
		return 0;
	const char *name = service_name(uri->service);
	return error_set(error, EINVAL, "%s does not run over %s: %s://", name,
			 transport_name(uri->transport), name);
}

/* "https": TLS is in the name. */
static int read_tls_service(struct uri_piece scheme, struct error *error, struct uri *ret)
{
	ret->service = service_find_tls(scheme.text, scheme.length);
	if (ret->service == SERVICE_COUNT)
		return unknown_scheme(scheme, error);
	ret->has_transport = true;
	ret->transport = TRANSPORT_TLS;
	return 0;
}

static enum transport default_transport(enum service service)
{
	enum service_over over = service_over(service);
	bool is_tcp = over == SERVICE_OVER_TCP || over == SERVICE_OVER_TCP_UDP;
	return is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP;
}

/* "traffic", "echo+udp", "https": one of our services, its transport behind the plus. */
static int read_service(struct uri_piece scheme, struct error *error, struct uri *ret)
{
	const char *plus = memchr(scheme.text, '+', scheme.length);
	struct uri_piece name = scheme;
	if (plus)
		name.length = (size_t)(plus - scheme.text);
	ret->service = service_find(name.text, name.length);
	if (plus && service_find_tls(name.text, name.length) < SERVICE_COUNT)
		return error_set(error, EINVAL, "\"%.*s\": %.*s is over TLS and nothing else",
				 PIECE(scheme), PIECE(name));
	if (ret->service == SERVICE_COUNT)
		return plus ? unknown_scheme(name, error) : read_tls_service(scheme, error, ret);
	if (!plus) {
		ret->transport = default_transport(ret->service);
		return 0;
	}

	struct uri_piece suffix = { plus + 1, scheme.length - name.length - 1 };
	ret->has_transport = true;
	ret->transport = transport_find(suffix);
	if (ret->transport == TRANSPORT_COUNT)
		return error_set(error, EINVAL, "\"%.*s\": a service runs over +tcp, +udp or +tls",
				 PIECE(scheme));
	return 0;
}

static int read_bare_transport(const struct uri_pieces *pieces, enum transport transport,
			       const struct uri_defaults *defaults, struct error *error,
			       struct uri *ret)
{
	if (defaults->bare_transports == URI_TRANSPORTS_REFUSED)
		return how_not_what(pieces, transport, error);
	if (defaults->bare_transports == URI_TRANSPORTS_RAW)
		ret->service = SERVICE_NONE;
	ret->transport = transport;
	ret->has_transport = true;
	return 0;
}

int uri_read_scheme(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
		    struct error *error, struct uri *ret)
{
	ret->service = defaults->service;
	if (ret->service != SERVICE_NONE)
		ret->transport = default_transport(ret->service);
	if (!pieces->scheme.text)
		return 0;
	if (pieces->scheme.length == 3 && strncasecmp(pieces->scheme.text, "srv", 3) == 0) {
		ret->is_srv = true;
		ret->has_transport = true;
		return 0;
	}
	enum transport transport = transport_find(pieces->scheme);
	int code = transport < TRANSPORT_COUNT
			   ? read_bare_transport(pieces, transport, defaults, error, ret)
			   : read_service(pieces->scheme, error, ret);
	return code < 0 ? code : check_service(defaults, error, ret);
}

/* What "_https._tcp" asks for; a service that is none of ours is as good as a bare transport. */
static void read_srv_service(const char *name, size_t length, const struct uri_defaults *defaults,
			     struct uri *ret)
{
	enum service plain = service_find(name, length);
	enum service over_tls = service_find_tls(name, length);
	if (plain < SERVICE_COUNT) {
		ret->service = plain;
	} else if (over_tls < SERVICE_COUNT) {
		ret->service = over_tls;
		ret->transport = TRANSPORT_TLS;
	} else if (defaults->bare_transports == URI_TRANSPORTS_RAW) {
		ret->service = SERVICE_NONE;
	}
}

/* srv://_traffic._tcp.web.example: service and transport are in the name. */
int uri_read_srv(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
		 struct error *error, struct uri *ret)
{
	if (defaults->is_listening || defaults->is_own)
		return error_set(error, EINVAL,
				 "srv:// is something to connect to, not to listen on");
	if (pieces->port.text)
		return error_set(error, EINVAL, "srv:// gets its ports from DNS: leave out :%.*s",
				 PIECE(pieces->port));
	ret->port = 0;

	const char *dot = strchr(ret->host, '.');
	struct uri_piece proto = { dot ? dot + 2 : "", dot ? strcspn(dot + 1, ".") : 0 };
	proto.length -= proto.length > 0;
	ret->transport = transport_find(proto);
	bool is_complete = dot && ret->host[0] == '_' && dot[1] == '_' && strchr(dot + 1, '.') &&
			   ret->transport < TRANSPORT_COUNT;
	if (!is_complete)
		return error_set(error, EINVAL,
				 "\"%s\" is not a service's name like _traffic._tcp.web.example",
				 ret->host);
	read_srv_service(ret->host + 1, (size_t)(dot - ret->host) - 1, defaults, ret);
	return check_service(defaults, error, ret);
}

const char *uri_peer(const struct uri *uri)
{
	if (!uri->is_srv)
		return uri->host;
	/* uri_read_srv() has seen both dots. */
	return strchr(strchr(uri->host, '.') + 1, '.') + 1;
}

const char *uri_authority(const struct uri *uri, char text[URI_AUTHORITY_MAX])
{
	const char *host = uri_peer(uri);
	bool is_tls = uri->transport == TRANSPORT_TLS;
	bool is_ipv6 = strchr(host, ':') != NULL;
	uint16_t usual = 0;
	char port[8] = "";

	if (uri->service != SERVICE_NONE)
		usual = is_tls ? service_tls_port(uri->service) : service_port(uri->service);
	if (!uri->is_srv && uri->port != usual)
		(void)snprintf(port, sizeof(port), ":%u", uri->port);
	/* A zone means something to this host alone (RFC 6874, 1). */
	(void)snprintf(text, URI_AUTHORITY_MAX, "%s%.*s%s%s", is_ipv6 ? "[" : "",
		       (int)strcspn(host, "%"), host, is_ipv6 ? "]" : "", port);
	return text;
}
