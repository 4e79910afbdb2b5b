/* See uri.h. A target is cut into scheme, host, port and rest first; then each piece is read. */
#include "base/uri.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/closest.h"

/* The pieces of a target, pointing into it. Absent is { NULL, 0 }. */
struct piece {
	const char *text;
	size_t length;
};
struct pieces {
	struct piece scheme;
	struct piece place; /* all behind "://" */
	struct piece host;  /* without brackets */
	struct piece port;
	struct piece rest; /* path and query */
	bool has_brackets;
};

/* Of a target that is served here where no other was named. */
#define OWN_HOST "127.0.0.1"

/* For "%.*s". */
#define PIECE(piece) (int)(piece).length, (piece).text

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

static enum transport transport_find(struct piece name)
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

/* The host at the start of `text`; returns what follows it, NULL with the sentence if it is broken.
 */
static const char *cut_host(const char *text, const char *end, struct error *error,
			    struct pieces *pieces)
{
	const char *first = *text == '[' ? text + 1 : text;
	const char *last = memchr(first, *text == '[' ? ']' : ':', (size_t)(end - first));
	if (*text != '[') {
		last = last ? last : end;
		pieces->host = (struct piece){ text, (size_t)(last - text) };
		return last;
	}
	if (!last) {
		(void)error_set(error, EINVAL, "\"%s\" lacks a ]", text);
		return NULL;
	}
	pieces->has_brackets = true;
	pieces->host = (struct piece){ first, (size_t)(last - first) };
	last++;
	if (last < end && *last != ':') {
		(void)error_set(error, EINVAL, "\"%s\" has more than a port behind the ]", text);
		return NULL;
	}
	return last;
}

/* Cuts host and port apart; 0 or -EINVAL. */
static int cut_place(const char *text, struct error *error, struct pieces *pieces)
{
	const char *end = text + strcspn(text, "/?#");
	if (memchr(text, '@', (size_t)(end - text))) /* not echoed: it may hold a password */
		return error_set(error, EINVAL,
				 "a target holds no user and no password: leave out all before the "
				 "@ (over HTTP, -H 'Authorization: ...' tells them)");
	const char *colon = cut_host(text, end, error, pieces);
	if (!colon)
		return -EINVAL;

	pieces->place = (struct piece){ text, strlen(text) };
	pieces->rest = (struct piece){ end, strlen(end) };
	if (colon < end)
		pieces->port = (struct piece){ colon + 1, (size_t)(end - colon - 1) };
	if (pieces->port.text && memchr(pieces->port.text, ':', pieces->port.length))
		return error_set(
			error, EINVAL,
			"\"%.*s\": an IPv6 address stands in brackets, as in [2001:db8::1]",
			(int)(end - text), text);
	return 0;
}

static int cut(const char *text, struct error *error, struct pieces *ret)
{
	*ret = (struct pieces){ .host.text = "", .rest.text = "" };
	if (strlen(text) >= URI_TEXT_MAX - 32) /* the complete text may add a scheme and a port */
		return error_set(error, EINVAL, "a target has %d characters at most, this has %zu",
				 URI_TEXT_MAX - 33, strlen(text));
	const char *place = strstr(text, "://");
	if (!place)
		return cut_place(text, error, ret);
	ret->scheme = (struct piece){ text, (size_t)(place - text) };
	return cut_place(place + 3, error, ret);
}

/* "tcp:// is how, not what: traffic://:5003, echo://:5003 or discard://:5003?" */
static int how_not_what(const struct pieces *pieces, enum transport transport, struct error *error)
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

static int unknown_scheme(struct piece name, struct error *error)
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

/* A service that the command can use over the transport that was asked for. */
static int check_service(const struct uri_defaults *defaults, struct error *error,
			 const struct uri *uri)
{
	if (!can_go_over(defaults, uri->transport))
		return error_set(error, EINVAL, "over %s this command does nothing yet",
				 transport_name(uri->transport));
	if (uri->service == SERVICE_NONE)
		return 0;
	if (!is_usable(defaults, uri->service))
		return useless(defaults, uri->service, error);
	const char *name = service_name(uri->service);
	if (uri->transport == TRANSPORT_UDP && !service_runs_over_udp(uri->service))
		return error_set(error, EINVAL, "%s does not run over udp: %s://", name, name);
	return 0;
}

/* "https": TLS is in the name. */
static int read_tls_service(struct piece scheme, struct error *error, struct uri *ret)
{
	ret->service = service_find_tls(scheme.text, scheme.length);
	if (ret->service == SERVICE_COUNT)
		return unknown_scheme(scheme, error);
	ret->has_transport = true;
	ret->transport = TRANSPORT_TLS;
	return 0;
}

/* "traffic", "echo+udp", "https": one of our services, its transport behind the plus. */
static int read_service(struct piece scheme, struct error *error, struct uri *ret)
{
	const char *plus = memchr(scheme.text, '+', scheme.length);
	struct piece name = scheme;
	if (plus)
		name.length = (size_t)(plus - scheme.text);
	ret->service = service_find(name.text, name.length);
	if (plus && service_find_tls(name.text, name.length) < SERVICE_COUNT)
		return error_set(error, EINVAL, "\"%.*s\": %.*s is over TLS and nothing else",
				 PIECE(scheme), PIECE(name));
	if (ret->service == SERVICE_COUNT)
		return plus ? unknown_scheme(name, error) : read_tls_service(scheme, error, ret);
	if (!plus)
		return 0;

	struct piece suffix = { plus + 1, scheme.length - name.length - 1 };
	ret->has_transport = true;
	ret->transport = transport_find(suffix);
	if (ret->transport == TRANSPORT_COUNT)
		return error_set(error, EINVAL, "\"%.*s\": a service runs over +tcp, +udp or +tls",
				 PIECE(scheme));
	return 0;
}

static int read_bare_transport(const struct pieces *pieces, enum transport transport,
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

static int read_scheme(const struct pieces *pieces, const struct uri_defaults *defaults,
		       struct error *error, struct uri *ret)
{
	ret->service = defaults->service;
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

/* In brackets: an IPv6 address with an interface behind "%", if any. */
static bool is_ipv6(const char *host)
{
	char address[INET6_ADDRSTRLEN] = "";
	size_t length = strcspn(host, "%");
	if (length >= sizeof(address) || strcmp(host + length, "%") == 0)
		return false;
	memcpy(address, host, length);
	struct in6_addr binary;
	return inet_pton(AF_INET6, address, &binary) == 1;
}

static bool is_name(const char *host)
{
	const char *byte = host;
	while (isalnum((unsigned char)*byte) || (*byte && strchr("-._", *byte)))
		byte++;
	return *byte == '\0';
}

/* Digits and dots can't be a name, so they have to be an address. */
static bool is_broken_ipv4(const char *host)
{
	struct in_addr binary;
	return *host && host[strspn(host, "0123456789.")] == '\0' &&
	       inet_pton(AF_INET, host, &binary) != 1;
}

static int read_host(const struct pieces *pieces, const struct uri_defaults *defaults,
		     struct error *error, struct uri *ret)
{
	if (pieces->host.length >= sizeof(ret->host))
		return error_set(error, EINVAL,
				 "a host name has %d characters at most, this has %zu",
				 URI_HOST_MAX - 1, pieces->host.length);
	memcpy(ret->host, pieces->host.text, pieces->host.length);
	if (pieces->host.length == 0 && defaults->is_own)
		memcpy(ret->host, OWN_HOST, sizeof(OWN_HOST));

	if (pieces->has_brackets && !is_ipv6(ret->host))
		return error_set(error, EINVAL, "\"[%s]\" is not an IPv6 address", ret->host);
	if (!pieces->has_brackets && is_broken_ipv4(ret->host))
		return error_set(error, EINVAL, "\"%s\" is not an IPv4 address", ret->host);
	if (!pieces->has_brackets && !is_name(ret->host))
		return error_set(error, EINVAL, "\"%s\" is not a host name", ret->host);
	if (ret->host[0] == '\0' && !defaults->is_listening)
		return error_set(error, EINVAL, "\"%s\" names no host", ret->text);
	return 0;
}

static uint16_t default_port(const struct uri *uri)
{
	if (uri->service == SERVICE_NONE)
		return 0;
	return uri->transport == TRANSPORT_TLS ? service_tls_port(uri->service)
					       : service_port(uri->service);
}

static int read_port(const struct pieces *pieces, const struct uri_defaults *defaults,
		     struct error *error, struct uri *ret)
{
	ret->port = defaults->is_own ? 0 : default_port(ret);
	if (!pieces->port.text && ret->service == SERVICE_NONE)
		return error_set(error, EINVAL,
				 "%.*s://%.*s names no port, and bytes as given have none of their "
				 "own: %.*s://%.*s:PORT",
				 PIECE(pieces->scheme), PIECE(pieces->host), PIECE(pieces->scheme),
				 PIECE(pieces->host));
	if (!pieces->port.text)
		return 0;
	unsigned port = 0;
	size_t i = 0;
	while (i < pieces->port.length && isdigit((unsigned char)pieces->port.text[i]) &&
	       port <= UINT16_MAX)
		port = 10 * port + (unsigned)(pieces->port.text[i++] - '0');
	unsigned lowest = defaults->is_listening || defaults->is_own ? 0 : 1;
	if (i == 0 || i < pieces->port.length || port < lowest || port > UINT16_MAX)
		return error_set(error, EINVAL, "port \"%.*s\" is not a number from %u to %u",
				 PIECE(pieces->port), lowest, UINT16_MAX);
	ret->port = (uint16_t)port;
	return 0;
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
static int read_srv(const struct pieces *pieces, const struct uri_defaults *defaults,
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
	struct piece proto = { dot ? dot + 2 : "", dot ? strcspn(dot + 1, ".") : 0 };
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

/* Goes into the first line of a request as it is, so nothing may end that line or its words. */
static int check_path(const char *path, struct error *error)
{
	size_t length = strlen(path) + (*path != '/');
	if (length >= URI_PATH_MAX)
		return error_set(error, EINVAL,
				 "path and query have %d characters at most, these have %zu",
				 URI_PATH_MAX - 1, length);
	for (const char *byte = path; *byte; byte++) {
		if (*byte == '#')
			return error_set(error, EINVAL,
					 "\"%s\" is for browsers and is never sent: leave it out",
					 byte);
		if ((unsigned char)*byte <= ' ' || (unsigned char)*byte >= 0x7f)
			return error_set(error, EINVAL,
					 "the path has a byte that no request line takes (%zu "
					 "characters in): write %%%02X",
					 (size_t)(byte - path), (unsigned char)*byte);
	}
	return 0;
}

/* Path and query: of http and ws as typed; nothing else has any. */
static int read_path(const struct pieces *pieces, const struct uri_defaults *defaults,
		     struct error *error, struct uri *ret)
{
	const char *rest = pieces->rest.text;
	bool has_path = ret->service != SERVICE_NONE && service_has_path(ret->service) &&
			!defaults->is_listening;
	if (has_path) {
		int code = check_path(rest, error);
		if (code >= 0)
			(void)snprintf(ret->path, sizeof(ret->path), "%s%s",
				       *rest == '/' ? "" : "/", rest);
		return code;
	}
	if (*rest == '\0' || strcmp(rest, "/") == 0)
		return 0;
	return error_set(error, EINVAL, "%s takes no %s: leave out %s",
			 ret->service == SERVICE_NONE ? transport_name(ret->transport)
						      : service_name(ret->service),
			 *rest == '/' ? "path" : "options", rest);
}

/* The target as it is used: the scheme as given, the port always, a path if one was given. A bare
 * host shows its transport where that is a scheme. */
static void complete_text(const struct pieces *pieces, const struct uri_defaults *defaults,
			  struct uri *uri)
{
	char scheme[32];
	const char *bare = defaults->bare_transports == URI_TRANSPORTS_SERVICE
				   ? transport_name(uri->transport)
				   : service_name(defaults->service);
	char port[8] = "";
	if (pieces->scheme.text)
		(void)snprintf(scheme, sizeof(scheme), "%.*s", PIECE(pieces->scheme));
	else
		(void)snprintf(scheme, sizeof(scheme), "%s", bare);
	for (char *letter = scheme; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	if (!uri->is_srv && !(defaults->is_own && uri->port == 0))
		(void)snprintf(port, sizeof(port), ":%u", uri->port);

	(void)snprintf(uri->text, sizeof(uri->text), "%s://%s%s%s%s%s", scheme,
		       pieces->has_brackets ? "[" : "", uri->host, pieces->has_brackets ? "]" : "",
		       port, *pieces->rest.text ? uri->path : "");
}

int uri_parse(const char *text, const struct uri_defaults *defaults, struct error *error,
	      struct uri *ret)
{
	struct pieces pieces;
	*ret = (struct uri){ 0 };
	int code = cut(text, error, &pieces);
	if (code < 0)
		return code;
	memcpy(ret->text, text, strlen(text));
	if ((code = read_scheme(&pieces, defaults, error, ret)) < 0 ||
	    (code = read_host(&pieces, defaults, error, ret)) < 0 ||
	    (code = ret->is_srv ? read_srv(&pieces, defaults, error, ret)
				: read_port(&pieces, defaults, error, ret)) < 0 ||
	    (code = read_path(&pieces, defaults, error, ret)) < 0)
		return code;
	complete_text(&pieces, defaults, ret);
	return 0;
}
