/* May the report be believed, how exact is it, and what limited it: the self-doubt of a run. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* Fills trust, generator.verdict and generator.evidence; `scratch` is empty. */
void trust_build(struct report *report, struct buffer *scratch);
