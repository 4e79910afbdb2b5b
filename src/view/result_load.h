/* The first two lines of a load: what was asked of whom, and what came of it. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* ", changed 3 times and paused 4.0 s by hand", of any stream of slots; nothing where it was not.
 */
void headline_hand(const struct report_stream *stream, struct buffer *out);
/* "20,000 requests/s over 50 connections (400/s each), open loop" */
void headline_load(const struct report *report, const struct report_stream *load,
		   struct buffer *out);
/* "20,000/s kept, response p99 0.91 ms; 118 of 599,988 replies were 503" */
void result_load(const struct report *report, const struct report_stream *load, struct buffer *out);
/* How long it sent without counting (--warmup) before the beginning of -T; 0: not at all. */
uint64_t load_warm_up_ns(const struct report *report);
/* From the first connection of a load to the beginning of -T or of the warm-up. */
uint64_t load_ramp_ns(const struct report *report);
