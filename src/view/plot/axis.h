/* From numbers to places: time from left to right, milliseconds from bottom to top. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/report.h"
#include "view/plot/drawing.h"
#include "view/plot/incidents.h"

/* Time is even. Only where all that happened takes a small part of a long run are the quiet parts
 * compressed: within a segment it stays even, and each is marked as what it is. */
struct time_segment {
	int64_t from_ns;
	int64_t to_ns;
	double left;
	double right;
	bool is_quiet;
};
#define TIME_SEGMENTS_MAX (2 * INCIDENTS_MAX + 1)

struct time_axis {
	struct time_segment segments[TIME_SEGMENTS_MAX];
	unsigned count;
	int64_t started_unix_ns;
};

void time_axis_init(struct time_axis *axis, const struct report *report, double left, double right);
/* A moment outside the run is at its edge. */
double time_axis_x(const struct time_axis *axis, int64_t at_ns);
int64_t time_axis_end(const struct time_axis *axis);
bool time_axis_is_compressed(const struct time_axis *axis);

/* The ticks of one segment that is not quiet, one at least where a round moment is in it: the first
 * of them and the step to the next. */
struct time_ticks {
	int64_t first_ns;
	int64_t step_ns;
};
struct time_ticks time_axis_ticks(const struct time_axis *axis, const struct time_segment *segment);
/* "07:11:21", "07:11:21.25", "07:11", "11-21": as the step needs it. */
#define TIME_TEXT_MAX 48
const char *time_axis_text(const struct time_axis *axis, int64_t at_ns, int64_t step_ns,
			   char text[TIME_TEXT_MAX]);

/* Decades of milliseconds: two at least. */
struct log_axis {
	double low; /* 10^low ms at the bottom */
	double high;
	double top;
	double bottom;
};
/* Around the values from min_ns to max_ns; 0, 0: there are none. */
void log_axis_init(struct log_axis *axis, uint64_t min_ns, uint64_t max_ns);
/* Values outside are at the edge. */
double log_axis_y(const struct log_axis *axis, uint64_t ns);
