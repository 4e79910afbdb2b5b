/* Survival of the slots, the table by backend, and the connections of a run. */
#pragma once

#include "run/build.h"

void build_slots(const struct build *build, struct report *report, struct report_stream *stream);
void build_connections(const struct build *build, struct report *report);
