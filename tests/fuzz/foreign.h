// What each target that reads another program's file does with it.
#pragma once

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "fuzz.h"
#include "metric/report_diff.h"
#include "metric/report_merge.h"
#include "metric/report_read.h"
#include "view/ctraffic.h"
#include "view/diff_text.h"
#include "view/json.h"
#include "view/report_table.h"
#include "view/sentence.h"
#include "view/text.h"

static inline void compare_with_itself(const struct report *report, struct buffer *out)
{
	static const struct text_style style = { .is_utf8 = false };
	static const struct diff_names names = { "a", "a", 0.05 };
	struct error error = { "" };
	struct diff diff;
	struct diff_side side = { { report }, 1 };
	if (report_diff(&side, &side, names.max_regress, 1, &error, &diff) == 0)
		diff_text_write(&diff, &side, &side, &names, &style, out);
	assert(!diff.has_failed);
	diff_deinit(&diff);
}

static inline void merge_with_itself(const struct report *report, struct buffer *out)
{
	struct error error = { "" };
	struct report *merged = NULL;
	const struct report *reports[] = { report, report };
	if (report_merge(reports, 2, out, &error, &merged) < 0)
		return;
	sentence_build(merged);
	json_view_write(merged, out);
	report_free(merged);
}

static inline void print_tables(const struct report *report, struct buffer *out)
{
	static const struct text_style style = { .is_utf8 = false };
	static const char *const tables[] = { "throughput",    "connections", "hosts",
					      "interruptions", "survival",    "errors" };
	struct error error = { "" };
	for (size_t i = 0; i < array_size(tables); i++)
		(void)report_table_write(report, tables[i], &style, out, &error);
	text_write(report, &style, out);
	ctraffic_write(report, out);
}

// What was read can be written, read again, shown, merged and compared.
static inline void use(struct report *report)
{
	struct error error = { "" };
	struct report *again = NULL;
	struct buffer out;
	buffer_init(&out, REPORT_FILE_MAX);
	sentence_build(report);
	json_view_write(report, &out);
	assert(out.error != 0 || report_read(buffer_text(&out), out.size, &error, &again) == 0);
	report_free(again);
	print_tables(report, &out);
	merge_with_itself(report, &out);
	compare_with_itself(report, &out);
	buffer_deinit(&out);
}

typedef int read_json(const json_t *json, struct report *report, struct error *error);

static inline int fuzz_json(const uint8_t *data, size_t size, read_json *read)
{
	struct error error = { "" };
	struct report *report = NULL;
	json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
	if (!json)
		return 0;
	if (report_new(&report) < 0)
		abort();
	if (read(json, report, &error) == 0)
		use(report);
	else
		assert(*error.text != '\0');
	report_free(report);
	json_decref(json);
	return 0;
}
