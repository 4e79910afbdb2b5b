/* What a report says of lost datagrams, from what their receiver counted: ours where it is this
 * host (echo, source), else the peer's (discard, by its control service). Pure. */
#pragma once

#include "metric/bursts.h"
#include "metric/report.h"

/* Sums over all flows. */
struct datagram_losses {
	const char *counted_by; /* "receiver", "here" */
	uint64_t sent;
	uint64_t unique; /* received, each once */
	const struct bursts *bursts;
	uint64_t interval_ns; /* between two datagrams of a flow; 0: it changes, and no time is told
			       */
	/* What the receiver's sockets dropped. */
	bool has_overflows;
	uint64_t overflows;
	uint64_t merged; /* datagrams that came several in one (GRO) */
};

struct report_datagrams report_datagrams_of(const struct datagram_losses *losses);
