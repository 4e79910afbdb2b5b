/* What `serve` does: listeners and their services as an activity of each worker. Listeners are
 * opened before the threads start, so that port 0 is known and taken errors are told at once. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "engine/worker.h"

/* Opens this worker's listeners for plan->serve and adds the activity. Worker 0 first: where the
 * plan says port 0, the port it got is written to `ports` and the others open the same.
 * -errno with a sentence that names the address. */
nodiscard int service_add(struct worker *worker, uint16_t ports[PLAN_LISTEN_MAX],
			  struct error *error);
/* Totals of this worker's services, exact once it is done. */
struct service_totals {
	uint64_t connections_now;
	uint64_t drained;     /* closed by the drain at a message boundary */
	uint64_t cut_off;     /* still open at its deadline */
	uint64_t turned_away; /* by connections_max or want of descriptors */
};
struct service_totals service_totals(const struct worker *worker);
