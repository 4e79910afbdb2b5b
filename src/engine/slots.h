/* Persistent slots over a stream transport: each is kept connected, sends its share of the
 * schedule and tells loss, stall and reset apart. */
#pragma once

#include "engine/worker.h"

/* Adds the activity for plan->slots to the worker. -ENOMEM, -errno. */
nodiscard int slots_add(struct worker *worker);
/* The same for plan->probe. */
nodiscard int slots_add_probe(struct worker *worker);
