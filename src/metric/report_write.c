/* See report_write.h. */
#include "metric/report_write.h"

#include <string.h>

#include "base/date.h"
#include "metric/figures.h"
#include "metric/report_fields.h"

static void write_table(struct json *json, const struct field_table *table, const void *object,
			const struct report *report);

static void write_endpoint(struct json *json, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];
	json_text(json, endpoint->family ? endpoint_format(endpoint, text) : NULL);
}

/* An option that was given several times has an array. */
static void write_settings(struct json *json, const struct report_setting *settings, uint32_t count)
{
	json_object_open(json);
	for (uint32_t i = 0; i < count;) {
		uint32_t end = i + 1;
		while (end < count && strcmp(settings[end].name, settings[i].name) == 0)
			end++;
		bool is_array = end - i > 1;
		json_key(json, settings[i].name);
		if (is_array)
			json_array_open(json);
		for (; i < end; i++)
			json_text(json, settings[i].value);
		if (is_array)
			json_array_close(json);
	}
	json_object_close(json);
}

static void write_figure(struct json *json, const struct report *report,
			 const struct report_stream *stream, const struct figure_row *row)
{
	struct figure_value value;
	figure_value(report, stream, row, &value);
	json_key(json, row->key);
	if (!value.is_measured)
		json_no_value(json);
	else if (row->unit == FIGURE_BANDWIDTH || row->unit == FIGURE_NUMBER)
		json_double(json, value.number);
	else
		json_unsigned(json, (uint64_t)value.number);
}

static void write_figures_of(struct json *json, const struct report *report,
			     const struct report_stream *stream)
{
	json_key(json, stream ? stream->name : "run");
	json_object_open(json);
	for (size_t i = 0; i < figure_table_size; i++) {
		const struct figure_row *row = &figure_table[i];
		if (stream ? figure_is_of(row, report, stream) : figure_is_of_run(row, report))
			write_figure(json, report, stream, row);
	}
	json_object_close(json);
}

static void write_figures(struct json *json, const struct report *report)
{
	json_object_open(json);
	for (uint32_t i = 0; i < report->stream_count; i++)
		write_figures_of(json, report, &report->streams[i]);
	write_figures_of(json, report, NULL);
	json_object_close(json);
}

static void write_named(struct json *json, const struct field_row *row, const void *object,
			const struct report *report)
{
	uint32_t count = *(const uint32_t *)field_at_const(object, row->count);
	const char *items = *(const char *const *)field_at_const(object, row->offset);
	json_object_open(json);
	for (uint32_t i = 0; i < count; i++) {
		const void *item = items + i * row->list_size;
		const char *name = *(const char *const *)item;
		json_key(json, name ? name : "");
		write_table(json, row->table, item, report);
	}
	json_object_close(json);
}

static void write_list(struct json *json, const struct field_row *row, const void *object,
		       const struct report *report)
{
	uint32_t count = *(const uint32_t *)field_at_const(object, row->count);
	const void *place = field_at_const(object, row->offset);
	const char *items = row->is_inline ? place : *(const char *const *)place;
	json_array_open(json);
	for (uint32_t i = 0; i < count; i++)
		write_table(json, row->table, items + i * row->list_size, report);
	json_array_close(json);
}

static void write_number(struct json *json, enum field_type type, const void *place)
{
	switch (type) {
	case FIELD_UNSIGNED:
		json_unsigned(json, *(const uint64_t *)place);
		break;
	case FIELD_UNSIGNED32:
		json_unsigned(json, *(const uint32_t *)place);
		break;
	case FIELD_MOMENT:
		if (*(const int64_t *)place == INT64_MIN)
			json_no_value(json);
		else
			json_signed(json, *(const int64_t *)place);
		break;
	case FIELD_REAL:
		json_double(json, *(const double *)place);
		break;
	case FIELD_BOOLEAN:
		json_boolean(json, *(const bool *)place);
		break;
	default:
		json_no_value(json);
	}
}

static void write_value(struct json *json, const struct field_row *row, const void *object,
			const struct report *report)
{
	const void *place = field_at_const(object, row->offset);
	char date[DATE_TEXT_MAX];
	switch (row->type) {
	case FIELD_LOOP:
		json_text(json, *(const bool *)place ? "open" : "closed");
		break;
	case FIELD_TEXT:
		json_text(json, *(const char *const *)place);
		break;
	case FIELD_DATE:
		json_text(json, date_format_ms(*(const int64_t *)place, date));
		break;
	case FIELD_OUTCOME:
		json_text(json, outcome_name(*(const enum outcome *)place));
		break;
	case FIELD_PHASE:
		json_text(json, phase_name(*(const enum phase *)place));
		break;
	case FIELD_ENDPOINT:
		write_endpoint(json, place);
		break;
	case FIELD_CONSTANT:
		json_text(json, row->constant);
		break;
	case FIELD_SETTINGS:
		write_settings(json, *(const struct report_setting *const *)place,
			       *(const uint32_t *)field_at_const(object, row->count));
		break;
	case FIELD_FIGURES:
		write_figures(json, report);
		break;
	case FIELD_OBJECT:
		write_table(json, row->table, place, report);
		break;
	case FIELD_LIST:
		write_list(json, row, object, report);
		break;
	case FIELD_NAMED:
		write_named(json, row, object, report);
		break;
	default:
		write_number(json, row->type, place);
	}
}

static void write_table(struct json *json, const struct field_table *table, const void *object,
			const struct report *report)
{
	json_object_open(json);
	for (size_t i = 0; i < table->count; i++) {
		const struct field_row *row = &table->rows[i];
		bool is_applicable = field_applies(row, object);
		if (!is_applicable && row->is_left_out)
			continue;
		json_key(json, row->key);
		if (is_applicable)
			write_value(json, row, object, report);
		else
			json_no_value(json);
	}
	json_object_close(json);
}

void report_write_probe(struct json *json, const struct report_probe *probe)
{
	write_table(json, &report_probe_fields, probe, NULL);
}

void report_write_json(struct json *json, const struct report *report)
{
	write_table(json, &report_fields, report, report);
}

void report_write(const struct report *report, struct buffer *out)
{
	struct json json;
	json_init(&json, out);
	report_write_json(&json, report);
	buffer_append_text(out, "\n");
}
