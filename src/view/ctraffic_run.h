/* A run as Nordix' ctraffic keeps one. Its clock begins with the first connection and not with -T,
 * so all moments are moved by the length of the ramp. A connection begins with the first attempt
 * that led to it; one that never came up is still connecting at the end. Samples are a second apart
 * and sum up. Pure. */
#pragma once

#include "base/arena.h"
#include "metric/report.h"

struct ctraffic_connection {
	uint64_t started_ns;
	uint64_t connected_ns; /* 0: never */
	uint64_t ended_ns;
	enum outcome outcome; /* a failure: how it broke */
	const struct report_connection *record;
};

struct ctraffic_sample {
	uint64_t time_ns, sent, received, dropped;
};

struct ctraffic_run {
	struct arena arena;
	const struct report_stream
		*stream; /* of the persistent connections; empty if there is none */
	int64_t started_unix_ns;
	uint64_t duration_ns;
	struct ctraffic_connection *connections; /* in the order of their start */
	uint32_t connection_count;
	struct ctraffic_sample *samples;
	uint32_t sample_count;
};

/* `report` outlives it. */
void ctraffic_run_init(struct ctraffic_run *run, const struct report *report);
void ctraffic_run_deinit(struct ctraffic_run *run);
