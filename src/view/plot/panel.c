/* See panel.h: what panels have in common. */
#include "view/plot/panel.h"

#include <math.h>
#include <stdio.h>

#include "base/units.h"

#define HEAD_SIZE 12.5
#define GAP       6.0
#define COUNT_MAX 1e15 /* beyond, exponents say more than digits */
#define KEY_SIZE  9.0

static const struct shape name_style = { .ink = INK_TEXT, .size = HEAD_SIZE, .is_bold = true };
static const struct shape unit_style = { .ink = INK_MUTED, .size = HEAD_SIZE };
static const struct shape left_label = { .ink = INK_MUTED,
					 .size = LABEL_SIZE,
					 .anchor = ANCHOR_END };

/* ---- the head ---- */

/* From right to left; returns where they begin. */
static double write_keys(const struct panel *panel, const struct panel_key *keys, double y)
{
	struct drawing *drawing = panel->plot->drawing;
	const struct shape style = { .ink = INK_MUTED, .size = LABEL_SIZE };
	double x = panel->right;
	size_t count = 0;
	while (count < PANEL_KEYS_MAX && keys[count].word)
		count++;
	while (count-- > 0) {
		x -= drawing_text_width(keys[count].word, &style);
		drawing_text(drawing, &style, (struct point){ x, y }, keys[count].word);
		x -= KEY_SIZE + 4;
		drawing_fill(drawing, keys[count].ink, (struct point){ x, y - KEY_SIZE + 1 },
			     (struct point){ x + KEY_SIZE, y + 1 });
		x -= 2 * GAP;
	}
	return x;
}

void panel_says(const struct panel *panel, const struct panel_head *head,
		const struct buffer *sentence)
{
	struct drawing *drawing = panel->plot->drawing;
	struct shape style = { .ink = head->ink, .size = HEAD_SIZE };
	double y = panel->top - GAP;
	double x = panel->left;
	double end = write_keys(panel, head->keys, y);
	drawing_text(drawing, &name_style, (struct point){ x, y }, head->name);
	x += drawing_text_width(head->name, &name_style) + GAP;
	drawing_text(drawing, &unit_style, (struct point){ x, y }, head->unit);
	x += drawing_text_width(head->unit, &unit_style) + 3 * GAP;
	drawing_text(drawing, &style, (struct point){ x, y },
		     drawing_fit_text(drawing, buffer_text(sentence), &style, end - x));
}

/* ---- the ground ---- */

static void tint_quiet_time(const struct panel *panel)
{
	const struct time_axis *time = &panel->plot->time;
	for (unsigned i = 0; i < time->count; i++) {
		if (time->segments[i].is_quiet)
			drawing_fill(panel->plot->drawing, INK_QUIET,
				     (struct point){ time->segments[i].left, panel->top },
				     (struct point){ time->segments[i].right, panel->bottom });
	}
}

void panel_ground(const struct panel *panel)
{
	const struct time_axis *time = &panel->plot->time;
	tint_quiet_time(panel);
	for (unsigned i = 0; i < time->count; i++) {
		const struct time_segment *segment = &time->segments[i];
		struct time_ticks ticks = time_axis_ticks(time, segment);
		if (segment->is_quiet)
			continue;
		for (int64_t at = ticks.first_ns; at <= segment->to_ns; at += ticks.step_ns) {
			double x = round(panel_x(panel, at)) + 0.5;
			drawing_line(panel->plot->drawing, INK_GRID,
				     (struct point){ x, panel->top },
				     (struct point){ x, panel->bottom });
		}
	}
}

void panel_frame(const struct panel *panel)
{
	struct drawing *drawing = panel->plot->drawing;
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_LINE, .ink = INK_FRAME, .size = 1 });
	drawing_point(drawing, panel->left, panel->top);
	drawing_point(drawing, panel->right, panel->top);
	drawing_point(drawing, panel->right, panel->bottom);
	drawing_point(drawing, panel->left, panel->bottom);
	drawing_point(drawing, panel->left, panel->top);
}

/* ---- labels ---- */

void panel_label(const struct panel *panel, double y, const char *text)
{
	struct drawing *drawing = panel->plot->drawing;
	drawing_text(drawing, &left_label, (struct point){ panel->left - GAP, y + LABEL_SIZE / 3 },
		     drawing_fit_text(drawing, text, &left_label, panel->left - 2 * GAP));
}

void panel_tick(const struct panel *panel, double y, const char *text)
{
	double middle = round(y) + 0.5;
	drawing_line(panel->plot->drawing, INK_GRID, (struct point){ panel->left, middle },
		     (struct point){ panel->right, middle });
	panel_label(panel, y, text);
}

void panel_ticks_log(const struct panel *panel, const struct log_axis *axis)
{
	double px_a_decade = (axis->bottom - axis->top) / (axis->high - axis->low);
	int step = px_a_decade < LABEL_SIZE + 3 ? 2 : 1;
	for (int decade = (int)ceil(axis->low); decade <= (int)floor(axis->high); decade += step) {
		char text[UNITS_TEXT_MAX];
		if (decade < 0)
			(void)snprintf(text, sizeof(text), "%.*f", -decade, pow(10, decade));
		else
			(void)units_format_grouped((uint64_t)llround(pow(10, decade)), text);
		panel_tick(panel, log_axis_y(axis, (uint64_t)(pow(10, decade) * NS_PER_MS)), text);
	}
}

/* 1, 2 or 5 times a power of ten, of which two to five are in `length`. */
static double even_step(double length)
{
	static const double factors[] = { 1, 2, 5, 10 };
	double power = pow(10, floor(log10(length)) - 1);
	for (;; power *= 10) {
		for (size_t i = 0; i < array_size(factors); i++) {
			if (length / (factors[i] * power) <= 4.5)
				return factors[i] * power;
		}
	}
}

void panel_ticks_even(const struct panel *panel, double low, double high)
{
	double step = even_step(high - low);
	double first = ceil(low / step) * step;
	int ticks = (int)floor((high - first) / step + 0.001) + 1;
	for (int i = 0; i < ticks; i++) {
		double value = first + i * step;
		char count[UNITS_TEXT_MAX];
		double y =
			panel->bottom - (value - low) / (high - low) * (panel->bottom - panel->top);
		if (step < 1 || value > COUNT_MAX)
			(void)snprintf(count, sizeof(count), "%.3g", value);
		else
			(void)units_format_grouped((uint64_t)llround(value), count);
		panel_tick(panel, y, count);
	}
}

void panel_name_line(const struct panel *panel, double y, enum ink ink, const char *text)
{
	struct shape style = { .ink = ink, .size = LABEL_SIZE };
	drawing_text(panel->plot->drawing, &style,
		     (struct point){ panel->right + GAP, y + LABEL_SIZE / 3 }, text);
}

const char *panel_time(const struct plot *plot, int64_t at_ns, char text[TIME_TEXT_MAX])
{
	return time_axis_text(&plot->time, at_ns, NS_PER_MS * 100, text);
}

/* ---- samples ---- */

/* The largest value of the samples from `first` on that share its px; returns the next one. */
static uint32_t largest_of_px(const struct panel *panel, const struct report_stream *stream,
			      uint32_t first, sample_value *value_of, uint64_t *ret_ns)
{
	double x = panel_x(panel, stream->samples[first].at_ns);
	uint32_t i = first;
	*ret_ns = 0;
	for (; i < stream->sample_count && panel_x(panel, stream->samples[i].at_ns) < x + 1; i++) {
		uint64_t ns = value_of(&stream->samples[i]);
		*ret_ns = ns > *ret_ns ? ns : *ret_ns;
	}
	return i > first ? i : first + 1;
}

void panel_line(const struct panel *panel, const struct report_stream *stream,
		const struct log_axis *axis, enum ink ink, sample_value *value_of)
{
	const struct shape line = { .kind = SHAPE_LINE, .ink = ink, .size = 1.4 };
	struct drawing *drawing = panel->plot->drawing;
	int64_t interval_ns = (int64_t)stream->sample_interval_ns;
	bool is_open = false;
	for (uint32_t i = 0; i < stream->sample_count;) {
		int64_t at_ns = stream->samples[i].at_ns;
		uint64_t ns = 0;
		i = largest_of_px(panel, stream, i, value_of, &ns);
		double y = log_axis_y(axis, ns);
		if (ns && !is_open) {
			/* So that one alone is seen, too. */
			drawing_begin(drawing, &line);
			drawing_point(drawing, panel_x(panel, at_ns - interval_ns), y);
		}
		if (ns)
			drawing_point(drawing, panel_x(panel, at_ns - interval_ns / 2), y);
		if (ns && i >= stream->sample_count)
			drawing_point(drawing, panel_x(panel, at_ns), y);
		is_open = ns > 0;
	}
}

static uint64_t p50_of(const struct report_sample *sample)
{
	return sample->response_p50_ns;
}

static uint64_t p99_of(const struct report_sample *sample)
{
	return sample->response_p99_ns;
}

void panel_quantiles(const struct panel *panel, const struct report_stream *stream,
		     const struct log_axis *axis)
{
	panel_line(panel, stream, axis, INK_GOOD, p50_of);
	panel_line(panel, stream, axis, INK_TEXT, p99_of);
}

void panel_quantile_range(const struct report_stream *stream, struct log_axis *ret)
{
	uint64_t min_ns = UINT64_MAX;
	uint64_t max_ns = 0;
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		const struct report_sample *sample = &stream->samples[i];
		if (sample->response_p50_ns && sample->response_p50_ns < min_ns)
			min_ns = sample->response_p50_ns;
		if (sample->response_p99_ns > max_ns)
			max_ns = sample->response_p99_ns;
	}
	log_axis_init(ret, min_ns, max_ns);
}
