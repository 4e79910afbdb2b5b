/* Response time: what those waited who got an answer, and above it, as a band, how many got none.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "view/phrase.h"
#include "view/plot/panel.h"

#define BAND_HEIGHT 26.0
/* However few they are, they are seen. */
#define BAND_MIN   4.0
#define NONE_LABEL "no answer"

static bool has_data(const struct plot *plot)
{
	return plot->slots && plot->slots->sample_count > 0 && plot->slots->totals.scheduled > 0 &&
	       !plot_is_one_way(plot);
}

static uint64_t unanswered_of(const struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	uint64_t answered = totals->received;
	return totals->scheduled > answered ? totals->scheduled - answered : 0;
}

/* ---- the band: in each px the share of what was due and never answered, and of clients that
 * waited for answers which came later ---- */

struct band {
	const struct panel *panel;
	size_t count; /* px */
	double *unanswered;
	double *waiting;
};

static size_t px_of(const struct band *band, int64_t at_ns)
{
	double px = panel_x(band->panel, at_ns) - band->panel->left;
	size_t index = px > 0 ? (size_t)px : 0;
	return index < band->count ? index : band->count - 1;
}

/* The share of clients that are in one of the intervals; returns the unanswered of them all. */
static uint64_t add_intervals(const struct band *band, const struct report_stream *stream,
			      const struct report_intervals *intervals, double *shares)
{
	uint64_t unanswered = 0;
	double share = 1 / (double)(stream->slots ? stream->slots : 1);
	int64_t *changes = calloc(band->count + 1, sizeof(*changes));
	if (!changes)
		abort();
	for (uint32_t i = 0; i < intervals->list_count; i++) {
		const struct report_interval *interval = &intervals->list[i];
		changes[px_of(band, interval->start_ns)]++;
		changes[px_of(band, interval->end_ns) + 1]--;
		unanswered += interval->unanswered;
	}
	int64_t now = 0;
	for (size_t i = 0; i < band->count; i++) {
		now += changes[i];
		shares[i] = (double)now * share;
	}
	free(changes);
	return unanswered;
}

/* What else was given up is known by when that was; a datagram had been due a timeout before. */
static void add_samples(const struct band *band, const struct report_stream *stream)
{
	bool is_datagram = strcmp(stream->transport, "udp") == 0;
	int64_t before_ns = is_datagram ? (int64_t)band->panel->plot->report->reply_timeout_ns : 0;
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		const struct report_sample *sample = &stream->samples[i];
		int64_t end_ns = sample->at_ns - before_ns;
		double due = (double)(sample->scheduled ? sample->scheduled : 1);
		if (sample->unanswered == 0)
			continue;
		size_t last = px_of(band, end_ns);
		for (size_t k = px_of(band, end_ns - (int64_t)stream->sample_interval_ns);
		     k <= last; k++)
			band->unanswered[k] =
				fmax(band->unanswered[k], (double)sample->unanswered / due);
	}
}

static double height_of(double share)
{
	return share > 0 ? fmax(BAND_MIN, fmin(share, 1) * BAND_HEIGHT) : 0;
}

/* Boxes of the px that are alike, each from below those of `above`, NULL: from the top. */
static void draw_shares(const struct band *band, const double *shares, const double *above,
			enum ink ink)
{
	struct drawing *drawing = band->panel->plot->drawing;
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_BOXES, .ink = ink });
	for (size_t i = 0; i < band->count;) {
		size_t first = i;
		double top = above ? height_of(above[first]) : 0;
		double height = fmin(height_of(shares[first]), BAND_HEIGHT - top);
		while (i < band->count && shares[i] == shares[first] &&
		       (!above || above[i] == above[first]))
			i++;
		if (height > 0)
			drawing_box(drawing, band->panel->left + (double)first,
				    band->panel->top + top, (double)(i - first), height);
	}
}

/* A client that was interrupted did not only wait. */
static void leave_rest(const struct band *band)
{
	for (size_t i = 0; i < band->count; i++)
		band->waiting[i] = fmax(band->waiting[i] - band->unanswered[i], 0);
}

static void write_band(const struct panel *panel)
{
	const struct report_stream *stream = panel->plot->slots;
	struct band band = { .panel = panel, .count = (size_t)(panel->right - panel->left) };
	band.unanswered = calloc(2 * band.count, sizeof(*band.unanswered));
	if (!band.unanswered)
		abort();
	band.waiting = band.unanswered + band.count;
	(void)add_intervals(&band, stream, &stream->stalls, band.waiting);
	if (add_intervals(&band, stream, &stream->interruptions, band.unanswered) <
	    unanswered_of(stream))
		add_samples(&band, stream);
	leave_rest(&band);
	draw_shares(&band, band.unanswered, NULL, INK_BAD);
	draw_shares(&band, band.waiting, band.unanswered, INK_SILENT);
	free(band.unanswered);
}

/* ---- words ---- */

/* The largest p99 of a sample. */
static uint64_t worst_p99_ns(const struct report_stream *stream)
{
	uint64_t worst_ns = 0;
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		uint64_t ns = stream->samples[i].response_p99_ns;
		if (ns > worst_ns)
			worst_ns = ns;
	}
	return worst_ns;
}

static void say(const struct panel *panel)
{
	cleanup(buffer_deinit) struct buffer text;
	char count[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX], ms[UNITS_TEXT_MAX];
	const struct report_stream *stream = panel->plot->slots;
	uint64_t unanswered = unanswered_of(stream);
	uint64_t worst_ns = worst_p99_ns(stream);
	buffer_init(&text, 4096);
	if (unanswered)
		buffer_append_format(&text, "%s of %s unanswered",
				     units_format_grouped(unanswered, count),
				     units_format_grouped(stream->totals.scheduled, of));
	else
		buffer_append_format(&text, "all %s answered",
				     units_format_grouped(stream->totals.scheduled, of));
	if (worst_ns)
		buffer_append_format(&text, "; worst p99 of those answered %s ms",
				     units_format_ms(worst_ns, ms));
	struct panel_head head = { .name = "response time",
				   .unit = "p50 and p99 in ms",
				   .ink = unanswered ? INK_ALARM : INK_MUTED };
	unsigned keys = 0;
	if (stream->stalls.list_count)
		head.keys[keys++] = (struct panel_key){ INK_SILENT, "waiting" };
	if (unanswered)
		head.keys[keys] = (struct panel_key){ INK_BAD, "never answered" };
	panel_says(panel, &head, &text);
}

/* The names stand at the ends of the lines, apart from one another. */
static void name_lines(const struct panel *panel, const struct log_axis *axis)
{
	const struct report_stream *stream = panel->plot->slots;
	const struct report_sample *last = &stream->samples[stream->sample_count - 1];
	while (last > stream->samples && !last->response_p50_ns)
		last--;
	double p50 = log_axis_y(axis, last->response_p50_ns);
	double p99 = log_axis_y(axis, last->response_p99_ns);
	if (p50 - p99 < LABEL_SIZE + 1) {
		double middle = (p50 + p99) / 2;
		p50 = middle + (LABEL_SIZE + 1) / 2;
		p99 = middle - (LABEL_SIZE + 1) / 2;
	}
	panel_name_line(panel, p50, INK_GOOD, "p50");
	panel_name_line(panel, p99, INK_TEXT, "p99");
}

static void draw(const struct panel *panel)
{
	struct log_axis axis;
	panel_quantile_range(panel->plot->slots, &axis);
	axis.top = panel->top + BAND_HEIGHT + 4;
	axis.bottom = panel->bottom - 6;
	say(panel);
	panel_ground(panel);
	panel_ticks_log(panel, &axis);
	panel_label(panel, panel->top + BAND_HEIGHT / 2, NONE_LABEL);
	panel_quantiles(panel, panel->plot->slots, &axis);
	write_band(panel);
	name_lines(panel, &axis);
	panel_frame(panel);
}

const struct panel_kind panel_response = {
	.name = "response time",
	.weight = 1.1,
	.has_data = has_data,
	.draw = draw,
};
