/* The exposition of a running measurement: Prometheus text 0.0.4 and OpenMetrics 1.0, both from
 * the same tables. Names are conntest_NAME in base units (seconds, bytes), each sample with the
 * labels command, stream and target. Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "view/prometheus_series.h"

enum prometheus_format { PROMETHEUS_TEXT, PROMETHEUS_OPENMETRICS };

/* What a scraper wants, by the field Accept of its request; NULL: it has none. */
enum prometheus_format prometheus_choose(const char *accept);
/* With the version and the character set. */
const char *prometheus_content_type(enum prometheus_format format);

struct prometheus_stream {
	const char *name;   /* "load" */
	const char *target; /* as used */
	uint32_t latencies; /* bits 1u << LATENCY_...: those that it measures */
	const struct prometheus_series *series;
};

struct prometheus_snapshot {
	const char *version;
	const char *command;
	int64_t started_unix_ns; /* everything is counted since */
	const struct prometheus_stream *streams;
	uint32_t stream_count; /* at most PROMETHEUS_STREAMS_MAX */
	/* Of this process. */
	uint64_t cpu_ns;
	uint64_t events_dropped;
	uint64_t lag_count; /* how late its threads woke while they measured */
	uint64_t lag_sum_ns;
	uint64_t lag_max_ns;
};
#define PROMETHEUS_STREAMS_MAX 8

void prometheus_write(struct buffer *out, enum prometheus_format format,
		      const struct prometheus_snapshot *snapshot);
