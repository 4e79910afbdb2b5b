/* -o hdr: all latencies as an HdrHistogram log 1.3, a tagged line each ("persistent.response") that
 * covers the whole run: histograms of shorter intervals are not kept. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void hdr_log_write(const struct report *report, struct buffer *out);
