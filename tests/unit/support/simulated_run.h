/* Reports of `load` as a run of 30 s would make them, from seeded noise. */
#pragma once

#include "base/random.h"
#include "metric/report.h"

struct simulated_run {
	double p50_ms;        /* response times are log-normal around it, sigma 0.5 */
	double run_sigma;     /* by how much runs of one build differ, relative */
	unsigned per_second;  /* messages; a multiple of 4 */
	double lost_expected; /* Poisson */
};

/* Free with report_free(). */
struct report *simulated_run(const struct simulated_run *run, struct random *random);
