/* Where in a run something happened: marks, interruptions, stalls, outages, failures, unanswered
 * messages. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/report.h"

struct span {
	int64_t from_ns;
	int64_t to_ns;
};

#define INCIDENTS_MAX 6
/* Spans in order, apart from one another, with some time around each; the nearest are joined until
 * there are not more. Returns how many. */
unsigned incidents_find(const struct report *report, struct span ret[INCIDENTS_MAX]);
