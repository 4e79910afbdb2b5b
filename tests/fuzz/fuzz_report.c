// A report file from anywhere: read, or refused with a sentence. What was read is written, read and
// written again the same, and every view takes it.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "fuzz.h"
#include "metric/report_latency.h"
#include "metric/report_read.h"
#include "metric/report_write.h"
#include "view/csv.h"
#include "view/ctraffic.h"
#include "view/hdr_log.h"
#include "view/junit.h"
#include "view/markdown.h"
#include "view/plot/plot.h"
#include "view/sentence.h"
#include "view/text.h"

static void show(struct report *report)
{
	static const struct text_style style = { .is_utf8 = false };
	static void (*const views[])(const struct report *report, struct buffer *out) = {
		ctraffic_write,    csv_write_samples, csv_write_connections,
		csv_write_figures, hdr_log_write,     junit_write,
		markdown_write,    plot_write_svg,    plot_write_html,
	};
	struct buffer out;
	buffer_init(&out, REPORT_FILE_MAX);
	text_write(report, &style, &out);
	for (size_t i = 0; i < array_size(views); i++)
		views[i](report, &out);
	sentence_build(report);
	text_write(report, &style, &out);
	buffer_deinit(&out);
}

static void unpack(const struct report *report)
{
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	assert(hist != NULL);
	hist_init(hist, HIST_STREAM_RANGE);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		for (int k = 0; k < LATENCY_COUNT; k++) {
			const struct report_latency *latency = &report->streams[i].latency[k];
			struct error error = { "" };
			if (report_latency_hist(latency, &error, hist) < 0)
				assert(hist->count == 0 && *error.text != '\0');
			assert(hist_percentile(hist, 99) <= hist->highest);
			hist_clear(hist);
		}
	}
	free(hist);
}

static void write_again(const struct report *report)
{
	struct error error;
	struct report *again = NULL;
	struct buffer first;
	struct buffer second;
	buffer_init(&first, REPORT_FILE_MAX);
	buffer_init(&second, REPORT_FILE_MAX);
	report_write(report, &first);
	assert(first.error == 0);
	assert(report_read(buffer_text(&first), first.size, &error, &again) == 0);
	report_write(again, &second);
	assert(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
	report_free(again);
	buffer_deinit(&first);
	buffer_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = { "" };
	struct report *report = NULL;
	if (report_read((const char *)data, size, &error, &report) < 0) {
		assert(*error.text != '\0' && report == NULL);
		return 0;
	}
	if (!report->headline)
		sentence_build(report);
	write_again(report);
	show(report);
	unpack(report);
	report_free(report);
	return 0;
}
