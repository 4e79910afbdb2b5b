/* Persistent slots over a stream transport: each is kept connected, sends its share of the
 * schedule and tells loss, stall and reset apart. */
#pragma once

#include "engine/worker.h"

/* Adds the activity to the worker. -ENOMEM. */
nodiscard int slots_add(struct worker *worker);
