#include "metric/report_errors.h"

#include <stdlib.h>

static int compare_errors(const void *left, const void *right)
{
	const struct report_error *a = left;
	const struct report_error *b = right;
	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

void report_errors_fill(struct report *report, struct report_stream *stream,
			const struct error_row rows[ERROR_ROWS_MAX], uint64_t begin_ns)
{
	stream->errors = arena_take_array(&report->arena, ERROR_ROWS_MAX, sizeof(*stream->errors));
	for (int i = 0; i < ERROR_ROWS_MAX; i++) {
		const struct error_row *row = &rows[i];
		if (row->count == 0)
			continue;
		stream->errors[stream->error_count++] = (struct report_error){
			.phase = row->phase,
			.outcome = row->outcome,
			.code = row->code,
			.count = row->count,
			.first_ns = (int64_t)(row->first_ns - begin_ns),
			.last_ns = (int64_t)(row->last_ns - begin_ns),
			.why = row->why[0] ? arena_text(&report->arena, row->why) : NULL,
		};
	}
	qsort(stream->errors, stream->error_count, sizeof(*stream->errors), compare_errors);
}

static int compare_statuses(const void *left, const void *right)
{
	const struct report_status *a = left;
	const struct report_status *b = right;
	return (a->count < b->count) - (a->count > b->count);
}

void report_statuses_fill(struct report *report, struct report_stream *stream,
			  const struct status_row rows[STATUS_ROWS_MAX])
{
	stream->statuses =
		arena_take_array(&report->arena, STATUS_ROWS_MAX, sizeof(*stream->statuses));
	for (int i = 0; i < STATUS_ROWS_MAX; i++)
		if (rows[i].count > 0)
			stream->statuses[stream->status_count++] =
				(struct report_status){ rows[i].code, rows[i].count };
	qsort(stream->statuses, stream->status_count, sizeof(*stream->statuses), compare_statuses);
}
