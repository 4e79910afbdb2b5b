/* What `serve` does: listeners and their services as an activity of each worker. Listeners are
 * opened before the threads start, so that port 0 is known and taken errors are told at once. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "engine/receiver_table.h"
#include "engine/service_udp_source.h"
#include "engine/worker.h"

/* What the workers of one engine share: zeroed by the owner, outlives them. */
struct service_shared {
	/* Where the plan says port 0 the one that worker 0 got, else the plan's. */
	uint16_t ports[PLAN_LISTEN_MAX];
	_Atomic uint64_t connections; /* open now, for plan->serve.connections_max */
	/* What discard has received, of each worker that has such a listener. */
	struct receiver_tables receivers;
	/* What the cookies of source+udp are made with; the first worker draws it. */
	uint8_t source_secret[SOURCE_SECRET_BYTES];
	bool has_source_secret;
};

/* Opens this worker's listeners for plan->serve and adds the activity. Worker 0 first: it finds
 * out whether a port is taken, and the ports where the plan leaves that to the kernel.
 * -errno with a sentence that names the address. */
nodiscard int service_add(struct worker *worker, struct service_shared *shared,
			  struct error *error);
/* How many connections all workers together hold at most: plan->serve.connections_max or, where
 * that is 0, what the limit of descriptors leaves beside our own. Raises the soft limit. */
uint64_t service_connections_max(const struct plan *plan);
