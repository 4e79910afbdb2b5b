#include "view/mesh_otlp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/mesh_families.h"
#include "view/otlp_parts.h"

struct writer {
	struct mesh_sink sink;
	const struct mesh_state *state;
	struct json json;
	struct prometheus_family family; /* whose points come */
	bool is_open;                    /* it has one */
};

static bool is_time(const struct prometheus_family *family)
{
	return family->unit != NULL && strcmp(family->unit, "seconds") == 0;
}

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

/* ---- metrics */

/* "conntest_path_mtu_bytes" is "conntest.path_mtu". */
static void write_name(const struct prometheus_family *family, char text[PROMETHEUS_NAME_MAX + 8])
{
	size_t size = strlen(family->name);
	size_t unit = family->unit != NULL ? strlen(family->unit) + 1 : 0;

	if (unit > 0 && size > unit && strcmp(family->name + size - unit + 1, family->unit) == 0)
		size -= unit;
	(void)snprintf(text, PROMETHEUS_NAME_MAX + 8, "%.*s%s", (int)size, family->name,
		       family->type == PROMETHEUS_INFO ? "_info" : "");
	char *first = strchr(text, '_');
	if (first != NULL)
		*first = '.';
}

static const char *unit_of(const struct prometheus_family *family)
{
	if (family->unit == NULL)
		return "1";
	return is_time(family) ? "s" : "By";
}

static const char *kind_of(const struct prometheus_family *family)
{
	if (family->type == PROMETHEUS_HISTOGRAM)
		return "histogram";
	return family->type == PROMETHEUS_COUNTER ? "sum" : "gauge";
}

/* A metric without points would say nothing. */
static void open_metric(struct writer *writer)
{
	char name[PROMETHEUS_NAME_MAX + 8];

	if (writer->is_open)
		return;
	write_name(&writer->family, name);
	otlp_metric_open(&writer->json, name, unit_of(&writer->family), writer->family.help,
			 kind_of(&writer->family));
	writer->is_open = true;
}

static void close_metric(struct writer *writer)
{
	if (!writer->is_open)
		return;
	otlp_points_close(&writer->json);
	if (writer->family.type == PROMETHEUS_COUNTER ||
	    writer->family.type == PROMETHEUS_HISTOGRAM)
		otlp_key_cumulative(&writer->json);
	if (writer->family.type == PROMETHEUS_COUNTER)
		json_key_boolean(&writer->json, "isMonotonic", true);
	otlp_metric_close(&writer->json);
	writer->is_open = false;
}

static void take_family(struct mesh_sink *sink, const struct prometheus_family *family)
{
	struct writer *writer = container_of(sink, struct writer, sink);

	close_metric(writer);
	writer->family = *family;
}

/* ---- points */

static void open_point(struct writer *writer, const struct mesh_labels *labels)
{
	struct json *json = &writer->json;

	open_metric(writer);
	json_object_open(json);
	json_key(json, "attributes");
	json_array_open(json);
	for (unsigned i = 0; i < labels->count; i++)
		otlp_attribute(json, labels->items[i].name, labels->items[i].value);
	json_array_close(json);
	otlp_key_times(json, writer->state->snapshot->node.started_unix_ns,
		       writer->state->unix_now_ns);
}

static void take_number(struct mesh_sink *sink, const struct mesh_labels *labels, uint64_t value)
{
	struct writer *writer = container_of(sink, struct writer, sink);

	open_point(writer, labels);
	if (is_time(&writer->family))
		json_key_double(&writer->json, "asDouble", seconds(value));
	else
		otlp_key_integer(&writer->json, "asInt", value);
	json_object_close(&writer->json);
}

static void write_buckets(struct json *json, const uint64_t *counts)
{
	json_key(json, "bucketCounts");
	json_array_open(json);
	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++)
		otlp_integer(json, counts[i]);
	json_array_close(json);
	json_key(json, "explicitBounds");
	json_array_open(json);
	for (unsigned i = 0; i + 1 < MESH_SPREAD_BUCKETS; i++)
		json_double(json, seconds(mesh_spread_bound(i)));
	json_array_close(json);
}

static void take_spread(struct mesh_sink *sink, const struct mesh_labels *labels,
			const uint64_t *counts, uint64_t sum_ns)
{
	struct writer *writer = container_of(sink, struct writer, sink);
	uint64_t count = 0;

	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++)
		count += counts[i];
	open_point(writer, labels);
	otlp_key_integer(&writer->json, "count", count);
	json_key_double(&writer->json, "sum", seconds(sum_ns));
	write_buckets(&writer->json, counts);
	json_object_close(&writer->json);
}

void mesh_otlp_write(struct buffer *out, const char *host_name, uint32_t worst,
		     const struct mesh_state *state)
{
	const struct otlp_resource resource = {
		.command = "mesh",
		.host_name = host_name,
		.node = state->settings->node,
		.location = state->settings->location[0] ? state->settings->location : NULL,
	};
	struct writer writer = { .sink = { take_family, take_number, take_spread },
				 .state = state };
	struct mesh_subjects subjects;

	if (mesh_subjects_make(&subjects, state, worst) < 0) {
		out->error = -ENOMEM;
		return;
	}
	json_init(&writer.json, out);
	otlp_open(&writer.json, &resource);
	mesh_families_tell(&writer.sink, &subjects, false);
	close_metric(&writer);
	otlp_close(&writer.json);
	mesh_subjects_deinit(&subjects);
}
