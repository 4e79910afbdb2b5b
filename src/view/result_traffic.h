/* The sentence after "Result:" of a run that sent. Pure. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "metric/report.h"

/* Something was answered. */
void result_traffic(const struct report *report, struct buffer *out);
/* Was anything expected, or has the wrapped command failed? */
bool result_has_verdict(const struct report *report);
/* "PASS graceful: ", "FAIL: response.p99 is 7.20 ms (expected < 5ms); ": of a report that has
 * expectations. Failed ones that the sentence behind it tells anyway are left out. */
void result_verdict(const struct report *report, struct buffer *out);
