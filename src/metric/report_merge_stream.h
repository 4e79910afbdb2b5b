/* The part of report_merge.h that makes one stream of those that bear one name. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "metric/report.h"

struct merge {
	struct report *into; /* started_unix_ns and duration_ns are settled */
	const struct report *const *reports;
	size_t count;
};

/* How much later the report's moments are in the merged one. */
int64_t merge_shift_ns(const struct merge *merge, size_t report);
/* INT64_MIN, which is none, stays. */
int64_t merge_moment(int64_t moment_ns, int64_t shift_ns);
/* The number that the report's slot 0 of this stream gets. */
uint32_t merge_first_slot(const struct merge *merge, size_t report, const char *stream);

/* Adds up. */
void merge_survival(uint64_t into[SURVIVAL_COUNT], const uint64_t from[SURVIVAL_COUNT]);
/* Of report_merge_lists.c: backends, errors and statuses of the stream, the worst first. */
void merge_lists(const struct merge *merge, struct report_stream *stream);

void merge_streams(struct report *into, const struct report *const *reports, size_t count,
		   struct buffer *notes);
