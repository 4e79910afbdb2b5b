/* Points of time of a report put together: neighbours of one run, and the same moment of several.
 */
#pragma once

#include "metric/report.h"

/* Two neighbours, `a` the earlier one: sums are exact, percentiles are the worse of the two, and
 * gauges are those of the worse moment, so that what broke is seen at any length of a run. */
struct report_sample report_sample_join(const struct report_sample *a,
					const struct report_sample *b);
/* What happened in `from` happened besides, in another run: all but the gauges. */
void report_sample_add(struct report_sample *into, const struct report_sample *from);
