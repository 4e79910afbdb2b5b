/* See axis.h. */
#include "view/plot/axis.h"

#include <math.h>
#include <stdio.h>

#include "base/date.h"
#include "base/units.h"

/* Incidents that take less of a run than this are drawn large, and together get so much room. */
#define COMPRESS_BELOW 0.125
#define INCIDENT_ROOM  0.7
#define SEGMENT_MIN    40.0

/* Ten years: a moment of a run can be added to any date. */
#define RUN_MAX_NS (UINT64_C(10) * 366 * 86400 * NS_PER_S)

/* Between labels. */
#define TICK_APART 76.0

/* Of a decade. */
#define LOG_MARGIN 0.2

/* ---- segments ---- */

static void add_segment(struct time_axis *axis, int64_t from_ns, int64_t to_ns, bool is_quiet)
{
	if (to_ns > from_ns)
		axis->segments[axis->count++] =
			(struct time_segment){ from_ns, to_ns, 0, 0, is_quiet };
}

static double length_of(const struct time_axis *axis, bool is_quiet)
{
	double length = 0;
	for (unsigned i = 0; i < axis->count; i++) {
		const struct time_segment *segment = &axis->segments[i];
		if (segment->is_quiet == is_quiet)
			length += (double)(segment->to_ns - segment->from_ns);
	}
	return length;
}

/* Each gets its least, the rest goes by length: most of it to the incidents. */
static void place_segments(struct time_axis *axis, double left, double right)
{
	double quiet = length_of(axis, true);
	double busy = length_of(axis, false);
	double rest = right - left - SEGMENT_MIN * axis->count;
	for (unsigned i = 0; i < axis->count; i++) {
		struct time_segment *segment = &axis->segments[i];
		double room = segment->is_quiet ? rest * (1 - INCIDENT_ROOM) / quiet
						: rest * (quiet > 0 ? INCIDENT_ROOM : 1) / busy;
		segment->left = left;
		left += SEGMENT_MIN + room * (double)(segment->to_ns - segment->from_ns);
		segment->right = left;
	}
}

static bool is_worth_it(const struct span *spans, unsigned count, int64_t end_ns)
{
	double busy = 0;
	for (unsigned i = 0; i < count; i++)
		busy += (double)(spans[i].to_ns - spans[i].from_ns);
	return busy > 0 && busy < COMPRESS_BELOW * (double)end_ns;
}

static int64_t length_ns(const struct report *report)
{
	uint64_t duration_ns = report->duration_ns ? report->duration_ns : NS_PER_S;
	return duration_ns < RUN_MAX_NS ? (int64_t)duration_ns : (int64_t)RUN_MAX_NS;
}

void time_axis_init(struct time_axis *axis, const struct report *report, double left, double right)
{
	struct span spans[INCIDENTS_MAX];
	unsigned count = incidents_find(report, spans);
	int64_t end_ns = length_ns(report);
	int64_t at_ns = 0;
	*axis = (struct time_axis){ .started_unix_ns = report->started_unix_ns };
	if (is_worth_it(spans, count, end_ns)) {
		for (unsigned i = 0; i < count; i++) {
			add_segment(axis, at_ns, spans[i].from_ns, true);
			add_segment(axis, spans[i].from_ns, spans[i].to_ns, false);
			at_ns = spans[i].to_ns;
		}
		add_segment(axis, at_ns, end_ns, true);
	} else {
		add_segment(axis, 0, end_ns, false);
	}
	place_segments(axis, left, right);
}

bool time_axis_is_compressed(const struct time_axis *axis)
{
	return axis->count > 1;
}

int64_t time_axis_end(const struct time_axis *axis)
{
	return axis->segments[axis->count - 1].to_ns;
}

double time_axis_x(const struct time_axis *axis, int64_t at_ns)
{
	unsigned i = 0;
	while (i + 1 < axis->count && at_ns >= axis->segments[i].to_ns)
		i++;
	const struct time_segment *segment = &axis->segments[i];
	double share =
		(double)(at_ns - segment->from_ns) / (double)(segment->to_ns - segment->from_ns);
	share = share < 0 ? 0 : share > 1 ? 1 : share;
	return segment->left + share * (segment->right - segment->left);
}

/* ---- ticks ---- */

#define MS(n)   ((int64_t)((n)*NS_PER_MS))
#define S(n)    ((int64_t)((n)*NS_PER_S))
#define HOUR(n) S((n)*3600)

static const int64_t steps[] = {
	MS(1),     MS(2),     MS(5),     MS(10),     MS(20),     MS(50),      MS(100),
	MS(200),   MS(500),   S(1),      S(2),       S(5),       S(10),       S(15),
	S(30),     S(60),     S(120),    S(300),     S(600),     S(900),      S(1800),
	HOUR(1),   HOUR(2),   HOUR(3),   HOUR(6),    HOUR(12),   HOUR(24),    HOUR(48),
	HOUR(120), HOUR(240), HOUR(720), HOUR(2400), HOUR(7200), HOUR(24000),
};

/* Ticks stand at round moments of the day, not of the run. */
static int64_t first_tick(const struct time_axis *axis, const struct time_segment *segment,
			  int64_t step_ns)
{
	int64_t rest = (axis->started_unix_ns + segment->from_ns) % step_ns;
	return segment->from_ns + (rest ? step_ns - rest : 0);
}

struct time_ticks time_axis_ticks(const struct time_axis *axis, const struct time_segment *segment)
{
	double px_a_ns =
		(segment->right - segment->left) / (double)(segment->to_ns - segment->from_ns);
	size_t i = 0;
	while (i + 1 < array_size(steps) && (double)steps[i] * px_a_ns < TICK_APART)
		i++;
	while (i > 0 && first_tick(axis, segment, steps[i]) > segment->to_ns)
		i--;
	return (struct time_ticks){ first_tick(axis, segment, steps[i]), steps[i] };
}

const char *time_axis_text(const struct time_axis *axis, int64_t at_ns, int64_t step_ns,
			   char text[TIME_TEXT_MAX])
{
	char date[DATE_TEXT_MAX];
	int64_t unix_ns = axis->started_unix_ns + at_ns;
	(void)date_format_ms(unix_ns, date);
	int digits = step_ns < MS(10) ? 3 : step_ns < MS(100) ? 2 : 1;
	if (step_ns >= S(60) && unix_ns % HOUR(24) == 0)
		(void)snprintf(text, TIME_TEXT_MAX, "%.5s", date + 5);
	else if (step_ns >= S(60))
		(void)snprintf(text, TIME_TEXT_MAX, "%.5s", date + 11);
	else if (step_ns >= S(1))
		(void)snprintf(text, TIME_TEXT_MAX, "%.8s", date + 11);
	else
		(void)snprintf(text, TIME_TEXT_MAX, "%.*s", 9 + digits, date + 11);
	return text;
}

/* ---- milliseconds ---- */

static double decades(uint64_t ns)
{
	return log10((double)(ns ? ns : 1) / NS_PER_MS);
}

void log_axis_init(struct log_axis *axis, uint64_t min_ns, uint64_t max_ns)
{
	*axis = (struct log_axis){ .low = 0, .high = 2 };
	if (max_ns == 0)
		return;
	axis->low = decades(min_ns) - LOG_MARGIN;
	axis->high = fmax(decades(max_ns) + LOG_MARGIN, axis->low + 2);
}

double log_axis_y(const struct log_axis *axis, uint64_t ns)
{
	double share = (decades(ns) - axis->low) / (axis->high - axis->low);
	share = share < 0 ? 0 : share > 1 ? 1 : share;
	return axis->bottom - share * (axis->bottom - axis->top);
}
