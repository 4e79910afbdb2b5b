/* http_sd of Prometheus, and pingmesh's /v1/peers: asked every so often, with a bound on the answer
 * and a deadline. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/uri.h"
#include "mesh/discovery_parts.h"

#define DEADLINE_NS       (30 * NS_PER_S)
#define REFRESH_NS        (60 * NS_PER_S)
#define AUTHORIZATION_MAX 1100

static uint64_t refresh_ns(const struct discovery_source *source)
{
	uint64_t told_ns = source->discovery->setup.refresh_ns;

	return told_ns != 0 ? told_ns : REFRESH_NS;
}

static void finish(struct discovery_source *source, const char *sentence)
{
	struct mesh_discovery *discovery = source->discovery;
	uint64_t wait_ns = refresh_ns(source);

	source->has_failed = sentence != NULL;
	discovery_source_note(source, sentence);
	if (sentence != NULL) {
		uint64_t backoff_ns = discovery_backoff(discovery, &source->backoff_ns);
		wait_ns = backoff_ns < wait_ns ? backoff_ns : wait_ns;
	} else {
		source->backoff_ns = 0;
	}
	if (sentence == NULL || !source->has_answered)
		discovery_touch(discovery);
	source->has_answered = true;
	loop_set_timer(discovery->setup.loop, &source->timer,
		       loop_now(discovery->setup.loop) + wait_ns);
}

static void answered(void *context, const struct http_client_answer *answer)
{
	struct discovery_source *source = context;
	struct error error = { "" };
	int result = 0;

	if (answer->code < 0)
		result = error_set(&error, -answer->code, "%s", answer->sentence);
	else if (answer->status != 200)
		result = error_set(&error, EPROTO, "its answer is status %u", answer->status);
	else
		result = discovery_items_read(source, answer->body, answer->size, DISCOVERY_JSON,
					      &error);
	finish(source, result < 0 ? error.text : NULL);
}

void discovery_http_ask(struct discovery_source *source)
{
	struct mesh_discovery *discovery = source->discovery;
	char refresh[64];
	char authorization[AUTHORIZATION_MAX];
	const char *headers[] = { "Accept: application/json", refresh, authorization };
	/* Whoever is on the way reads what goes over plain HTTP. */
	bool has_token = source->is_tls && discovery->setup.token != NULL;
	struct http1_request request = {
		.method = "GET",
		.path = source->page,
		.authority = source->authority,
		.headers = headers,
		.header_count = has_token ? 3 : 2,
	};

	if (http_client_is_busy(source->client))
		return;
	(void)snprintf(refresh, sizeof(refresh), "X-Prometheus-Refresh-Interval-Seconds: %llu",
		       (unsigned long long)((refresh_ns(source) + NS_PER_S - 1) / NS_PER_S));
	if (has_token)
		(void)snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s",
			       discovery->setup.token);
	int result = http_client_ask(source->client, &request, NULL, 0,
				     loop_now(discovery->setup.loop) + DEADLINE_NS);
	if (result < 0)
		finish(source, strerror(-result));
}

int discovery_http_open(struct discovery_source *source, struct error *error)
{
	static const struct uri_defaults defaults = {
		.service = SERVICE_HTTP,
		.services = 1u << SERVICE_HTTP,
		.bare_transports = URI_TRANSPORTS_REFUSED,
	};
	const struct mesh_discovery_setup *setup = &source->discovery->setup;
	char authority[URI_AUTHORITY_MAX];
	struct uri uri;
	int result = uri_parse(source->text, &defaults, error, &uri);

	if (result < 0)
		return result;
	source->is_tls = uri.transport == TRANSPORT_TLS;
	if (source->is_tls && setup->tls == NULL)
		return error_set(error, EINVAL, "https: nothing is told of what to trust");
	if (setup->token != NULL && strlen(setup->token) > AUTHORIZATION_MAX - 64)
		return error_set(error, EINVAL, "the token is too long");
	source->authority = strdup(uri_authority(&uri, authority));
	source->page = strdup(uri.path);
	struct http_client_setup client = {
		.loop = setup->loop,
		.transport = source->is_tls ? &stream_tls : &stream_tcp,
		.below = &stream_tcp,
		.tls = source->is_tls ? setup->tls : NULL,
		.servers = setup->servers,
		.host = uri.host,
		.port = uri.port,
		.body_max = DISCOVERY_TEXT_MAX,
		.done = answered,
		.context = source,
	};
	if (source->authority == NULL || source->page == NULL ||
	    http_client_new(&client, &source->client) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return 0;
}
