/* Interruptions, stalls and outages of a stream: from the workers' logs to the report. */
#pragma once

#include "run/build.h"

void build_intervals(const struct build *build, enum plan_stream which, struct report *report,
		     struct report_stream *stream);
