/* `conntest traffic`: its options, and the plan that they make. */
#pragma once

#include "base/error.h"
#include "cmd/client_plan.h"
#include "run/wrap.h"

struct traffic_options {
	struct client_options client;
	const char *new_connections;
	uint64_t stall_after_ns;
	const char *path_probe;
	uint64_t path_flows;
	uint64_t outage_after;
	uint64_t before_ns;
	uint64_t after_ns;
};

/* A plan and what it points to. */
struct traffic {
	struct client client;
	struct mark_plan marks;
	struct wrap_plan wrap;
};

/* Checks the options and plans what needs no network. -EINVAL: wrong usage. */
nodiscard int traffic_plan(const struct traffic_options *options, const char *target,
			   struct traffic *traffic, struct error *error);
