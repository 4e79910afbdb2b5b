#include "view/mesh_metrics.h"

#include <errno.h>
#include <stdio.h>

#include "base/attributes.h"
#include "view/mesh_families.h"
#include "view/prometheus_text.h"

#define LABELS_BYTES_MAX 2048

struct writer {
	struct mesh_sink sink;
	struct buffer *out;
	enum prometheus_format format;
	struct prometheus_family family; /* whose samples come */
	struct buffer labels;            /* of this sample */
	char bounds[MESH_SPREAD_BUCKETS][PROMETHEUS_BOUND_MAX];
};

static void take_family(struct mesh_sink *sink, const struct prometheus_family *family)
{
	struct writer *writer = container_of(sink, struct writer, sink);

	writer->family = *family;
	prometheus_append_head(writer->out, writer->format, family);
}

static void make_labels(struct writer *writer, const struct mesh_labels *labels)
{
	buffer_clear(&writer->labels);
	for (unsigned i = 0; i < labels->count; i++)
		prometheus_append_label(&writer->labels, labels->items[i].name,
					labels->items[i].value);
}

/* Up to the value. */
static void write_name(const struct writer *writer, const char *suffix)
{
	struct buffer *out = writer->out;

	buffer_append_text(out, writer->family.name);
	buffer_append_text(out, suffix);
	if (writer->labels.size > 0) {
		buffer_append(out, "{", 1);
		buffer_append(out, writer->labels.data, writer->labels.size);
		buffer_append(out, "}", 1);
	}
	buffer_append(out, " ", 1);
}

static const char *suffix_of(const struct prometheus_family *family)
{
	if (family->type == PROMETHEUS_COUNTER)
		return "_total";
	return family->type == PROMETHEUS_INFO ? "_info" : "";
}

static void take_number(struct mesh_sink *sink, const struct mesh_labels *labels, uint64_t value)
{
	struct writer *writer = container_of(sink, struct writer, sink);

	make_labels(writer, labels);
	write_name(writer, suffix_of(&writer->family));
	prometheus_append_value(writer->out, &writer->family, value);
	buffer_append(writer->out, "\n", 1);
}

/* All that stands before a bound is the same in each bucket. */
static void write_buckets(struct writer *writer, const uint64_t *counts)
{
	struct buffer head cleanup(buffer_deinit);
	uint64_t below = 0;

	buffer_init(&head, LABELS_BYTES_MAX);
	buffer_append_text(&head, writer->family.name);
	buffer_append_text(&head, "_bucket{");
	buffer_append_text(&head, buffer_text(&writer->labels));
	buffer_append_text(&head, writer->labels.size > 0 ? ",le=\"" : "le=\"");
	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++) {
		below += counts[i];
		buffer_append(writer->out, head.data, head.size);
		buffer_append_text(writer->out, writer->bounds[i]);
		buffer_append(writer->out, "\"} ", 3);
		prometheus_append_integer(writer->out, below);
		buffer_append(writer->out, "\n", 1);
	}
}

static void take_spread(struct mesh_sink *sink, const struct mesh_labels *labels,
			const uint64_t *counts, uint64_t sum_ns)
{
	struct writer *writer = container_of(sink, struct writer, sink);
	uint64_t count = 0;

	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++)
		count += counts[i];
	make_labels(writer, labels);
	write_buckets(writer, counts);
	write_name(writer, "_sum");
	prometheus_append_seconds(writer->out, sum_ns);
	buffer_append(writer->out, "\n", 1);
	write_name(writer, "_count");
	prometheus_append_integer(writer->out, count);
	buffer_append(writer->out, "\n", 1);
}

static void write_families(struct buffer *out, const struct mesh_metrics_style *style,
			   const struct mesh_subjects *subjects)
{
	struct writer writer = {
		.sink = { take_family, take_number, take_spread },
		.out = out,
		.format = style->format,
	};

	buffer_init(&writer.labels, LABELS_BYTES_MAX);
	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++) {
		uint64_t bound_ns = mesh_spread_bound(i);
		if (bound_ns == UINT64_MAX)
			(void)snprintf(writer.bounds[i], PROMETHEUS_BOUND_MAX, "+Inf");
		else
			(void)prometheus_format_bound(bound_ns, writer.bounds[i]);
	}
	mesh_families_tell(&writer.sink, subjects, style->has_legacy);
	if (style->format == PROMETHEUS_OPENMETRICS)
		buffer_append_text(out, "# EOF\n");
	buffer_deinit(&writer.labels);
}

static uint32_t count_pairs(const struct mesh_snapshot *snapshot)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->places; i++)
		count += snapshot->pairs[i].id != 0;
	return count;
}

static void try_pairs(struct buffer *out, const struct mesh_metrics_style *style,
		      const struct mesh_state *state, uint32_t wanted, uint32_t pairs)
{
	struct mesh_subjects subjects;

	if (mesh_subjects_make(&subjects, state, pairs) < 0) {
		out->error = -ENOMEM;
		return;
	}
	subjects.omitted = wanted - pairs;
	write_families(out, style, &subjects);
	mesh_subjects_deinit(&subjects);
}

/* Pairs that have no room are left out, and said to be: half of them, until the rest has. */
void mesh_metrics_write(struct buffer *out, const struct mesh_metrics_style *style,
			const struct mesh_state *state)
{
	size_t before = out->size;
	uint32_t all = count_pairs(state->snapshot);
	uint32_t wanted = style->has_pairs || style->worst > all ? all : style->worst;
	uint32_t pairs = wanted;

	try_pairs(out, style, state, wanted, pairs);
	while (out->error == -EFBIG && pairs > 0) {
		buffer_cut(out, before);
		out->error = 0;
		pairs /= 2;
		try_pairs(out, style, state, wanted, pairs);
	}
}

/* ---- how many there are */

static uint64_t node_series(const struct mesh_settings *settings)
{
	uint64_t spread = MESH_SPREAD_BUCKETS + 2;
	uint64_t phases = 0;
	uint64_t build = 1, node = 1, causes = 2, source = 4, omitted = 1;

	for (unsigned i = 0; i < MESH_PROBES * PROBE_PHASES; i++)
		phases += mesh_phase_is_expected(settings, (enum mesh_probe)(i / PROBE_PHASES),
						 (enum probe_phase)(i % PROBE_PHASES));
	return build + node + mesh_node_count + spread + causes + phases * spread + source +
	       MESH_LIVES + omitted;
}

static uint64_t subject_series(const struct mesh_family *families, size_t count,
			       const struct mesh_settings *settings, bool is_pair)
{
	uint64_t series = 0;

	for (size_t i = 0; i < count; i++)
		if (mesh_family_is_told(&families[i], settings) &&
		    !(is_pair && families[i].is_of_group))
			series += mesh_family_samples(&families[i], settings->probes, is_pair);
	return series;
}

uint64_t mesh_metrics_series(const struct mesh_metrics_style *style,
			     const struct mesh_settings *settings, uint64_t locations,
			     uint64_t pairs)
{
	uint64_t groups = locations < MESH_GROUPS_MAX ? locations : MESH_GROUPS_MAX;
	uint64_t told = style->has_pairs || style->worst > pairs ? pairs : style->worst;
	uint64_t series = node_series(settings) + pairs + groups * MESH_VERDICTS;

	series += groups * subject_series(mesh_family_table, mesh_family_count, settings, false);
	series += told * subject_series(mesh_family_table, mesh_family_count, settings, true);
	if (style->has_legacy)
		series += 2 + pairs * subject_series(mesh_legacy_table, mesh_legacy_count, settings,
						     true);
	return series;
}
