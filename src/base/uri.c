/* See uri.h. A target is cut into scheme, host, port and rest first; then each piece is read, the
 * scheme in uri_scheme.c. */
#include "base/uri.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/uri_parts.h"

/* Of a target that is served here where no other was named. */
#define OWN_HOST "127.0.0.1"

/* The host at the start of `text`; returns what follows it, NULL with the sentence if it is broken.
 */
static const char *cut_host(const char *text, const char *end, struct error *error,
			    struct uri_pieces *pieces)
{
	const char *first = *text == '[' ? text + 1 : text;
	const char *last = memchr(first, *text == '[' ? ']' : ':', (size_t)(end - first));
	if (*text != '[') {
		last = last ? last : end;
		pieces->host = (struct uri_piece){ text, (size_t)(last - text) };
		return last;
	}
	if (!last) {
		(void)error_set(error, EINVAL, "\"%s\" lacks a ]", text);
		return NULL;
	}
	pieces->has_brackets = true;
	pieces->host = (struct uri_piece){ first, (size_t)(last - first) };
	last++;
	if (last < end && *last != ':') {
		(void)error_set(error, EINVAL, "\"%s\" has more than a port behind the ]", text);
		return NULL;
	}
	return last;
}

/* Cuts host and port apart; 0 or -EINVAL. */
static int cut_place(const char *text, struct error *error, struct uri_pieces *pieces)
{
	const char *end = text + strcspn(text, "/?#");
	if (memchr(text, '@', (size_t)(end - text))) /* not echoed: it may hold a password */
		return error_set(error, EINVAL,
				 "a target holds no user and no password: leave out all before the "
				 "@ (over HTTP, -H 'Authorization: ...' tells them)");
	const char *colon = cut_host(text, end, error, pieces);
	if (!colon)
		return -EINVAL;

	pieces->place = (struct uri_piece){ text, strlen(text) };
	pieces->rest = (struct uri_piece){ end, strlen(end) };
	if (colon < end)
		pieces->port = (struct uri_piece){ colon + 1, (size_t)(end - colon - 1) };
	if (pieces->port.text && memchr(pieces->port.text, ':', pieces->port.length))
		return error_set(
			error, EINVAL,
			"\"%.*s\": an IPv6 address stands in brackets, as in [2001:db8::1]",
			(int)(end - text), text);
	return 0;
}

static int cut(const char *text, struct error *error, struct uri_pieces *ret)
{
	*ret = (struct uri_pieces){ .host.text = "", .rest.text = "" };
	if (strlen(text) >= URI_TEXT_MAX - 32) /* the complete text may add a scheme and a port */
		return error_set(error, EINVAL, "a target has %d characters at most, this has %zu",
				 URI_TEXT_MAX - 33, strlen(text));
	const char *place = strstr(text, "://");
	if (!place)
		return cut_place(text, error, ret);
	ret->scheme = (struct uri_piece){ text, (size_t)(place - text) };
	return cut_place(place + 3, error, ret);
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

static int read_host(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
		     struct error *error, struct uri *ret)
{
	if (pieces->host.length >= sizeof(ret->host))
		return error_set(error, EINVAL,
				 "a host name has %d characters at most, this has %zu",
				 URI_HOST_MAX - 1, pieces->host.length);
	memcpy(ret->host, pieces->host.text, pieces->host.length);

	if (pieces->has_brackets && !is_ipv6(ret->host))
		return error_set(error, EINVAL, "\"[%s]\" is not an IPv6 address", ret->host);
	if (!pieces->has_brackets && is_broken_ipv4(ret->host))
		return error_set(error, EINVAL, "\"%s\" is not an IPv4 address", ret->host);
	if (!pieces->has_brackets && !is_name(ret->host))
		return error_set(error, EINVAL, "\"%s\" is not a host name", ret->host);
	if (ret->host[0] == '\0' && defaults->is_own)
		memcpy(ret->host, OWN_HOST, sizeof(OWN_HOST));
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

static bool has_ports(const struct uri *uri)
{
	return uri->service == SERVICE_NONE || service_over(uri->service) != SERVICE_OVER_IP;
}

static int read_port(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
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
	if (!has_ports(ret))
		return error_set(
			error, EINVAL,
			"%s has no ports: leave out :%.*s, or say what speaks there, as in "
			"tcp://%.*s",
			service_name(ret->service), PIECE(pieces->port), PIECE(pieces->place));
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
static int read_path(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
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
static void complete_text(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
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
	if (!uri->is_srv && has_ports(uri) && !(defaults->is_own && uri->port == 0))
		(void)snprintf(port, sizeof(port), ":%u", uri->port);

	(void)snprintf(uri->text, sizeof(uri->text), "%s://%s%s%s%s%s", scheme,
		       pieces->has_brackets ? "[" : "", uri->host, pieces->has_brackets ? "]" : "",
		       port, *pieces->rest.text ? uri->path : "");
}

int uri_parse(const char *text, const struct uri_defaults *defaults, struct error *error,
	      struct uri *ret)
{
	struct uri_pieces pieces;
	*ret = (struct uri){ 0 };
	int code = cut(text, error, &pieces);
	if (code < 0)
		return code;
	memcpy(ret->text, text, strlen(text));
	if ((code = uri_read_scheme(&pieces, defaults, error, ret)) < 0 ||
	    (code = read_host(&pieces, defaults, error, ret)) < 0 ||
	    (code = ret->is_srv ? uri_read_srv(&pieces, defaults, error, ret)
				: read_port(&pieces, defaults, error, ret)) < 0 ||
	    (code = read_path(&pieces, defaults, error, ret)) < 0)
		return code;
	complete_text(&pieces, defaults, ret);
	return 0;
}
