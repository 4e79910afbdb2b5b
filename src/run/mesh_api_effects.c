/* What changes something: forms by GET, and what they do by POST. See mesh_api.h. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/attributes.h"
#include "base/form.h"
#include "base/xml.h"
#include "net/resolver.h"
#include "run/mesh_api_parts.h"
#include "view/mesh_peers.h"

#define HOST_MAX 256

/* ---- forms */

struct form_field {
	const char *name;
	const char *help;
};

static void write_fields(struct buffer *out, const struct form_field *fields, size_t count,
			 const char *query)
{
	char value[MESH_API_TARGET_MAX];

	for (size_t i = 0; i < count; i++) {
		(void)form_find(query, fields[i].name, value, sizeof(value));
		buffer_append_format(out, "<p><label>%s<br><input name=\"%s\" value=\"",
				     fields[i].help, fields[i].name);
		xml_append(out, value);
		buffer_append_text(out, "\"></label></p>\n");
	}
}

static void write_form(struct http_server_response *response, const char *title, const char *path,
		       const struct form_field *fields, size_t count, const char *query)
{
	struct buffer *out = &response->body;

	mesh_api_begin_html(response, title);
	buffer_append_format(out, "<form method=\"post\" action=\"%s\">\n", path);
	write_fields(out, fields, count, query);
	buffer_append_format(out,
			     "<p><label>Token<br><input name=\"token\" type=\"password\" "
			     "autocomplete=\"off\"></label></p>\n"
			     "<p><button>%s</button></p>\n</form>\n</body>\n</html>\n",
			     title);
}

void mesh_api_show_add(void *context, const struct http_server_request *request,
		       struct http_server_response *response)
{
	static const struct form_field fields[] = {
		{ "url", "A page to look at (http://HOST:PORT/v1/ping), a list of peers "
			 "(http://HOST:PORT/v1/peers), or HOST:PORT of a conntest" },
		{ "ip", "Its address, instead of what the name has (or nothing)" },
	};
	(void)context;
	write_form(response, "Add a peer", "/v1/addpeer", fields, array_size(fields),
		   request->query);
}

void mesh_api_show_quit(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	(void)context;
	write_form(response, "Stop this node", "/v1/quit", NULL, 0, request->query);
}

void mesh_api_show_mark(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	static const struct form_field fields[] = {
		{ "text", "What happens now, for the events" },
	};
	(void)context;
	write_form(response, "Mark this moment", "/v1/mark", fields, array_size(fields),
		   request->query);
}

/* ---- what may be named */

static bool is_allowed_address(const struct mesh_api_setup *setup, const struct endpoint *endpoint)
{
	for (uint32_t i = 0; i < setup->allowed_count; i++)
		if (subnet_has(&setup->allowed[i], endpoint))
			return true;
	return false;
}

static bool is_allowed_name(const struct mesh_api_setup *setup, const char *host)
{
	size_t length = strlen(host);

	for (uint32_t i = 0; i < setup->allowed_host_count; i++) {
		const char *allowed = setup->allowed_hosts[i];
		size_t end = strlen(allowed);
		if (strcasecmp(allowed, host) == 0 ||
		    (allowed[0] == '.' && length > end &&
		     strcasecmp(host + length - end, allowed) == 0))
			return true;
	}
	return false;
}

static bool is_allowed(const struct mesh_api_setup *setup, const char *host)
{
	struct endpoint endpoint;

	if (resolver_parse_numeric(host, 0, &endpoint) == 0)
		return is_allowed_address(setup, &endpoint);
	return is_allowed_name(setup, host);
}

/* ---- what is named */

/* "[SCHEME://]HOST[:PORT][/PATH...]", cut in three: what is before the host, the host without
 * brackets, and the rest. */
struct named {
	char scheme[16]; /* "http://"; "" */
	char host[HOST_MAX];
	const char *rest;
};

static bool has_only(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

static bool take_host(const char *text, struct named *ret)
{
	static const char names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	static const char digits[] = "0123456789abcdefABCDEF:.%";
	bool is_bracketed = text[0] == '[';
	const char *begin = text + is_bracketed;
	size_t size = strcspn(begin, is_bracketed ? "]" : ":/?#");

	if (size == 0 || size >= sizeof(ret->host) || (is_bracketed && begin[size] != ']'))
		return false;
	memcpy(ret->host, begin, size);
	ret->host[size] = '\0';
	ret->rest = begin + size + is_bracketed;
	return has_only(ret->host, is_bracketed ? digits : names);
}

static bool cut(const char *text, struct named *ret)
{
	static const char *const schemes[] = { "http://", "https://" };

	*ret = (struct named){ .rest = "" };
	for (size_t i = 0; i < array_size(schemes); i++)
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			(void)snprintf(ret->scheme, sizeof(ret->scheme), "%s", schemes[i]);
	if (ret->scheme[0] == '\0' && strstr(text, "://") != NULL)
		return false;
	if (!take_host(text + strlen(ret->scheme), ret))
		return false;
	/* Behind a bare host there is a port and nothing else. */
	if (ret->scheme[0] == '\0')
		return ret->rest[0] == ':' && ret->rest[1] != '\0' &&
		       has_only(ret->rest + 1, "0123456789");
	return strchr(":/?", ret->rest[0]) != NULL && strpbrk(ret->rest, " @") == NULL;
}

/* pingmesh takes a list's query for the wish to have its peers; it is no part of the place. */
static void join(const struct named *named, const char *host, char *ret, size_t size)
{
	bool is_six = strchr(host, ':') != NULL;

	(void)snprintf(ret, size, "%s%s%s%s%.*s", named->scheme, is_six ? "[" : "", host,
		       is_six ? "]" : "", (int)strcspn(named->rest, "?#"), named->rest);
}

/* ---- effects */

/* A field of the form, else of the query. */
static bool take(const struct http_server_request *request, const char *name, char *ret,
		 size_t size)
{
	const char *from = form_has(request->body, name) ? request->body : request->query;

	return !form_has(from, name) || form_find(from, name, ret, size);
}

static bool has(const struct http_server_request *request, const char *name)
{
	return form_has(request->body, name) || form_has(request->query, name);
}

static void write_unheeded(const struct http_server_request *request, struct buffer *out)
{
	static const char *const names[] = { "limit", "delay", "fails" };
	unsigned count = 0;

	for (size_t i = 0; i < array_size(names); i++)
		if (has(request, names[i]))
			buffer_append_format(out, "%s%s",
					     count++ ? ", " : "not heeded: ", names[i]);
	if (count > 0)
		buffer_append_text(out, " (all peers are probed on this node's schedule, and for "
					"want of answers nobody is deleted)\n");
}

/* Whom to add, as its owner reads it. False: the answer says why not. */
static bool name_peer(const struct mesh_api *api, const struct http_server_request *request,
		      struct http_server_response *response, char target[MESH_API_TARGET_MAX])
{
	char url[MESH_API_TARGET_MAX / 2] = "";
	char address[ENDPOINT_TEXT_MAX] = "";
	struct endpoint endpoint;
	struct named named;

	if (!take(request, "url", url, sizeof(url)) || !cut(url, &named)) {
		mesh_api_say(response, 400,
			     "url: \"%s\" is neither HOST:PORT nor http://HOST[:PORT]/PATH", url);
		return false;
	}
	if (!take(request, "ip", address, sizeof(address)) ||
	    (address[0] != '\0' && resolver_parse_numeric(address, 0, &endpoint) < 0)) {
		mesh_api_say(response, 400, "ip: \"%s\" is no address", address);
		return false;
	}
	const char *host = address[0] != '\0' ? address : named.host;
	if (is_allowed(&api->setup, host)) {
		join(&named, host, target, MESH_API_TARGET_MAX);
		return true;
	}
	bool has_list = api->setup.allowed_count > 0 || api->setup.allowed_host_count > 0;
	mesh_api_say(response, 403,
		     "%s may not be named over the network: %s; --allow %s would let it", host,
		     has_list ? "this node was started with --allow for others"
			      : "this node was started without --allow",
		     host);
	return false;
}

void mesh_api_add(void *context, const struct http_server_request *request,
		  struct http_server_response *response)
{
	struct mesh_api *api = context;
	char target[MESH_API_TARGET_MAX];
	struct error error = { "" };

	if (!name_peer(api, request, response, target))
		return;
	int result = api->setup.calls->add_peer(api->setup.context, target, &error);
	if (result < 0) {
		mesh_api_say(response, result == -ENOSPC ? 503 : 400, "%s", error.text);
		return;
	}
	mesh_api_forget(api);
	mesh_api_say(response, 202, "%s is a peer from now on", target);
	write_unheeded(request, &response->body);
}

/* As pingmesh: what it knew, and then it goes. */
void mesh_api_quit(void *context, const struct http_server_request *request,
		   struct http_server_response *response)
{
	struct mesh_api *api = context;
	const struct mesh_state *state = api->setup.calls->look(api->setup.context);

	(void)request;
	response->status = 202;
	response->content_type = "application/json";
	mesh_peers_write(&response->body, MESH_PEERS_WHOLE, state);
	api->setup.calls->release(api->setup.context);
	api->setup.calls->quit(api->setup.context);
}

void mesh_api_mark(void *context, const struct http_server_request *request,
		   struct http_server_response *response)
{
	struct mesh_api *api = context;
	char text[MESH_API_MARK_MAX] = "";

	if (!take(request, "text", text, sizeof(text)) || text[0] == '\0') {
		mesh_api_say(response, 400, "text: what happens now, in 1 to %d characters",
			     MESH_API_MARK_MAX - 1);
		return;
	}
	api->setup.calls->mark(api->setup.context, text);
	mesh_api_forget(api);
	mesh_api_say(response, 202, "marked: %s", text);
}
