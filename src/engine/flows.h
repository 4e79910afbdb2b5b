/* Datagram flows, each a socket with a source port of its own, paced and answered one by one:
 * the slots' stream over udp:// and echo+udp://, and the path probes beside TCP connections. */
#pragma once

#include "engine/worker.h"

/* Adds the flows of the slots (PLAN_PERSISTENT, PLAN_LOAD) or the path probes (PLAN_PATH). -ENOMEM.
 */
nodiscard int flows_add(struct worker *worker, enum plan_stream stream);

/* Why there is no path record, for the report. */
enum flows_verdict {
	FLOWS_MEASURED,
	FLOWS_UNANSWERED, /* the first probes had no answer */
	FLOWS_NOT_TRIED,  /* no TCP reply carried a host name */
};
struct flows_state {
	enum flows_verdict verdict;
	uint64_t begin_ns; /* when the record began */
	uint32_t tried;    /* first probes sent */
};
/* Of worker 0's path probes; for the report, after the run. */
struct flows_state flows_path_state(const struct worker *worker);
