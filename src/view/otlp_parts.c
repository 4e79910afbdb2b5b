#include "view/otlp_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/attributes.h"

void otlp_integer(struct json *json, uint64_t value)
{
	char text[24];
	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	json_text(json, text);
}

void otlp_key_integer(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	otlp_integer(json, value);
}

void otlp_key_times(struct json *json, int64_t started_unix_ns, int64_t now_unix_ns)
{
	otlp_key_integer(json, "startTimeUnixNano", (uint64_t)started_unix_ns);
	otlp_key_integer(json, "timeUnixNano", (uint64_t)now_unix_ns);
}

void otlp_attribute(struct json *json, const char *key, const char *value)
{
	if (!value)
		return;
	json_object_open(json);
	json_key_text(json, "key", key);
	json_key(json, "value");
	json_object_open(json);
	json_key_text(json, "stringValue", value);
	json_object_close(json);
	json_object_close(json);
}

/* ---- metrics ---- */

void otlp_metric_open(struct json *json, const char *name, const char *unit, const char *help,
		      const char *kind)
{
	json_object_open(json);
	json_key_text(json, "name", name);
	json_key_text(json, "unit", unit);
	json_key_text(json, "description", help);
	json_key(json, kind);
	json_object_open(json);
	json_key(json, "dataPoints");
	json_array_open(json);
}

void otlp_points_close(struct json *json)
{
	json_array_close(json);
}

void otlp_key_cumulative(struct json *json)
{
	json_key_unsigned(json, "aggregationTemporality", OTLP_CUMULATIVE);
}

void otlp_metric_close(struct json *json)
{
	json_object_close(json);
	json_object_close(json);
}

/* ---- around them ---- */

static void write_resource(struct json *json, const struct otlp_resource *resource)
{
	json_key(json, "resource");
	json_object_open(json);
	json_key(json, "attributes");
	json_array_open(json);
	otlp_attribute(json, "service.name", OTLP_SCOPE);
	otlp_attribute(json, "service.version", CONNTEST_VERSION);
	otlp_attribute(json, "service.instance.id", resource->node);
	otlp_attribute(json, "host.name", resource->host_name);
	otlp_attribute(json, "conntest.command", resource->command);
	otlp_attribute(json, "conntest.location", resource->location);
	json_array_close(json);
	json_object_close(json);
}

void otlp_open(struct json *json, const struct otlp_resource *resource)
{
	json_object_open(json);
	json_key(json, "resourceMetrics");
	json_array_open(json);
	json_object_open(json);
	write_resource(json, resource);
	json_key(json, "scopeMetrics");
	json_array_open(json);
	json_object_open(json);
	json_key(json, "scope");
	json_object_open(json);
	json_key_text(json, "name", OTLP_SCOPE);
	json_key_text(json, "version", CONNTEST_VERSION);
	json_object_close(json);
	json_key(json, "metrics");
	json_array_open(json);
}

void otlp_close(struct json *json)
{
	json_array_close(json);
	json_object_close(json);
	json_array_close(json);
	json_object_close(json);
	json_array_close(json);
	json_object_close(json);
}
