/* Reports that were read from files of other programs: which figures those programs count. */
#pragma once

#include <stdbool.h>

#include "metric/report.h"

/* Was it measured by another program? */
bool foreign_report(const struct report *report);
/* Why such a report has not the figure of this name: "ctraffic counts none"; NULL if it has, and
 * for reports of our own. */
const char *foreign_lacks(const struct report *report, const char *figure);
