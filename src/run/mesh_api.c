/* Its life, and what is read: see mesh_api.h. */
#include "run/mesh_api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/form.h"
#include "base/units.h"
#include "base/xml.h"
#include "run/mesh_api_parts.h"
#include "view/mesh_page.h"
#include "view/mesh_peers.h"
#include "view/prometheus.h"

#define ANSWER_MAX     ((size_t)16 << 20)
#define PER_ADDRESS(n) ((n) - (n) / 4) /* a quarter is left for the others */

static const char fields_plain[] = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
static const char fields_metrics[] = "Cache-Control: no-store\r\nVary: Accept\r\n"
				     "X-Content-Type-Options: nosniff\r\n";
static const char fields_html[] =
	"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n";
static const char html[] = "text/html; charset=utf-8";
static const char json[] = "application/json";

/* ---- parts of answers */

void mesh_api_say(struct http_server_response *response, uint16_t status, const char *format, ...)
{
	char text[MESH_API_TARGET_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	response->status = status;
	if (response->fields == NULL)
		response->fields = fields_plain;
	buffer_append_text(&response->body, text);
	buffer_append_text(&response->body, "\n");
}

void mesh_api_begin_html(struct http_server_response *response, const char *title)
{
	struct buffer *out = &response->body;

	response->content_type = html;
	response->fields = fields_html;
	buffer_append_text(out, "<!doctype html>\n<html lang=\"en\">\n<head><title>");
	xml_append(out, title);
	buffer_append_text(out,
			   "</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n"
			   "<style>body{font:1rem/1.5 sans-serif;margin:2rem;max-width:40rem;"
			   "color-scheme:light dark}input{width:100%;font:inherit}</style>"
			   "</head>\n<body>\n<h1>");
	xml_append(out, title);
	buffer_append_text(out, "</h1>\n");
}

static bool is_asked(const struct http_server_request *request, const char *name)
{
	char text[8];

	return form_find(request->query, name, text, sizeof(text)) && strcmp(text, "1") == 0;
}

static uint64_t number_of(const char *query, const char *name, uint64_t otherwise)
{
	char text[24];
	char *end = text;

	if (!form_find(query, name, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
		return otherwise;
	uint64_t number = strtoull(text, &end, 10);
	return *end == '\0' ? number : otherwise;
}

/* ---- what views write, kept for a moment */

typedef void render_fn(const struct mesh_api *api, const struct http_server_request *request,
		       const struct mesh_state *state, struct buffer *out);

void mesh_api_forget(struct mesh_api *api)
{
	for (size_t i = 0; i < RENDERINGS_MAX; i++) {
		http_server_text_free(api->renderings[i].text);
		api->renderings[i].text = NULL;
	}
}

static void forget_stale(struct timer *timer)
{
	mesh_api_forget(container_of(timer, struct mesh_api, stale));
}

/* Its place, or the one that is free or oldest. */
static struct rendering *rendering_of(struct mesh_api *api, const char *key)
{
	struct rendering *oldest = &api->renderings[0];

	for (size_t i = 0; i < RENDERINGS_MAX; i++) {
		struct rendering *rendering = &api->renderings[i];
		if (rendering->text != NULL && strcmp(rendering->key, key) == 0)
			return rendering;
		if (oldest->text != NULL &&
		    (rendering->text == NULL || rendering->at_ns < oldest->at_ns))
			oldest = rendering;
	}
	http_server_text_free(oldest->text);
	oldest->text = NULL;
	(void)snprintf(oldest->key, sizeof(oldest->key), "%s", key);
	return oldest;
}

static void render(struct mesh_api *api, const struct http_server_request *request,
		   render_fn *write, struct http_server_response *response)
{
	const struct mesh_state *state = api->setup.calls->look(api->setup.context);

	write(api, request, state, &response->body);
	api->setup.calls->release(api->setup.context);
}

/* `key`: all that the answer depends on; one that is too long is not kept. */
static void give(struct mesh_api *api, const struct http_server_request *request, const char *key,
		 render_fn *write, struct http_server_response *response)
{
	uint64_t now_ns = loop_now(api->setup.loop);

	if (strlen(key) >= RENDERING_KEY_MAX) {
		render(api, request, write, response);
		return;
	}
	struct rendering *rendering = rendering_of(api, key);
	if (rendering->text != NULL && now_ns - rendering->at_ns < MESH_API_FRESH_NS) {
		response->text = rendering->text;
		return;
	}
	http_server_text_free(rendering->text);
	rendering->text = NULL;
	render(api, request, write, response);
	if (response->body.error != 0)
		return;
	rendering->text = http_server_text_new(&response->body);
	rendering->at_ns = now_ns;
	response->text = rendering->text;
	loop_set_timer(api->setup.loop, &api->stale, now_ns + MESH_API_FRESH_NS);
}

/* ---- the page */

struct page_choice {
	struct mesh_page_style style;
	char peer[MESH_NAME_MAX];
};

static void choose_page(const struct mesh_api *api, const struct http_server_request *request,
			struct page_choice *ret)
{
	char colour[16];

	*ret = (struct page_choice){ .style.is_matrix = is_asked(request, "matrix"),
				     .style.refresh_s = api->setup.refresh_s };
	(void)form_find(request->query, "colour", colour, sizeof(colour));
	ret->style.colour = mesh_page_colour_find(colour);
	(void)form_find(request->query, "peer", ret->peer, sizeof(ret->peer));
	ret->style.peer = ret->peer;
}

static void write_page(const struct mesh_api *api, const struct http_server_request *request,
		       const struct mesh_state *state, struct buffer *out)
{
	struct page_choice choice;

	choose_page(api, request, &choice);
	mesh_page_write(out, &choice.style, state);
}

static void write_page_body(const struct mesh_api *api, const struct http_server_request *request,
			    const struct mesh_state *state, struct buffer *out)
{
	struct page_choice choice;

	choose_page(api, request, &choice);
	mesh_page_write_body(out, &choice.style, state);
}

static void give_page(struct mesh_api *api, const struct http_server_request *request,
		      const char *name, render_fn *write, struct http_server_response *response)
{
	struct page_choice choice;
	char key[RENDERING_KEY_MAX];

	choose_page(api, request, &choice);
	if (choice.style.is_matrix)
		api->setup.calls->want_rows(api->setup.context);
	(void)snprintf(key, sizeof(key), "%s %d %d %s", name, choice.style.colour,
		       choice.style.is_matrix, choice.peer);
	response->content_type = html;
	response->fields = api->page_fields;
	give(api, request, key, write, response);
}

static void answer_page(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	give_page(context, request, "page", write_page, response);
}

static void answer_page_body(void *context, const struct http_server_request *request,
			     struct http_server_response *response)
{
	give_page(context, request, "body", write_page_body, response);
}

/* ---- /metrics */

static struct mesh_metrics_style metrics_style(const struct mesh_api *api,
					       const struct http_server_request *request)
{
	struct mesh_metrics_style style = api->setup.metrics;

	style.format = prometheus_choose(http_server_field(request, "Accept"));
	style.has_pairs |= is_asked(request, "pairs");
	return style;
}

static void write_metrics(const struct mesh_api *api, const struct http_server_request *request,
			  const struct mesh_state *state, struct buffer *out)
{
	const struct mesh_metrics_style style = metrics_style(api, request);

	mesh_metrics_write(out, &style, state);
}

static void answer_metrics(void *context, const struct http_server_request *request,
			   struct http_server_response *response)
{
	struct mesh_api *api = context;
	const struct mesh_metrics_style style = metrics_style(api, request);
	char key[RENDERING_KEY_MAX];

	(void)snprintf(key, sizeof(key), "metrics %d %d", style.format, style.has_pairs);
	response->content_type = prometheus_content_type(style.format);
	response->fields = fields_metrics;
	give(api, request, key, write_metrics, response);
}

/* ---- pingmesh's */

static enum mesh_peers_detail detail_of(const struct http_server_request *request)
{
	char text[8];

	return form_find(request->query, "conntest", text, sizeof(text)) && strcmp(text, "row") == 0
		       ? MESH_PEERS_ROW
		       : MESH_PEERS_WHOLE;
}

static void write_peers(const struct mesh_api *api, const struct http_server_request *request,
			const struct mesh_state *state, struct buffer *out)
{
	(void)api;
	mesh_peers_write(out, detail_of(request), state);
}

static void answer_peers(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	response->content_type = json;
	response->fields = fields_plain;
	give(context, request, detail_of(request) == MESH_PEERS_ROW ? "row" : "peers", write_peers,
	     response);
}

static void write_metrics_json(const struct mesh_api *api,
			       const struct http_server_request *request,
			       const struct mesh_state *state, struct buffer *out)
{
	(void)api;
	(void)request;
	mesh_peers_write_metrics(out, state);
}

static void answer_metrics_json(void *context, const struct http_server_request *request,
				struct http_server_response *response)
{
	response->content_type = json;
	response->fields = fields_plain;
	render(context, request, write_metrics_json, response);
}

static void write_ping(const struct mesh_api *api, const struct http_server_request *request,
		       const struct mesh_state *state, struct buffer *out)
{
	(void)api;
	(void)request;
	mesh_peers_write_ping(out, state);
}

static void answer_ping(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	response->content_type = html;
	response->fields = fields_html;
	give(context, request, "ping", write_ping, response);
}

static void answer_index(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	static const struct {
		const char *path;
		const char *what;
	} rows[] = {
		{ "/", "the page: who cannot reach whom" },
		{ "/metrics", "for Prometheus, as text or OpenMetrics; ?pairs=1: every pair" },
		{ "/v1/ping", "from where this is answered" },
		{ "/v1/peers", "the peers and what is known of them, JSON" },
		{ "/v1/metrics", "this process in pingmesh's shape, JSON" },
		{ "/v1/events", "what happened, NDJSON; ?after=NUMBER" },
		{ "/sd", "the peers for http_sd" },
		{ "/healthz", "alive" },
		{ "/readyz", "ready, or why not" },
		{ "/v1/addpeer", "a form: add a peer" },
		{ "/v1/mark", "a form: mark this moment" },
		{ "/v1/quit", "a form: stop this node" },
	};
	(void)context;
	(void)request;
	mesh_api_begin_html(response, "conntest mesh");
	buffer_append_text(&response->body, "<ul>\n");
	for (size_t i = 0; i < array_size(rows); i++)
		buffer_append_format(&response->body, "<li><a href=\"%s\">%s</a> %s</li>\n",
				     rows[i].path, rows[i].path, rows[i].what);
	buffer_append_text(&response->body, "</ul>\n</body>\n</html>\n");
}

/* ---- ours */

static void write_events(const struct mesh_api *api, const struct http_server_request *request,
			 const struct mesh_state *state, struct buffer *out)
{
	const char *last = http_server_field(request, "Last-Event-ID");
	char text[48];
	(void)api;
	(void)snprintf(text, sizeof(text), "id=%s", last != NULL ? last : "");
	uint64_t after = number_of(request->query, "after", number_of(text, "id", 0));
	uint64_t most = number_of(request->query, "limit", MESH_EVENTS_MAX);
	mesh_events_write(out, state->events, after,
			  most < MESH_EVENTS_MAX ? (uint32_t)most : MESH_EVENTS_MAX);
}

static void answer_events(void *context, const struct http_server_request *request,
			  struct http_server_response *response)
{
	response->content_type = "application/x-ndjson";
	response->fields = fields_plain;
	render(context, request, write_events, response);
}

/* How others reach this node: as it was told, else as who asks has just done. */
static const char *self_of(const struct mesh_api *api, const struct http_server_request *request)
{
	static const char characters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";
	const char *host = http_server_field(request, "Host");

	if (api->setup.self != NULL && api->setup.self[0] != '\0')
		return api->setup.self;
	return host != NULL && host[strspn(host, characters)] == '\0' ? host : "";
}

static void write_sd(const struct mesh_api *api, const struct http_server_request *request,
		     const struct mesh_state *state, struct buffer *out)
{
	mesh_peers_write_sd(out, state, self_of(api, request));
}

static void answer_sd(void *context, const struct http_server_request *request,
		      struct http_server_response *response)
{
	char key[HTTP_SERVER_HEAD_BYTES_MAX];

	(void)snprintf(key, sizeof(key), "sd %s", self_of(context, request));
	response->content_type = json;
	response->fields = fields_plain;
	give(context, request, key, write_sd, response);
}

static void answer_alive(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	(void)context;
	(void)request;
	mesh_api_say(response, 200, "alive");
}

static void answer_ready(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	const struct mesh_api *api = context;
	const char *why = api->setup.calls->why_not_ready(api->setup.context);

	(void)request;
	mesh_api_say(response, why != NULL ? 503 : 200, "%s", why != NULL ? why : "ready");
}

static bool allow(void *context, const struct http_server_request *request,
		  struct http_server_response *response)
{
	struct mesh_api *api = context;

	return guard_allows(&api->guard, request, response);
}

static const struct http_server_route routes[] = {
	{ "GET", "/", answer_page },
	{ "GET", "/page-body", answer_page_body },
	{ "GET", "/metrics", answer_metrics },
	{ "GET", "/v1", answer_index },
	{ "GET", "/v1/", answer_index },
	{ "GET", "/v1/ping", answer_ping },
	{ "GET", "/v1/peers", answer_peers },
	{ "GET", "/v1/metrics", answer_metrics_json },
	{ "GET", "/v1/events", answer_events },
	{ "GET", "/sd", answer_sd },
	{ "GET", "/healthz", answer_alive },
	{ "GET", "/readyz", answer_ready },
	{ "GET", "/v1/addpeer", mesh_api_show_add },
	{ "GET", "/v1/quit", mesh_api_show_quit },
	{ "GET", "/v1/mark", mesh_api_show_mark },
	{ "POST", "/v1/addpeer", mesh_api_add },
	{ "POST", "/v1/quit", mesh_api_quit },
	{ "POST", "/v1/mark", mesh_api_mark },
};

/* ---- life */

static struct listen_options listen_at(const struct mesh_api_setup *setup, uint32_t index)
{
	return (struct listen_options){
		.local = setup->places[index],
		.network = setup->network,
		.below = setup->transport != NULL ? setup->transport : &stream_tcp,
		.tls = setup->tls,
		.protocols = setup->tls != NULL ? "\x08http/1.1" : NULL,
	};
}

static int listen_everywhere(struct mesh_api *api, struct error *error)
{
	const struct mesh_api_setup *setup = &api->setup;
	unsigned most =
		setup->connections_max > 0 ? setup->connections_max : HTTP_SERVER_SERVED_MAX;
	struct http_server_options options = {
		.transport = setup->tls != NULL         ? &stream_tls
			     : setup->transport != NULL ? setup->transport
							: &stream_tcp,
		.routes = routes,
		.route_count = array_size(routes),
		.context = api,
		.allow = allow,
		.served_max = most,
		.per_address_max = PER_ADDRESS(most),
		.response_bytes_max = ANSWER_MAX,
		.compresses = true,
	};
	int result = 0;
	uint32_t i = 0;

	for (; i < setup->place_count && result >= 0; i++) {
		options.listen = listen_at(setup, i);
		result = i == 0 ? http_server_open(setup->loop, &options, &api->server)
				: http_server_listen(api->server, options.transport,
						     &options.listen);
	}
	if (result >= 0)
		return 0;
	char place[ENDPOINT_TEXT_MAX];
	return error_set(error, -result, "cannot listen on %s: %s",
			 endpoint_format(&setup->places[i - 1], place), strerrordesc_np(-result));
}

static int make_fields(struct mesh_api *api)
{
	int size = asprintf(&api->page_fields,
			    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
			    "Referrer-Policy: no-referrer\r\nContent-Security-Policy: %s\r\n",
			    mesh_page_policy());

	if (size >= 0)
		return 0;
	api->page_fields = NULL;
	return -ENOMEM;
}

int mesh_api_open(const struct mesh_api_setup *setup, struct error *error, struct mesh_api **ret)
{
	struct mesh_api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		return error_set(error, ENOMEM, "out of memory");
	api->setup = *setup;
	timer_init(&api->stale, forget_stale);
	int result = guard_init(&api->guard, setup, error);
	if (result >= 0 && make_fields(api) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	if (result >= 0)
		result = listen_everywhere(api, error);
	if (result < 0) {
		mesh_api_close(api);
		return result;
	}
	*ret = api;
	return 0;
}

void mesh_api_close(struct mesh_api *api)
{
	if (api == NULL)
		return;
	http_server_close(api->server);
	loop_clear_timer(api->setup.loop, &api->stale);
	mesh_api_forget(api);
	free(api->page_fields);
	free(api);
}

const struct endpoint *mesh_api_local(const struct mesh_api *api, uint32_t index)
{
	return http_server_local_of(api->server, index);
}

uint64_t mesh_api_requests(const struct mesh_api *api)
{
	return http_server_requests(api->server);
}
