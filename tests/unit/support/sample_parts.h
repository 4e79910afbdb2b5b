/* What the sample reports are made of. */
#pragma once

#include "metric/report.h"

#define SAMPLE_STARTED INT64_C(1795158681000000000) /* 2026-11-20T07:11:21.000Z */
/* Of milliseconds, nanoseconds. */
#define MS(n) ((uint64_t)((n)*1e6 + 0.5))

/* Of client-1, begun at SAMPLE_STARTED, with no stream and no length yet. */
struct report *sample_new(const char *command, const char *target);
/* Times in ms: p50, p90, p99, p99.9, p99.99, max. */
struct report_latency sample_latency(uint64_t count, uint64_t censored, const double ms[6]);
/* One connection over Ethernet, its buffers as the kernel grew them. */
struct report_tcp sample_tcp(void);
/* A copy that lives as long as the report. */
void *sample_copy(struct report *report, const void *list, size_t size);
