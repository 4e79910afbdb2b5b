/* The stream of new connections: at a rate, connect, one message echoed, close. A connect alone is
 * no success: a balancer accepts for a dead backend. */
#pragma once

#include "engine/worker.h"

/* Adds the activity to the worker. -ENOMEM. */
nodiscard int attempts_add(struct worker *worker);
