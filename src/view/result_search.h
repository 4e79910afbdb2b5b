/* The first two lines of a search for the highest rate (load --find-rate). */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* "the highest rate at which response.p99 < 10ms holds, over 50 connections; at most 64 trials of
 * up to 10.0 s, 200.0 s of sending; below is the one that held" */
void headline_search(const struct report *report, const struct report_stream *load,
		     struct buffer *out);
/* "20,400/s held (the highest lies between 20,100 and 20,900/s): response.p99 9.10 ms; at 21,000/s:
 * response.p99 14.0 ms" */
void result_search(const struct report *report, struct buffer *out);
