#include "view/prometheus.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/http1_accept.h"
#include "view/prometheus_family.h"
#include "view/prometheus_text.h"

#define LABELS_BYTES_MAX 4096
#define NAME_BYTES_MAX   80

struct writer {
	struct buffer *out;
	enum prometheus_format format;
	const struct prometheus_snapshot *snapshot;
	/* "command="load",stream=..." of each stream. */
	struct buffer labels[PROMETHEUS_STREAMS_MAX];
};

enum prometheus_format prometheus_choose(const char *accept)
{
	static const struct http1_media text = { "text", "plain", "0.0.4" };
	static const struct http1_media openmetrics = { "application", "openmetrics-text",
							"1.0.0" };

	/* Who wants neither gets what most can read. */
	return http1_accept_quality(accept, &openmetrics) > http1_accept_quality(accept, &text)
		       ? PROMETHEUS_OPENMETRICS
		       : PROMETHEUS_TEXT;
}

const char *prometheus_content_type(enum prometheus_format format)
{
	return format == PROMETHEUS_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- text */

static void make_labels(struct writer *writer)
{
	assert(writer->snapshot->stream_count <= PROMETHEUS_STREAMS_MAX);
	for (uint32_t i = 0; i < writer->snapshot->stream_count; i++) {
		const struct prometheus_stream *stream = &writer->snapshot->streams[i];
		buffer_init(&writer->labels[i], LABELS_BYTES_MAX);
		prometheus_append_label(&writer->labels[i], "command", writer->snapshot->command);
		prometheus_append_label(&writer->labels[i], "stream", stream->name);
		prometheus_append_label(&writer->labels[i], "target", stream->target);
	}
}

static void add_value(const struct writer *writer, const struct prometheus_family *family,
		      uint64_t value)
{
	buffer_append_text(writer->out, " ");
	prometheus_append_value(writer->out, family, value);
	buffer_append_text(writer->out, "\n");
}

/* ---- families */

static void write_family(const struct writer *writer, const struct prometheus_family *family)
{
	prometheus_append_head(writer->out, writer->format, family);
}

/* `suffix` "_total", `labels` without braces; "": none. */
static void write_name(const struct writer *writer, const struct prometheus_family *family,
		       const char *suffix, const char *labels)
{
	bool has_labels = labels[0] != '\0';

	buffer_append_format(writer->out, "%s%s%s%s%s", family->name, suffix, has_labels ? "{" : "",
			     labels, has_labels ? "}" : "");
}

/* When what only rises was 0. */
static void write_created(const struct writer *writer, const struct prometheus_family *family,
			  const char *labels)
{
	if (writer->format != PROMETHEUS_OPENMETRICS)
		return;
	write_name(writer, family, "_created", labels);
	buffer_append_text(writer->out, " ");
	prometheus_append_seconds(writer->out, (uint64_t)writer->snapshot->started_unix_ns);
	buffer_append_text(writer->out, "\n");
}

static void write_sample(const struct writer *writer, const struct prometheus_family *family,
			 const char *labels, uint64_t value)
{
	bool is_counter = family->type == PROMETHEUS_COUNTER;

	write_name(writer, family, is_counter ? "_total" : "", labels);
	add_value(writer, family, value);
	if (is_counter)
		write_created(writer, family, labels);
}

/* ---- the tables */

static void write_counters(const struct writer *writer)
{
	const struct prometheus_snapshot *snapshot = writer->snapshot;

	for (size_t i = 0; i < counter_table_size; i++) {
		const struct prometheus_family family =
			prometheus_family_of_counter(&counter_table[i]);
		write_family(writer, &family);
		for (uint32_t k = 0; k < snapshot->stream_count; k++)
			write_sample(writer, &family, buffer_text(&writer->labels[k]),
				     counter_value(&snapshot->streams[k].series->counters,
						   &counter_table[i]));
	}
}

static void write_hist(const struct writer *writer, const struct prometheus_family *family,
		       const char *labels, const struct prometheus_hist *hist)
{
	static const struct prometheus_family count = { .unit = NULL };
	char bound[PROMETHEUS_BOUND_MAX];

	for (unsigned i = 0; i <= PROMETHEUS_BOUNDS; i++) {
		bool is_last = i == PROMETHEUS_BOUNDS;
		buffer_append_format(
			writer->out, "%s_bucket{%s,le=\"%s\"}", family->name, labels,
			is_last ? "+Inf" : prometheus_format_bound(prometheus_bounds_ns[i], bound));
		add_value(writer, &count, is_last ? hist->count : hist->counts[i]);
	}
	write_name(writer, family, "_sum", labels);
	add_value(writer, family, hist->sum_ns);
	write_name(writer, family, "_count", labels);
	add_value(writer, &count, hist->count);
	write_created(writer, family, labels);
}

static void write_latency(const struct writer *writer, enum latency latency)
{
	const struct prometheus_snapshot *snapshot = writer->snapshot;
	const struct prometheus_family family = prometheus_family_of_latency(latency);
	bool has_any = false;

	for (uint32_t i = 0; i < snapshot->stream_count; i++) {
		const struct prometheus_stream *stream = &snapshot->streams[i];
		if ((stream->latencies & 1u << latency) == 0)
			continue;
		if (!has_any)
			write_family(writer, &family);
		has_any = true;
		write_hist(writer, &family, buffer_text(&writer->labels[i]),
			   &stream->series->latencies[latency]);
	}
}

/* ---- what no table has */

/* Those that have happened: 7 phases times 21 outcomes would mostly be zero. */
static void write_errors(const struct writer *writer)
{
	char labels[LABELS_BYTES_MAX + 64];

	write_family(writer, &prometheus_own[PROMETHEUS_OWN_ERRORS]);
	for (uint32_t i = 0; i < writer->snapshot->stream_count; i++) {
		const struct prometheus_series *series = writer->snapshot->streams[i].series;
		for (unsigned cell = 0; cell < PHASE_COUNT * OUTCOME_COUNT; cell++) {
			unsigned phase = cell / OUTCOME_COUNT;
			unsigned outcome = cell % OUTCOME_COUNT;
			if (series->errors[phase][outcome] == 0)
				continue;
			(void)snprintf(labels, sizeof(labels), "%s,phase=\"%s\",outcome=\"%s\"",
				       buffer_text(&writer->labels[i]), phase_name(phase),
				       outcome_name(outcome));
			write_sample(writer, &prometheus_own[PROMETHEUS_OWN_ERRORS], labels,
				     series->errors[phase][outcome]);
		}
	}
}

static bool has_statuses(const struct prometheus_series *series)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < PROMETHEUS_CLASSES; i++)
		sum += series->classes[i];
	return sum > 0;
}

static void write_statuses(const struct writer *writer)
{
	char labels[LABELS_BYTES_MAX + 64];

	write_family(writer, &prometheus_own[PROMETHEUS_OWN_RESPONSES]);
	for (uint32_t i = 0; i < writer->snapshot->stream_count; i++) {
		const struct prometheus_series *series = writer->snapshot->streams[i].series;
		for (unsigned k = 0; k < PROMETHEUS_CLASSES && has_statuses(series); k++) {
			(void)snprintf(labels, sizeof(labels), "%s,code=\"%s\"",
				       buffer_text(&writer->labels[i]), prometheus_class_name(k));
			write_sample(writer, &prometheus_own[PROMETHEUS_OWN_RESPONSES], labels,
				     series->classes[k]);
		}
	}
}

static void write_info(const struct writer *writer)
{
	struct buffer label cleanup(buffer_deinit);

	buffer_init(&label, LABELS_BYTES_MAX);
	prometheus_append_label(&label, "version", writer->snapshot->version);
	write_family(writer, &prometheus_own[PROMETHEUS_OWN_BUILD]);
	write_name(writer, &prometheus_own[PROMETHEUS_OWN_BUILD], "_info", buffer_text(&label));
	buffer_append_text(writer->out, " 1\n");
}

static void write_process(const struct writer *writer)
{
	const struct prometheus_snapshot *snapshot = writer->snapshot;
	const uint64_t values[] = {
		[PROMETHEUS_OWN_CPU] = snapshot->cpu_ns,
		[PROMETHEUS_OWN_START] = (uint64_t)snapshot->started_unix_ns,
		[PROMETHEUS_OWN_DROPPED] = snapshot->events_dropped,
		[PROMETHEUS_OWN_LAG_MAX] = snapshot->lag_max_ns,
	};

	for (enum prometheus_own i = PROMETHEUS_OWN_CPU; i <= PROMETHEUS_OWN_LAG_MAX; i++) {
		write_family(writer, &prometheus_own[i]);
		write_sample(writer, &prometheus_own[i], "", values[i]);
	}
}

static void write_lag(const struct writer *writer)
{
	const struct prometheus_family *family = &prometheus_own[PROMETHEUS_OWN_LAG];

	write_family(writer, family);
	write_name(writer, family, "_sum", "");
	add_value(writer, family, writer->snapshot->lag_sum_ns);
	buffer_append_format(writer->out, "%s_count %" PRIu64 "\n", family->name,
			     writer->snapshot->lag_count);
	write_created(writer, family, "");
}

void prometheus_write(struct buffer *out, enum prometheus_format format,
		      const struct prometheus_snapshot *snapshot)
{
	struct writer writer = { .out = out, .format = format, .snapshot = snapshot };

	make_labels(&writer);
	write_info(&writer);
	write_counters(&writer);
	for (enum latency i = 0; i < LATENCY_RECORDED; i++)
		write_latency(&writer, i);
	write_errors(&writer);
	write_statuses(&writer);
	write_process(&writer);
	write_lag(&writer);
	if (format == PROMETHEUS_OPENMETRICS)
		buffer_append_text(out, "# EOF\n");
	for (uint32_t i = 0; i < snapshot->stream_count; i++)
		buffer_deinit(&writer.labels[i]);
}
