/* `conntest traffic`: its options, and the plan that they make. */
#pragma once

#include "base/error.h"
#include "base/uri.h"
#include "cli/option.h"
#include "cmd/socket_options.h"
#include "engine/plan.h"
#include "run/mark_plan.h"
#include "run/outputs.h"
#include "run/resolve.h"
#include "run/wrap.h"

struct traffic_options {
	uint64_t connections;
	struct rate rate;
	struct bandwidth bandwidth;
	uint64_t message_bytes;
	const char *new_connections;
	uint64_t duration_ns;
	const char *connect_rate;
	uint64_t connect_over_ns;
	uint64_t connect_timeout_ns;
	uint64_t reply_timeout_ns;
	uint64_t linger_ns;
	uint64_t stall_after_ns;
	uint64_t give_up_ns;
	const char *reconnect;
	const char *path_probe;
	uint64_t path_flows;
	uint64_t outage_after;
	const char *addresses;
	bool is_ipv4;
	bool is_ipv6;
	const char *source;
	struct socket_choice sockets;
	uint64_t workers;
	const char *cpus;
	uint64_t tick_ns;
	uint64_t seed;
	const char *config;
	struct mark_options marks;
	uint64_t before_ns;
	uint64_t after_ns;
	uint64_t repeat;
	struct output_options output;
};

/* A plan and what it points to. */
struct traffic {
	struct uri uri;
	struct resolve_options resolving;
	struct resolved resolved;
	struct source_pool *sources;
	unsigned cpus[1024];
	struct plan plan;
	struct mark_plan marks;
	struct wrap_plan wrap;
};

/* Checks the options and plans what needs no network. -EINVAL: wrong usage. */
nodiscard int traffic_plan(const struct traffic_options *options, const char *target,
			   struct traffic *traffic, struct error *error);
/* The rest: resolves the target and asks whether this host can hold it. -EHOSTUNREACH: the name
 * does not resolve; -EINVAL: the sources don't fit the target; else an errno that says what this
 * host lacks. */
nodiscard int traffic_resolve(struct traffic *traffic, struct error *error);
void traffic_deinit(struct traffic *traffic);
