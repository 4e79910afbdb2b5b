/* perftest's table of probes, by its own definitions: TCP is from the name's being resolved to the
 * connection, First from the connection to the first byte (writing the request included), LastB
 * from there to the end, Total from the name's being resolved (DNS is not in it). Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void ping_tsv_head(struct buffer *out);
/* Of a report that may be under way: its host and start are known. */
void ping_tsv_row(const struct report *report, const struct report_stream *stream,
		  const struct report_probe *probe, struct buffer *out);
/* All that the report has. */
void ping_tsv_write(const struct report *report, struct buffer *out);
