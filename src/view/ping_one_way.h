/* The delay of each way, where a probe brings it home (STAMP), and how far the clocks may be off.
 */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* Each appends nothing where it is not known.
 * "   there 0.12, back 0.31, ±0.02", of one probe. */
void ping_one_way(const struct report_probe *probe, struct buffer *out);
/* "there 0.12, back 0.31 ms in the middle, ±0.02", of all that the report lists; the error is the
 * largest. */
void ping_one_way_of_all(const struct report_stream *stream, struct buffer *out);
