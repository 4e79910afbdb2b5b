/* What became of the path probes of a run: for the report. */
#pragma once

#include <stdint.h>

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
