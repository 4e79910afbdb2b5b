/* Where a redirect leads (RFC 9110 10.2.2, 15.4): a reference becomes a target, and the method what
 * browsers make of it. Dots in a relative path go to the server as they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "probe/stream_prober.h"

static bool has_scheme(const char *reference)
{
	size_t size = strcspn(reference, ":/?");
	return reference[size] == ':';
}

/* So much of the target's text: "https://host:443". */
static size_t origin_size(const char *text)
{
	const char *place = strstr(text, "://") + strlen("://");
	return (size_t)(place - text) + strcspn(place, "/?");
}

/* So much of a path: its last slash included. */
static size_t folder_size(const char *path)
{
	size_t size = strcspn(path, "?");
	while (size > 0 && path[size - 1] != '/')
		size--;
	return size;
}

/* RFC 3986 5.2.2, without what is for browsers behind "#". */
static bool write_target(const struct uri *from, const char *reference, char ret[URI_TEXT_MAX])
{
	int size = (int)strcspn(reference, "#");
	int origin = (int)origin_size(from->text);
	int used;
	/* Over h2c it stays so: http:// in an answer says no more than that there is no TLS. */
	if (from->service == SERVICE_H2C && strncasecmp(reference, "http://", 7) == 0)
		used = snprintf(ret, URI_TEXT_MAX, "h2c%.*s", size - 4, reference + 4);
	else if (has_scheme(reference))
		used = snprintf(ret, URI_TEXT_MAX, "%.*s", size, reference);
	else if (strncmp(reference, "//", 2) == 0)
		used = snprintf(ret, URI_TEXT_MAX, "%.*s:%.*s", (int)strcspn(from->text, ":"),
				from->text, size, reference);
	else if (*reference == '/')
		used = snprintf(ret, URI_TEXT_MAX, "%.*s%.*s", origin, from->text, size, reference);
	else if (*reference == '?')
		used = snprintf(ret, URI_TEXT_MAX, "%.*s%.*s%.*s", origin, from->text,
				(int)strcspn(from->path, "?"), from->path, size, reference);
	else
		used = snprintf(ret, URI_TEXT_MAX, "%.*s%.*s%.*s", origin, from->text,
				(int)folder_size(from->path), from->path, size, reference);
	return used < URI_TEXT_MAX;
}

static int parse(const struct uri *from, const char *reference, struct error *error,
		 struct uri *ret)
{
	static const struct uri_defaults defaults = {
		.service = SERVICE_HTTP,
		.services = 1U << SERVICE_HTTP | 1U << SERVICE_H2C,
		.bare_transports = URI_TRANSPORTS_REFUSED,
	};
	char text[URI_TEXT_MAX];
	if (!write_target(from, reference, text))
		return error_set(error, EINVAL, "more than %d bytes", URI_TEXT_MAX - 1);
	return uri_parse(text, &defaults, error, ret);
}

/* RFC 9110 15.4.2 to 15.4.4: what answers a POST elsewhere is asked for with GET. */
static const char *method_behind(uint32_t status, const char *method)
{
	bool is_post = strcmp(method, "POST") == 0;
	bool is_head = strcmp(method, "HEAD") == 0;
	if (status == 303 && !is_head)
		return "GET";
	return (status == 301 || status == 302) && is_post ? "GET" : method;
}

int stream_redirect_take(struct stream_call *call, struct error *error)
{
	const struct probe_result *result = &call->probe->result;
	const struct probe_target *target = call->owner->prober->target;
	struct stream_detour *detour = call->detour ? call->detour : malloc(sizeof(*detour));
	struct uri uri = { .text = "" };
	if (!detour)
		return error_set(error, ENOMEM, "out of memory");
	call->detour = detour;
	if (result->redirects >= PROBE_REDIRECTS_MAX)
		return error_set(error, ELOOP, "more than %d redirects", PROBE_REDIRECTS_MAX);
	int code = parse(call->request.uri, result->location, error, &uri);
	if (code < 0) {
		error_prefix(error, "redirects to what is no target");
		return code;
	}
	if (uri.transport == TRANSPORT_TLS && !target->tls)
		return error_set(error, EPROTONOSUPPORT,
				 "redirects to TLS, which was not asked for");
	detour->uri = uri;
	(void)uri_authority(&uri, detour->authority);
	const char *method = method_behind(result->status, call->request.method);
	if (strcmp(method, call->request.method) != 0) {
		call->request.body = NULL;
		call->request.body_size = 0;
	}
	call->request.method = method;
	call->request.uri = &detour->uri;
	call->request.authority = detour->authority;
	return 0;
}
