/* What the lists of interruptions, stalls and outages have in common. Pure. */
#pragma once

#include <stdint.h>

#include "metric/report.h"

/* The longest first. */
void report_intervals_sort(struct report_intervals *intervals);
/* Leaves as many in the list as a report may have, and counts the others. */
void report_intervals_cut(struct report_intervals *intervals);
/* From the list: how long any flow was out, how long all were, and the largest share at once. */
void report_intervals_group(struct report_intervals *outages, uint64_t flows);
