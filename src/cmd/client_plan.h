/* From the options that the sending commands share, and their targets, to a plan. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/rate_ramp.h"
#include "base/uri.h"
#include "cmd/client_options.h"
#include "cmd/script_build.h"
#include "engine/plan.h"
#include "run/resolve.h"
#include "sys/cpu.h"

#define CLIENT_TARGETS_MAX 64

/* What answers, and so is a target of every sending command; and over what. */
#define CLIENT_SERVICES                                                                        \
	(1u << SERVICE_TRAFFIC | 1u << SERVICE_ECHO | 1u << SERVICE_HTTP | 1u << SERVICE_H2C | \
	 1u << SERVICE_GRPC | 1u << SERVICE_WS)
#define CLIENT_TRANSPORTS (1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP | 1u << TRANSPORT_TLS)

/* A plan and all that it points to. */
struct client {
	struct arena arena;
	struct uri *uris; /* of the targets */
	uint32_t uri_count;
	struct uri *probe_uri; /* --probe; NULL: none */
	const char *target;    /* all of them as one text: "http://a:80/ http://b:80/" */
	struct resolve_options resolving;
	struct source_pool *sources;
	struct rate_ramp ramp;
	struct tls_client *tls; /* NULL: the targets are reached without */
	struct script_parts parts;
	unsigned cpus[CPU_LIST_MAX];
	struct plan plan;
};

void client_init(struct client *client);
void client_deinit(struct client *client);

/* "off" is 0; `name` is the option's. */
nodiscard int client_parse_rate(const char *name, const char *text, struct error *error,
				double *ret);
/* The targets, which have to be of one scheme. -EINVAL. */
nodiscard int client_targets(struct client *client, const char *const *texts, size_t count,
			     const struct uri_defaults *defaults, struct error *error);
/* Connections, times, threads and where from. -EINVAL: wrong usage. The rate comes afterwards. */
nodiscard int client_plan(struct client *client, const struct client_options *options,
			  struct error *error);
/* What is asked for by --rate or --bandwidth, in messages a second over all; 0: neither is. */
nodiscard int client_plan_rate(struct client *client, const struct client_options *options,
			       double message_bytes, struct error *error);
/* What --in-flight means where it is not given: once rate and script are known. */
void client_plan_in_flight(struct client *client);
/* How many threads: once the rate is known. */
nodiscard int client_plan_workers(struct client *client, const struct client_options *options,
				  struct error *error);
/* Options of sockets, tried on one: once the rate and the script are known. -EINVAL: wrong usage,
 * or not on this host; else what this process or kernel lacks. */
nodiscard int client_plan_sockets(struct client *client, const struct client_options *options,
				  struct error *error);
/* The rest: resolves the targets and asks whether this host can hold them. -EHOSTUNREACH: a name
 * does not resolve; -EINVAL: the sources don't fit the target; else an errno that says what this
 * host lacks. */
nodiscard int client_resolve(struct client *client, struct error *error);
