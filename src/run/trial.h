/* The verdict on one measurement of a search for the highest rate. */
#pragma once

#include "base/arena.h"
#include "metric/rate_search.h"
#include "metric/report.h"

/* From a complete report whose expectations are the conditions: they hold, and what was due was
 * sent. Where they do not and this host is to blame, nothing is said of the target. Texts and
 * conditions are the arena's. */
enum rate_verdict trial_judge(const struct report *report, struct arena *arena,
			      struct report_trial *ret);
