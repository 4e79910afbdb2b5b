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

/* What the workers of one engine share: zeroed by the owner, outlives them. Where there are several
 * processes it lies in memory that they share. */
struct service_shared {
	/* Where the plan says port 0 the one that worker 0 got, else the plan's. */
	uint16_t ports[PLAN_LISTEN_MAX];
	/* Open now: of all in the first place where plan->serve.connections_max is for them
	 * together, else of each process, whose descriptors they take. */
	_Atomic uint64_t connections[PLAN_PROCESSES_MAX];
	/* What discard has received, of each worker that has such a listener. */
	struct receiver_tables receivers;
	/* What the cookies of source+udp are made with; the first worker draws it. */
	uint8_t source_secret[SOURCE_SECRET_BYTES];
	bool has_source_secret;
};

/* Before processes that are to share it are forked: what else the workers would make themselves.
 * -errno. */
nodiscard int service_share(const struct plan *plan, struct service_shared *shared);
/* The owner, after that: lets go of it. */
void service_unshare(struct service_shared *shared);
/* The owner: the worker's process is gone, and with it the connections that it held. */
void service_lost(struct service_shared *shared, const struct worker *worker);

/* Opens this worker's listeners for plan->serve and adds the activity. Worker 0 first: it finds
 * out whether a port is taken, and the ports where the plan leaves that to the kernel.
 * -errno with a sentence that names the address. */
nodiscard int service_add(struct worker *worker, struct service_shared *shared,
			  struct error *error);
/* How many connections all workers together hold at most: plan->serve.connections_max or, where
 * that is 0, what the limit of descriptors leaves to each process beside its own. Raises the soft
 * limit. */
uint64_t service_connections_max(const struct plan *plan);
/* Can this host hold plan->serve.connections_max? -EMFILE with the sentence that says how many it
 * can. */
nodiscard int service_check_descriptors(const struct plan *plan, struct error *error);
/* Of how many of these a worker keeps the count, and where: all, or its process's. */
uint64_t service_counted_max(const struct plan *plan);
_Atomic uint64_t *service_counted(struct service_shared *shared, const struct worker *worker);
