/* See csv.h. */
#include "view/csv.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "metric/figures.h"
#include "metric/report_fields.h"

/* ---- cells ---- */

static void append_text(struct buffer *out, const char *text)
{
	text = text ? text : "";
	const char *guard = *text && strchr("=+-@", *text) ? "'" : "";
	if (!strpbrk(text, ",\"\r\n")) {
		buffer_append_format(out, "%s%s", guard, text);
		return;
	}
	buffer_append_format(out, "\"%s", guard);
	for (; *text; text++)
		buffer_append(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	buffer_append_text(out, "\"");
}

static void append_time(struct buffer *out, const struct report *report, int64_t offset_ns)
{
	char date[DATE_TEXT_MAX];
	int64_t time_ns = 0;
	if (!__builtin_add_overflow(report->started_unix_ns, offset_ns, &time_ns))
		buffer_append_text(out, date_format_ms(time_ns, date));
}

/* As in JSON. */
static void append_real(struct buffer *out, double value)
{
	struct json json;
	json_init(&json, out);
	json_double(&json, value);
}

static void append_field(struct buffer *out, const struct field_row *row, const void *object)
{
	const void *place = field_at_const(object, row->offset);
	char text[ENDPOINT_TEXT_MAX];
	switch (row->type) {
	case FIELD_UNSIGNED:
		buffer_append_format(out, "%" PRIu64, *(const uint64_t *)place);
		break;
	case FIELD_UNSIGNED32:
		buffer_append_format(out, "%" PRIu32, *(const uint32_t *)place);
		break;
	case FIELD_MOMENT:
		if (*(const int64_t *)place != INT64_MIN)
			buffer_append_format(out, "%" PRId64, *(const int64_t *)place);
		break;
	case FIELD_REAL:
		append_real(out, *(const double *)place);
		break;
	case FIELD_BOOLEAN:
		buffer_append_text(out, *(const bool *)place ? "true" : "false");
		break;
	case FIELD_OUTCOME:
		buffer_append_text(out, outcome_name(*(const enum outcome *)place));
		break;
	case FIELD_PHASE:
		buffer_append_text(out, phase_name(*(const enum phase *)place));
		break;
	case FIELD_ENDPOINT:
		if (((const struct endpoint *)place)->family)
			buffer_append_text(out, endpoint_format(place, text));
		break;
	case FIELD_TEXT:
		append_text(out, *(const char *const *)place);
		break;
	default:
		break;
	}
}

static void append_fields(struct buffer *out, const struct field_table *table, const void *object)
{
	for (size_t i = 0; i < table->count; i++) {
		buffer_append_text(out, ",");
		if (field_applies(&table->rows[i], object))
			append_field(out, &table->rows[i], object);
	}
	buffer_append_text(out, "\n");
}

/* ---- heads ---- */

static void head_of_fields(struct buffer *out, const char *first, const struct field_table *table)
{
	buffer_append_text(out, first);
	for (size_t i = 0; i < table->count; i++)
		buffer_append_format(out, ",%s", table->rows[i].key);
	buffer_append_text(out, "\n");
}

static void samples_head(struct buffer *out)
{
	head_of_fields(out, "time,stream", &report_sample_fields);
}

static void connections_head(struct buffer *out)
{
	head_of_fields(out, "time", &report_connection_fields);
}

static void figures_head(struct buffer *out)
{
	buffer_append_text(out, "time,command,target,stream");
	for (size_t i = 0; i < figure_table_size; i++)
		buffer_append_format(out, ",%s", figure_table[i].key);
	buffer_append_text(out, "\n");
}

static void probes_head(struct buffer *out)
{
	head_of_fields(out, "time,stream,target", &report_probe_fields);
}

/* ---- tables ---- */

static void write_probes(const struct report *report, struct buffer *out)
{
	probes_head(out);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		for (uint32_t k = 0; k < stream->ping.probe_count; k++) {
			append_time(out, report, stream->ping.probes[k].at_ns);
			buffer_append_text(out, ",");
			append_text(out, stream->name);
			buffer_append_text(out, ",");
			append_text(out, stream->target);
			append_fields(out, &report_probe_fields, &stream->ping.probes[k]);
		}
	}
}

void csv_write_samples(const struct report *report, struct buffer *out)
{
	if (report_is_ping(report)) {
		write_probes(report, out);
		return;
	}
	samples_head(out);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		for (uint32_t k = 0; k < stream->sample_count; k++) {
			append_time(out, report, stream->samples[k].at_ns);
			buffer_append_text(out, ",");
			append_text(out, stream->name);
			append_fields(out, &report_sample_fields, &stream->samples[k]);
		}
	}
}

void csv_write_connections(const struct report *report, struct buffer *out)
{
	connections_head(out);
	for (uint32_t i = 0; i < report->connection_count; i++) {
		append_time(out, report, report->connections[i].started_ns);
		append_fields(out, &report_connection_fields, &report->connections[i]);
	}
}

static void append_figure(struct buffer *out, const struct report *report,
			  const struct report_stream *stream, const struct figure_row *row)
{
	struct figure_value value;
	figure_value(report, stream, row, &value);
	if (!value.is_measured)
		return;
	if (row->unit == FIGURE_BANDWIDTH || row->unit == FIGURE_NUMBER)
		append_real(out, value.number);
	else
		buffer_append_format(out, "%" PRIu64, (uint64_t)value.number);
}

/* `stream` is NULL for the run. */
static void figures_row(const struct report *report, const struct report_stream *stream,
			struct buffer *out)
{
	const char *target = stream && stream->has_ping ? stream->target : report->target;
	const char *const texts[] = { report->command, target, stream ? stream->name : "run" };
	append_time(out, report, 0);
	for (size_t i = 0; i < array_size(texts); i++) {
		buffer_append_text(out, ",");
		append_text(out, texts[i]);
	}
	for (size_t i = 0; i < figure_table_size; i++) {
		const struct figure_row *row = &figure_table[i];
		buffer_append_text(out, ",");
		if (stream ? figure_is_of(row, report, stream) : figure_is_of_run(row, report))
			append_figure(out, report, stream, row);
	}
	buffer_append_text(out, "\n");
}

void csv_write_figures(const struct report *report, struct buffer *out)
{
	figures_head(out);
	for (uint32_t i = 0; i < report->stream_count; i++)
		figures_row(report, &report->streams[i], out);
	figures_row(report, NULL, out);
}

/* ---- help ---- */

void csv_help(struct buffer *out)
{
	static const char columns[] =
		"Columns of CSV. time is UTC to the millisecond; other moments (at_ns) count\n"
		"from the beginning of -T; an empty cell was not measured; a text that\n"
		"begins with = + - or @ has a ' in front.\n";
	static const char samples[] =
		"\ncsv: time is the end of an interval of which the counts are; connections,\n"
		"connecting, silent and interrupted are as at that moment.\n  ";
	static const char probes[] =
		"\ncsv, of ping: a row for each probe that the report lists, time is when it was due.\n  ";
	static const char connections[] =
		"\ncsv-connections: time is the start of a connection.\n  ";
	static const char figures[] =
		"\ncsv-figures: time is the start of the run; all figures with their units\n"
		"(conntest help figures), the run's own in a row \"run\".\n"
		"  time,command,target,stream,...\n";
	buffer_append_text(out, columns);
	buffer_append_text(out, samples);
	samples_head(out);
	buffer_append_text(out, probes);
	probes_head(out);
	buffer_append_text(out, connections);
	connections_head(out);
	buffer_append_text(out, figures);
}
