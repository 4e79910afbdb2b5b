/* Counted rows of failures and statuses in a report: the most frequent first. */
#pragma once

#include "metric/error_rows.h"
#include "metric/report.h"

/* Moments count from `begin_ns`. */
void report_errors_fill(struct report *report, struct report_stream *stream,
			const struct error_row rows[ERROR_ROWS_MAX], uint64_t begin_ns);
void report_statuses_fill(struct report *report, struct report_stream *stream,
			  const struct status_row rows[STATUS_ROWS_MAX]);
