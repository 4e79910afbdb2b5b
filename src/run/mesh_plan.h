/* What `conntest mesh` was told, as plain data that the command makes of its options. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/subnet.h"
#include "engine/plan.h"
#include "metric/mesh_settings.h"
#include "run/push_plan.h"
#include "view/mesh_metrics.h"

struct tls_client;
struct tls_server;

struct mesh_plan {
	struct mesh_settings settings;
	struct plan_serve serve;
	/* Whom to probe. */
	const char *const *sources; /* as typed */
	uint32_t source_count;
	const char *dns;        /* servers; NULL: the system's */
	struct tls_client *tls; /* towards sources, peers and their pages */
	uint64_t refresh_ns;    /* of sources over HTTP; 0: 60 s */
	uint32_t peers_max;
	uint32_t places; /* pairs that are probed at once, at most */
	uint32_t k;      /* peers each, where there are more than all can do; 0: all */
	uint64_t seed;
	uint16_t port; /* of the traffic service */
	const struct subnet *allowed;
	uint32_t allowed_count;
	const char *const *allowed_hosts; /* a name, or ".example": all that end so */
	uint32_t allowed_host_count;
	/* The pages. */
	bool has_http;
	struct endpoint http;
	const struct tls_server *http_tls; /* NULL: without TLS */
	const char *token;                 /* NULL: read-only */
	bool token_for_all;
	struct mesh_metrics_style metrics;
	struct push_plan push;
	const char *control_token; /* of the far ends; NULL: none */
	const char *events;        /* file to append events to; NULL: none */
	uint64_t drain_ns;
	uint64_t duration_ns; /* of --once; 0: until stopped */
};
