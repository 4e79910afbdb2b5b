/* -o ndjson: one JSON object a line while it runs: events, a snapshot a second, and the report as
 * the last. Moments are ns from the beginning of -T (`at_ns`), or, as long as that is not known,
 * from the first attempt (`ramp_ns`). Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "metric/counters.h"
#include "metric/report.h"
#include "view/summary.h"

void ndjson_write_event(struct buffer *out, const struct summary_event *event, int64_t offset_ns);

struct ndjson_stream {
	const char *name;
	const struct counters *counters;
};
void ndjson_write_snapshot(struct buffer *out, int64_t offset_ns,
			   const struct ndjson_stream *streams, uint32_t count);
/* A probe of ping that ended. */
void ndjson_write_probe(struct buffer *out, const struct report_stream *stream,
			const struct report_probe *probe);
void ndjson_write_report(struct buffer *out, const struct report *report);
