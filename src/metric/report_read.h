/* A report from a file: our JSON, ctraffic's statistics, iperf3 -J or an HdrHistogram log, told
 * apart by their content. Every field is checked for its type and every list for its cap; unknown
 * keys are ignored. What can't be read gets one sentence that says what it is. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"

/* -EINVAL with the sentence: "cut off: it ends in the middle of the report". The report of another
 * program (metric/foreign.h) has no headline, result and trust yet: sentence_build() makes them. */
nodiscard int report_read(const char *text, size_t size, struct error *error, struct report **ret);
/* The same of a file ("-": standard input); the sentence begins with its name. Also the errno of
 * opening and reading. */
nodiscard int report_read_file(const char *path, struct error *error, struct report **ret);
