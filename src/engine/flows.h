/* Datagram flows, each a socket with a source port of its own, paced and answered one by one:
 * the slots' stream over udp:// and echo+udp://, and the path probes beside TCP connections. */
#pragma once

#include "engine/worker.h"

/* Adds the flows of the slots (PLAN_PERSISTENT, PLAN_LOAD) or the path probes (PLAN_PATH). -ENOMEM.
 */
nodiscard int flows_add(struct worker *worker, enum plan_stream stream);
