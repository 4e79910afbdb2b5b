/* Reports of ping, made of results as probers would give them. */
#pragma once

#include "metric/probe_series.h"
#include "metric/report.h"

/* A result that began at `at_ms`, with these phases in ms; below 0: it has none. */
struct sample_probe {
	double at_ms;
	double phases_ms[PROBE_PHASES];
	enum outcome outcome;
	enum probe_phase failed_in;
	double failed_after_ms;
	uint32_t status;
	const char *why;
};
struct probe_result sample_probe_result(uint64_t number, const struct sample_probe *probe);

/* An ingress that is slow in TLS: five probes, one lost in connect (screen A3). */
struct report *sample_ping(void);
/* Three targets of three schemes: one well, one that fails at times, one that is not there. */
struct report *sample_ping_many(void);
/* Datagrams, some lost, late, twice and out of order. */
struct report *sample_ping_datagrams(void);
/* Waited for, and it came. */
struct report *sample_ping_waited(void);
/* Nothing listens. */
struct report *sample_ping_nothing(void);
