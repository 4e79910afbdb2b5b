/* A run as one push of OTLP/HTTP metrics: the JSON of an ExportMetricsServiceRequest
 * (opentelemetry-proto: what is rising adds up from the start of the run, 64-bit integers are
 * texts, histograms are in seconds). Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "metric/recorder.h"

struct otlp_stream {
	const char *name;
	const char *target;
	const struct recorder *now;
};

struct otlp_push {
	const char *command;
	const char *host_name; /* NULL: unknown */
	int64_t started_unix_ns;
	int64_t now_unix_ns;
	const struct otlp_stream *streams;
	uint32_t stream_count;
};

void otlp_write(const struct otlp_push *push, struct buffer *out);
