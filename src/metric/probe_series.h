/* The probes of one target as they end: counted, in histograms by phase, and the newest and worst
 * of them kept. A pure consumer of struct probe_result; one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "metric/counters.h"
#include "metric/hist.h"
#include "metric/probe_result.h"
#include "metric/report.h"

struct probe_series;

struct probe_series_setup {
	uint64_t begin_ns; /* moments count from it */
	unsigned phases;   /* that such probes have: bits 1u << PROBE_... */
	bool is_datagram;  /* has jitter, and an order */
	uint32_t kept_max; /* of the results themselves, two or more */
};
nodiscard int probe_series_new(const struct probe_series_setup *setup, struct probe_series **ret);
void probe_series_free(struct probe_series *series); /* takes NULL */

void probe_series_add(struct probe_series *series, const struct probe_result *result);
void probe_series_stray(struct probe_series *series, enum probe_stray kind);

/* ---- how it stands ---- */

const struct counters *probe_series_counters(const struct probe_series *series);
/* Of the answered ones. */
const struct hist *probe_series_total(const struct probe_series *series);
uint64_t probe_series_failures_in_a_row(const struct probe_series *series);
/* The newest; NULL: none has ended. */
const struct probe_result *probe_series_newest(const struct probe_series *series);

/* ---- in a report ---- */

/* What its owner counted of the schedule. */
struct probe_series_schedule {
	uint64_t due;
	uint64_t skipped;
	uint64_t in_flight;
	uint64_t late_max_ns;
};
/* Totals, latencies, errors, statuses and `ping` of a stream that is described already. */
void probe_series_give(const struct probe_series *series,
		       const struct probe_series_schedule *schedule, struct report *report,
		       struct report_stream *stream);

/* The way of all figures of a result into a report; its texts are those of `result`. */
void report_probe_of(const struct probe_result *result, uint64_t begin_ns,
		     struct report_probe *ret);
/* The same of what was found at the target, for the first line before the end. */
void report_ping_found(const struct probe_result *result, struct report_ping *ret);
