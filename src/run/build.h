/* From what the workers recorded to the report. */
#pragma once

#include "engine/engine.h"
#include "metric/report.h"
#include "run/sampler.h"

struct build {
	const struct engine *engine;
	const struct plan *plan;
	const struct sampler *sampler;
	const char *target;
	uint64_t begin_ns;
	uint64_t cpu_used_ns;  /* by this process while it measured */
	uint64_t throttled_ns; /* meanwhile, see cpu_throttled_ns() */
};

/* What is known of a stream before it runs: name, kind, schedule, which histograms it fills. */
void build_describe(const struct plan *plan, enum plan_stream which, const char *target,
		    struct report_stream *stream);
/* Fills streams, connections and generator of `report`; the engine has been joined. */
void build_report(const struct build *build, struct report *report);
/* The same for a run that could not begin: `report->not_measured` says why, and `outcome` stands
 * for it among the errors. */
void build_unmeasured(const struct plan *plan, enum outcome outcome, struct report *report);
