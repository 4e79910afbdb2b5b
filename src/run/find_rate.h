/* load --find-rate: one run after the other, each at a rate of its own on new connections, until it
 * is known which is the highest that holds. */
#pragma once

#include "run/run.h"

struct find_rate {
	struct plan *plan; /* the run's: each trial sets rate and duration of the slots */
	const struct option_list *conditions;
	double from;    /* messages a second of the first trial */
	double highest; /* as the plan stands */
};

/* Runs the trials, writes one report and returns the exit code: EXIT_NO where not even the lowest
 * rate held. The longest trials are as long as the plan says. */
int run_find_rate(const struct run *run, const struct find_rate *find);
