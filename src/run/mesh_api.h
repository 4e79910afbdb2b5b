/* What a mesh node tells and does over HTTP, on the loop of the thread that shows it.
 *   GET  /  /page-body       the page; ?colour=loss&matrix=1&peer=NAME
 *        /metrics            Prometheus text or OpenMetrics, as Accept says; ?pairs=1
 *        /v1  /v1/ping  /v1/peers  /v1/metrics   as pingmesh has them; /v1/peers?conntest=row
 *        /v1/events          NDJSON; ?after=N or Last-Event-ID, ?limit=N
 *        /sd  /healthz  /readyz
 *        /v1/addpeer  /v1/quit  /v1/mark         a form
 *   POST /v1/addpeer  /v1/quit  /v1/mark         with the token
 * The token is in the field Authorization as a bearer, or in the form's field `token`; who only
 * reads may also show it as the password of Basic, for browsers: these send that by themselves, so
 * nothing is changed by it. It is never in a URL. Ten wrong ones in a minute from one address, and
 * that address has to wait. What views write is kept for a second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/subnet.h"
#include "metric/mesh_state.h"
#include "net/loop.h"
#include "net/stream.h"
#include "view/mesh_metrics.h"

#define MESH_API_TOKEN_MAX  256 /* with its end */
#define MESH_API_TARGET_MAX 512
#define MESH_API_MARK_MAX   256
#define MESH_API_PLACES_MAX 4
/* Wrong tokens from one address within so long, and it is told 429 for the rest of it. */
#define MESH_API_WRONG_MAX 10
#define MESH_API_WRONG_NS  UINT64_C(60000000000)
#define MESH_API_FRESH_NS  UINT64_C(1000000000)

struct tls_server;
struct mesh_api;

/* How its owner answers; none may be NULL. */
struct mesh_api_calls {
	/* All that is known; as it is until the release. */
	const struct mesh_state *(*look)(void *context);
	void (*release)(void *context);
	/* Why this node is not ready, a sentence; NULL: it is. */
	const char *(*why_not_ready)(void *context);
	/* Somebody looks at the other nodes' rows. */
	void (*want_rows)(void *context);
	/* HOST:PORT of a traffic service; or a URL: a page to look at, and where its path ends in
	 * /v1/peers, the peers that it lists. It is on the list of what may be named. -EINVAL with
	 * the sentence, or -ENOSPC. */
	int (*add_peer)(void *context, const char *text, struct error *error);
	void (*mark)(void *context, const char *text);
	void (*quit)(void *context); /* the answer still has to leave */
};

struct mesh_api_setup {
	struct loop *loop;
	const struct endpoint *places; /* to listen at; family 0: all addresses, IPv4 and IPv6 */
	uint32_t place_count;
	const struct tls_server *tls; /* NULL: without */
	const char *token;            /* copied; NULL: nothing can be changed */
	bool token_for_all; /* nothing but /healthz and /readyz is told without it, either */
	/* What effects may name over the network: addresses in these; names that are one of these,
	 * or end in one that begins with a dot. None: they are refused. Outlive it. */
	const struct subnet *allowed;
	uint32_t allowed_count;
	const char *const *allowed_hosts;
	uint32_t allowed_host_count;
	unsigned connections_max; /* 0: 64 */
	unsigned refresh_s;       /* of the page; 0: it does not */
	struct mesh_metrics_style metrics;
	/* How others reach it, for /sd: "10.0.0.4:8080"; "": as who asks has done (Host). */
	const char *self;
	const struct mesh_api_calls *calls;
	void *context;
	/* The kernel's, NULL; or a test's. */
	const struct stream_transport *transport;
	void *network;
};

/* -errno with the sentence, which names the place. Texts but the token outlive it. */
nodiscard int mesh_api_open(const struct mesh_api_setup *setup, struct error *error,
			    struct mesh_api **ret);
/* Takes NULL. */
void mesh_api_close(struct mesh_api *api);
/* As bound, with the real port. */
const struct endpoint *mesh_api_local(const struct mesh_api *api, uint32_t index);
/* Answered since it began, for mesh_state.requests. */
uint64_t mesh_api_requests(const struct mesh_api *api);
