/* See report_read.h. Everything is copied into the report's arena; jansson's tree is gone when
 * these functions return. */
#include "metric/report_read.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "metric/ctraffic_read.h"
#include "metric/hdr_log_read.h"
#include "metric/iperf3_read.h"
#include "metric/report_fields.h"

/* What numbers may be, so that sums and differences of two never overflow. */
#define NUMBER_MAX (INT64_C(1) << 62)
#define MOMENT_MAX (INT64_C(1) << 61)

struct reader {
	struct arena *arena;
	struct error *error;
};

static int read_table(const struct reader *reader, const struct field_table *table,
		      const json_t *json, void *object);

static int wrong(const struct reader *reader, const char *key, const char *what)
{
	return error_set(reader->error, EINVAL, "not a valid report: \"%s\" is not %s", key, what);
}

static int read_integer(const struct reader *reader, const char *key, const json_t *json,
			int64_t limits[2], int64_t *ret)
{
	if (!json_is_integer(json))
		return wrong(reader, key, "a whole number");
	*ret = json_integer_value(json);
	return *ret < limits[0] || *ret > limits[1] ? wrong(reader, key, "in its range") : 0;
}

static int read_number(const struct reader *reader, const struct field_row *row, const json_t *json,
		       void *place)
{
	int64_t value = 0;
	int failure = 0;
	if (row->type == FIELD_MOMENT) {
		failure = read_integer(reader, row->key, json,
				       (int64_t[]){ -MOMENT_MAX, MOMENT_MAX }, place);
	} else if (row->type == FIELD_UNSIGNED32) {
		failure =
			read_integer(reader, row->key, json, (int64_t[]){ 0, UINT32_MAX }, &value);
		*(uint32_t *)place = (uint32_t)value;
	} else {
		failure =
			read_integer(reader, row->key, json, (int64_t[]){ 0, NUMBER_MAX }, &value);
		*(uint64_t *)place = (uint64_t)value;
	}
	return failure;
}

static enum phase phase_find(const char *name)
{
	enum phase phase = 0;
	while (phase < PHASE_COUNT && strcmp(phase_name(phase), name) != 0)
		phase++;
	return phase;
}

/* Fields that are text in JSON. */
static int read_text(const struct reader *reader, const struct field_row *row, const json_t *json,
		     void *place)
{
	const char *text = json_string_value(json);
	if (!text)
		return wrong(reader, row->key, "text");
	switch (row->type) {
	case FIELD_LOOP:
		*(bool *)place = strcmp(text, "open") == 0;
		return 0;
	case FIELD_DATE:
		return date_parse_ms(text, place) == 0 ? 0 : wrong(reader, row->key, "a date");
	case FIELD_OUTCOME:
		*(enum outcome *)place = outcome_find(text);
		return *(enum outcome *)place < OUTCOME_COUNT ? 0
							      : wrong(reader, row->key, "known");
	case FIELD_PHASE:
		*(enum phase *)place = phase_find(text);
		return *(enum phase *)place < PHASE_COUNT ? 0 : wrong(reader, row->key, "known");
	case FIELD_ENDPOINT:
		return endpoint_parse(text, 0, place) == 0 ? 0
							   : wrong(reader, row->key, "an address");
	default:
		*(const char **)place = arena_text(reader->arena, text);
		return 0;
	}
}

static int read_setting(const struct reader *reader, const char *name, const json_t *value,
			struct report_setting *ret)
{
	if (!json_is_string(value))
		return wrong(reader, name, "text");
	ret->name = arena_text(reader->arena, name);
	ret->value = arena_text(reader->arena, json_string_value(value));
	return 0;
}

static size_t count_settings(const json_t *json)
{
	size_t count = 0;
	for (void *i = json_object_iter((json_t *)json); i;
	     i = json_object_iter_next((json_t *)json, i)) {
		const json_t *value = json_object_iter_value(i);
		count += json_is_array(value) ? json_array_size(value) : 1;
	}
	return count;
}

static int read_settings(const struct reader *reader, const struct field_row *row, json_t *json,
			 void *object)
{
	struct report_setting **settings = field_at(object, row->offset);
	uint32_t *count = field_at(object, row->count);
	const char *name = NULL;
	json_t *value = NULL;
	int failure = 0;
	if (!json_is_object(json))
		return wrong(reader, row->key, "an object");
	size_t total = count_settings(json);
	if (total > row->list_max)
		return wrong(reader, row->key, "so short as it has to be");
	*settings = arena_take_array(reader->arena, total, sizeof(**settings));
	json_object_foreach(json, name, value)
	{
		size_t items = json_is_array(value) ? json_array_size(value) : 1;
		for (size_t i = 0; i < items && failure == 0; i++) {
			const json_t *item =
				json_is_array(value) ? json_array_get(value, i) : value;
			failure = read_setting(reader, name, item, &(*settings)[(*count)++]);
		}
	}
	return failure;
}

static int read_list(const struct reader *reader, const struct field_row *row, const json_t *json,
		     void *object)
{
	uint32_t *count = field_at(object, row->count);
	void *place = field_at(object, row->offset);
	char *items = place;
	int failure = 0;
	if (!json_is_array(json))
		return wrong(reader, row->key, "a list");
	if (json_array_size(json) > row->list_max)
		return wrong(reader, row->key, "so short as it has to be");
	*count = (uint32_t)json_array_size(json);
	if (!row->is_inline) {
		items = arena_take_array(reader->arena, *count, row->list_size);
		*(void **)place = items;
	}
	for (uint32_t i = 0; i < *count && failure == 0; i++)
		failure = read_table(reader, row->table, json_array_get(json, i),
				     items + i * row->list_size);
	return failure;
}

static int read_named(const struct reader *reader, const struct field_row *row, json_t *json,
		      void *object)
{
	uint32_t *count = field_at(object, row->count);
	const char *name = NULL;
	json_t *value = NULL;
	int failure = 0;
	if (!json_is_object(json))
		return wrong(reader, row->key, "an object");
	if (json_object_size(json) > row->list_max)
		return wrong(reader, row->key, "so short as it has to be");
	char *item = arena_take_array(reader->arena, json_object_size(json), row->list_size);
	*(void **)field_at(object, row->offset) = item;
	json_object_foreach(json, name, value)
	{
		if (failure == 0)
			failure = read_table(reader, row->table, value, item);
		*(const char **)(void *)item = *name ? arena_text(reader->arena, name) : NULL;
		item += row->list_size;
		(*count)++;
	}
	return failure;
}

static int read_value(const struct reader *reader, const struct field_row *row, json_t *json,
		      void *object)
{
	void *place = field_at(object, row->offset);
	switch (row->type) {
	case FIELD_UNSIGNED:
	case FIELD_UNSIGNED32:
	case FIELD_MOMENT:
		return read_number(reader, row, json, place);
	case FIELD_REAL:
		*(double *)place = json_number_value(json);
		return json_is_number(json) ? 0 : wrong(reader, row->key, "a number");
	case FIELD_BOOLEAN:
		*(bool *)place = json_is_true(json);
		return json_is_boolean(json) ? 0 : wrong(reader, row->key, "true or false");
	case FIELD_SETTINGS:
		return read_settings(reader, row, json, object);
	case FIELD_OBJECT:
		return read_table(reader, row->table, json, place);
	case FIELD_LIST:
		return read_list(reader, row, json, object);
	case FIELD_NAMED:
		return read_named(reader, row, json, object);
	case FIELD_CONSTANT:
	case FIELD_FIGURES:
		return 0;
	default:
		return read_text(reader, row, json, place);
	}
}

static int read_field(const struct reader *reader, const struct field_row *row, json_t *json,
		      void *object)
{
	bool is_given = json && !json_is_null(json);
	if (!is_given && row->is_required)
		return error_set(reader->error, EINVAL, "not a valid report: it has no \"%s\"",
				 row->key);
	if (row->type == FIELD_MOMENT)
		*(int64_t *)field_at(object, row->offset) = INT64_MIN;
	if (!is_given)
		return 0;
	if (row->flag)
		*(bool *)field_at(object, row->flag - 1) = true;
	return read_value(reader, row, json, object);
}

static int read_table(const struct reader *reader, const struct field_table *table,
		      const json_t *json, void *object)
{
	int failure = 0;
	if (!json_is_object(json))
		return error_set(reader->error, EINVAL,
				 "not a valid report: the place of \"%s\" has no object",
				 table->rows[0].key);
	for (size_t i = 0; i < table->count && failure == 0; i++) {
		const struct field_row *row = &table->rows[i];
		failure = read_field(reader, row, json_object_get(json, row->key), object);
	}
	return failure;
}

/* JSON files that people have around, by keys that only they have; some can be read. */
static const struct {
	const char *key;
	const char *other_key;
	const char *what;
	int (*read)(const json_t *json, struct report *report, struct error *error);
} foreign[] = {
	{ "FailedConnections", "Sent", "a ctraffic statistics file", ctraffic_read },
	{ "intervals", "start", "an iperf3 result", iperf3_read },
	{ "failed_connects", "hosts", "an mconnect statistics file", NULL },
	{ "event", "at_ns", "one line of a conntest event stream (-o ndjson)", NULL },
	{ "event", "data", "one line of iperf3's --json-stream", NULL },
	{ "metrics", "root_group", "a k6 summary", NULL },
	{ "latencies", "status_codes", "a vegeta report", NULL },
};

static int read_foreign(const json_t *json, struct report *report, struct error *error)
{
	for (size_t i = 0; i < array_size(foreign); i++) {
		if (!json_object_get(json, foreign[i].key) ||
		    !json_object_get(json, foreign[i].other_key))
			continue;
		if (foreign[i].read)
			return foreign[i].read(json, report, error);
		return error_set(error, EINVAL, "%s, not a report", foreign[i].what);
	}
	return error_set(error, EINVAL, "JSON, but not a conntest report");
}

/* Every stream of one of ping is a target, as those who show it rely on. */
static int check_ping(const struct report *report, struct error *error)
{
	for (uint32_t i = 0; i < report->stream_count && report_is_ping(report); i++) {
		const struct report_stream *stream = &report->streams[i];
		if (!stream->has_ping || !stream->target)
			return error_set(error, EINVAL,
					 "not a valid report: \"%s\" is no target of ping",
					 stream->name);
	}
	return 0;
}

static int read_json(const json_t *json, struct report *report, struct error *error)
{
	const char *schema = json_string_value(json_object_get(json, "schema"));
	size_t family = strlen(REPORT_SCHEMA) - 1;
	struct reader reader = { .arena = &report->arena, .error = error };
	if (schema && strcmp(schema, REPORT_SCHEMA) == 0) {
		int failure = read_table(&reader, &report_fields, json, report);
		return failure == 0 ? check_ping(report, error) : failure;
	}
	if (schema && strncmp(schema, REPORT_SCHEMA, family) == 0)
		return error_set(error, EINVAL,
				 "a report of another version (%.40s); this conntest reads %s",
				 schema, REPORT_SCHEMA);
	return read_foreign(json, report, error);
}

/* Of text that is not JSON: an object whose end is missing, wherever it was cut. */
static bool is_cut_off(const char *text, size_t size, const json_error_t *json_error)
{
	while (size > 0 && strchr(" \r\n\t", text[size - 1]))
		size--;
	return size > 0 && text[0] == '{' &&
	       (json_error_code(json_error) == json_error_premature_end_of_input ||
		text[size - 1] != '}');
}

static int not_json(const char *text, size_t size, const json_error_t *json_error,
		    struct error *error)
{
	static const char event[] = "{\"event\":";
	if (json_error_code(json_error) == json_error_out_of_memory)
		return error_set(error, ENOMEM, "too large for the memory there is");
	if (size > strlen(event) && memcmp(text, event, strlen(event)) == 0)
		return error_set(
			error, EINVAL,
			"a conntest event stream (-o ndjson); the report is in its last line");
	if (is_cut_off(text, size, json_error))
		return error_set(error, EINVAL, "cut off: it ends in the middle of the report");
	return error_set(error, EINVAL, "not JSON (line %d, column %d)", json_error->line,
			 json_error->column);
}

static void json_free(json_t **json)
{
	json_decref(*json);
}

/* iperf3 writes -1 as 2^64-1, which is no integer of jansson's. */
static json_t *load(const char *text, size_t size, json_error_t *json_error)
{
	json_t *json = json_loadb(text, size, 0, json_error);
	if (!json && json_error_code(json_error) == json_error_numeric_overflow)
		json = json_loadb(text, size, JSON_DECODE_INT_AS_REAL, json_error);
	return json;
}

static int read_text_of_json(const char *text, size_t size, struct report *report,
			     struct error *error)
{
	json_error_t json_error;
	cleanup(json_free) json_t *json = load(text, size, &json_error);
	return json ? read_json(json, report, error) : not_json(text, size, &json_error, error);
}

int report_read(const char *text, size_t size, struct error *error, struct report **ret)
{
	struct report *report = NULL;
	if (size == 0)
		return error_set(error, EINVAL, "empty");
	int failure = report_new(&report);
	if (failure < 0)
		return failure;
	failure = hdr_log_is_one(text, size) ? hdr_log_read(text, size, report, error)
					     : read_text_of_json(text, size, report, error);
	if (failure < 0) {
		report_free(report);
		return failure;
	}
	*ret = report;
	return 0;
}

static void file_close(FILE **file)
{
	if (*file && *file != stdin)
		(void)fclose(*file);
}

static int read_whole(const char *path, struct buffer *ret)
{
	cleanup(file_close) FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char block[16384];
	size_t size = 0;
	if (!file)
		return -errno;
	do {
		size = fread(block, 1, sizeof(block), file);
		buffer_append(ret, block, size);
	} while (size == sizeof(block) && ret->error == 0);
	return ferror(file) ? -errno : ret->error;
}

int report_read_file(const char *path, struct error *error, struct report **ret)
{
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, REPORT_FILE_MAX);
	int failure = read_whole(path, &text);
	if (failure == -EFBIG)
		failure = error_set(error, EFBIG, "larger than a report can be: 64 MiB");
	else if (failure < 0)
		failure = error_set(error, -failure, "%s", strerror(-failure));
	else
		failure = report_read(buffer_text(&text), text.size, error, ret);
	if (failure < 0)
		error_prefix(error, "%s", path);
	return failure;
}
