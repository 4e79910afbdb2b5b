/* The hops of `conntest path`: traced in one way after the other, behind the search for the path
 * MTU, whose ICMP a router might else not send for want of its limit. */
#pragma once

#include "base/error.h"
#include "base/uri.h"
#include "metric/report.h"
#include "net/loop.h"
#include "run/path_progress.h"

/* One way of asking has about so long where the rounds are not given, but no fewer than the least
 * of them, and never more than the most: they tell 20 % of loss from none. */
#define PATH_HOPS_SECONDS    10
#define PATH_HOPS_ROUNDS_MIN 5
#define PATH_HOPS_ROUNDS_MAX 20

struct path_hops_plan {
	unsigned ways; /* bits 1u << HOPS_...; 0: none */
	uint64_t flows;
	uint64_t rounds; /* 0: as many as PATH_HOPS_SECONDS allow */
	uint64_t ttl_max;
	uint64_t rate; /* packets a second for each hop at most */
};

struct path_hops_run {
	const struct path_hops_plan *plan;
	struct loop *loop;
	const struct uri *uri;
	struct endpoint remote;
	struct endpoint source; /* as asked for; family 0: the kernel chooses */
	/* The datagrams of the search for the path MTU: hops are asked from the same port. */
	struct endpoint udp_source;
	uint32_t full_bytes; /* of a packet; 0: small ones only */
	uint64_t timeout_ns;
	const bool *is_interrupted; /* whoever sets it stops the loop */
	struct path_progress *progress;
};

/* Into report->path; runs the loop. -errno with the sentence, and what was traced before stands. */
nodiscard int path_hops_trace(const struct path_hops_run *run, struct report *report,
			      struct error *error);
