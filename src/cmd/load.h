/* `conntest load`: its options, and the plan that they make. */
#pragma once

#include "base/error.h"
#include "cmd/client_plan.h"
#include "proto/traffic_wire.h"
#include "run/dump.h"
#include "run/find_rate.h"
#include "run/receiver.h"

struct load_options {
	struct client_options client;
	struct bandwidth bandwidth_down;
	const char *rate_ramp;
	uint64_t warmup_ns;
	struct option_list find_rate;
	struct rate find_rate_from;
	uint64_t lifetime_ns;
	uint64_t messages_per_connection;
	const char *probe;
	bool is_serving;
	struct receiver_options receiver;
	const char *write_combine;
	const char *gso;
	const char *dump;
	uint64_t interval_ns; /* read by the text view, from the settings of the report */
};

/* A plan and what it points to. */
struct load {
	struct client client;
	struct mark_plan marks;
	struct receiver_plan receiver;
	struct dump dump;
	struct find_rate find_rate;
	/* --serve (far_ends.h): one of each for each worker. */
	struct plan *far_ends;
	struct endpoint *far_remotes;
	struct tls_server *far_tls;
	char far_name[WIRE_NAME_BYTES];
};

/* Checks the options and plans what needs no network. -EINVAL: wrong usage. */
nodiscard int load_plan(const struct load_options *options, const char *const *targets,
			size_t count, struct load *load, struct error *error);
