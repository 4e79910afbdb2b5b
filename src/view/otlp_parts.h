/* What all pushes of OTLP/HTTP metrics have in common: the JSON of an ExportMetricsServiceRequest
 * around its metrics (opentelemetry-proto; 64-bit integers are texts). Pure. */
#pragma once

#include <stdint.h>

#include "base/json.h"

/* AGGREGATION_TEMPORALITY_CUMULATIVE of metrics.proto. */
#define OTLP_CUMULATIVE 2
#define OTLP_SCOPE      "conntest"

struct otlp_resource {
	const char *command;
	const char *host_name; /* NULL: unknown; so are the others */
	const char *node;
	const char *location;
};

/* Up to where metrics go, and from there to the end. */
void otlp_open(struct json *json, const struct otlp_resource *resource);
void otlp_close(struct json *json);

/* Up to where the points of a metric go; `kind` "sum", "gauge" or "histogram", `unit` in UCUM. What
 * follows the points comes between the two ends. */
void otlp_metric_open(struct json *json, const char *name, const char *unit, const char *help,
		      const char *kind);
void otlp_points_close(struct json *json);
/* Of what rises, since it began. */
void otlp_key_cumulative(struct json *json);
void otlp_metric_close(struct json *json);

void otlp_integer(struct json *json, uint64_t value);
void otlp_key_integer(struct json *json, const char *key, uint64_t value);
void otlp_key_times(struct json *json, int64_t started_unix_ns, int64_t now_unix_ns);
/* NULL: there is none. */
void otlp_attribute(struct json *json, const char *key, const char *value);
