/* Datagram flows of which nobody answers each datagram, each a socket with a source port of its
 * own: sent evenly to discard+udp, or received from source+udp. */
#pragma once

#include "engine/worker.h"

/* Adds the flows of the slots where plan_is_one_way(). -ENOMEM. */
nodiscard int one_way_add(struct worker *worker);
