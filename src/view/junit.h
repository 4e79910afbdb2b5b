/* -o junit: the XML that CI systems show as test results: one suite, a case for the run, which
 * fails when nothing answered, and one for each expectation. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void junit_write(const struct report *report, struct buffer *out);
