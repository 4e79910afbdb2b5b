/* See picture.h. */
#include "view/plot/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/date.h"
#include "base/units.h"
#include "metric/report_write.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/plot/panel.h"
#include "view/plot/streams.h"

#define EDGE         16.0
#define LEFT         96.0
#define RIGHT        38.0
#define HEAD_HEIGHT  21.0
#define PANEL_GAP    13.0
#define AXIS_HEIGHT  40.0
#define TITLE_SIZE   18.0
#define ORIGIN_SIZE  10.5
#define TICK_GAP     6.0
#define MARK_HEIGHT  14.0
#define MARK_ROWS    2
#define MARK_WIDTH   300.0
#define MARK_GAP     10.0
#define EMPTY_WEIGHT 0.15
#define PANEL_MOST   220.0
#define PANEL_HEIGHT 140.0 /* on a page that is as long as it wants */
#define NOTHING      "There is nothing to draw: the run has no samples."

static const struct panel_kind *const kinds[] = {
	&panel_states, &panel_attempts, &panel_response,   &panel_bytes,      &panel_intervals,
	&panel_phases, &panel_probes,   &panel_throughput, &panel_round_trip, &panel_retransmits,
};
#define KINDS_OF_PICTURE 7

/* ---- what there is to draw ---- */

void picture_time(const struct report *report, struct time_axis *ret)
{
	time_axis_init(ret, report, LEFT, PICTURE_WIDTH - RIGHT);
}

static void plot_init(struct plot *plot, const struct report *report, struct drawing *drawing)
{
	*plot = (struct plot){ .report = report, .drawing = drawing };
	picture_time(report, &plot->time);
	plot->slots = streams_add(plot, "slots");
	plot->attempts = streams_add(plot, "attempts");
	plot->path = streams_add(plot, "probes");
	plot->served = streams_add(plot, "service");
}

/* ---- the head ---- */

/* A text over at most two lines; returns the base line of the last. */
static double write_wrapped(struct drawing *drawing, const struct shape *style, double y,
			    const char *text)
{
	double room = PICTURE_WIDTH - 2 * EDGE;
	const char *cut = NULL;
	for (const char *blank = strchr(text, ' '); blank; blank = strchr(blank + 1, ' ')) {
		const char *part = arena_format(&drawing->arena, "%.*s", (int)(blank - text), text);
		if (drawing_text_width(part, style) <= room)
			cut = blank;
	}
	if (drawing_text_width(text, style) <= room || !cut) {
		drawing_text(drawing, style, (struct point){ EDGE, y },
			     drawing_fit_text(drawing, text, style, room));
		return y;
	}
	drawing_text(drawing, style, (struct point){ EDGE, y },
		     arena_format(&drawing->arena, "%.*s", (int)(cut - text), text));
	y += style->size * 1.3;
	drawing_text(drawing, style, (struct point){ EDGE, y },
		     drawing_fit_text(drawing, cut + 1, style, room));
	return y;
}

static double write_title(const struct report *report, struct drawing *drawing)
{
	static const struct shape title = { .ink = INK_TEXT, .size = TITLE_SIZE, .is_bold = true };
	static const struct shape line = { .ink = INK_MUTED, .size = 12 };
	double y = write_wrapped(drawing, &title, EDGE + TITLE_SIZE * 0.8, report->result);
	y = write_wrapped(drawing, &line, y + 21, report->headline);
	return write_wrapped(drawing, &line, y + 17,
			     arena_format(&drawing->arena, "Trust: %s; measured from %s",
					  report->trust,
					  report->host_name ? report->host_name : "?"));
}

/* ---- the time axis ---- */

static const struct shape time_label = { .ink = INK_MUTED,
					 .size = LABEL_SIZE,
					 .anchor = ANCHOR_MIDDLE };

/* Apart from one another, and beside quiet time within their own segment. */
static void write_segment_ticks(const struct plot *plot, const struct time_segment *segment,
				double y)
{
	struct time_ticks ticks = time_axis_ticks(&plot->time, segment);
	bool is_inside = time_axis_is_compressed(&plot->time);
	double free_from = is_inside ? segment->left : 0;
	for (int64_t at = ticks.first_ns; at <= segment->to_ns; at += ticks.step_ns) {
		char text[TIME_TEXT_MAX];
		double x = time_axis_x(&plot->time, at);
		(void)time_axis_text(&plot->time, at, ticks.step_ns, text);
		double half = drawing_text_width(text, &time_label) / 2;
		if (x - half < free_from || (is_inside && x + half > segment->right))
			continue;
		drawing_text(plot->drawing, &time_label, (struct point){ x, y }, text);
		free_from = x + half + TICK_GAP;
	}
}

/* "2 h 5 min" */
static const char *length_text(int64_t ns, char text[PHRASE_MAX])
{
	unsigned long long seconds = (unsigned long long)ns / NS_PER_S;
	if (seconds >= 7200)
		(void)snprintf(text, PHRASE_MAX, "%llu h %llu min", seconds / 3600,
			       seconds / 60 % 60);
	else if (seconds >= 120)
		(void)snprintf(text, PHRASE_MAX, "%llu min", seconds / 60);
	else
		(void)snprintf(text, PHRASE_MAX, "%llu s", seconds);
	return text;
}

static void write_quiet_length(const struct plot *plot, const struct time_segment *segment,
			       double y)
{
	char text[PHRASE_MAX];
	(void)length_text(segment->to_ns - segment->from_ns, text);
	if (drawing_text_width(text, &time_label) < segment->right - segment->left)
		drawing_text(plot->drawing, &time_label,
			     (struct point){ (segment->left + segment->right) / 2, y }, text);
}

static void write_zone(const struct plot *plot, double y)
{
	static const struct shape label = { .ink = INK_MUTED, .size = LABEL_SIZE };
	char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
	int64_t started = plot->time.started_unix_ns;
	(void)date_format_ms(started, first);
	(void)date_format_ms(started + time_axis_end(&plot->time), last);
	bool is_one_day = strncmp(first, last, 10) == 0;
	drawing_text(plot->drawing, &label, (struct point){ LEFT, y },
		     arena_format(&plot->drawing->arena, "UTC on %.10s%s%.10s%s", first,
				  is_one_day ? "" : " to ", is_one_day ? "" : last,
				  time_axis_is_compressed(&plot->time)
					  ? "; grey: time in which nothing happened, drawn "
					    "narrower, its length below"
					  : ""));
}

static void write_time_axis(const struct plot *plot, double y)
{
	for (unsigned i = 0; i < plot->time.count; i++) {
		const struct time_segment *segment = &plot->time.segments[i];
		if (segment->is_quiet)
			write_quiet_length(plot, segment, y + 14);
		else
			write_segment_ticks(plot, segment, y + 14);
	}
	write_zone(plot, y + 31);
}

/* ---- marks ---- */

static enum anchor anchor_at(double x)
{
	return x < (LEFT + PICTURE_WIDTH - RIGHT) / 2 ? ANCHOR_START : ANCHOR_END;
}

static double mark_x(const struct plot *plot, const struct report_mark *mark)
{
	return round(time_axis_x(&plot->time, mark->at_ns)) + 0.5;
}

/* Through a panel, and not through the words above it. */
static void draw_mark_lines(const struct plot *plot, double top, double bottom)
{
	struct drawing *drawing = plot->drawing;
	for (uint32_t i = 0; i < plot->report->mark_count; i++) {
		double x = mark_x(plot, &plot->report->marks[i]);
		drawing_begin(drawing, &(struct shape){ .kind = SHAPE_LINE,
							.ink = INK_TEXT,
							.size = 1,
							.is_dashed = true });
		drawing_point(drawing, x, top);
		drawing_point(drawing, x, bottom);
	}
}

static unsigned mark_rows(const struct plot *plot)
{
	return plot->report->mark_count < MARK_ROWS ? plot->report->mark_count : MARK_ROWS;
}

/* The names stand above the panels in rows of their own; one that has room in none is left out. */
static void name_marks(const struct plot *plot, double top)
{
	struct drawing *drawing = plot->drawing;
	double free_from[MARK_ROWS] = { EDGE, EDGE };
	for (uint32_t i = 0; i < plot->report->mark_count; i++) {
		const struct report_mark *mark = &plot->report->marks[i];
		double x = mark_x(plot, mark);
		struct shape style = { .ink = INK_TEXT,
				       .size = LABEL_SIZE,
				       .anchor = anchor_at(x) };
		bool is_right = style.anchor == ANCHOR_START;
		const char *name = drawing_fit_text(drawing, mark->name, &style, MARK_WIDTH);
		double width = drawing_text_width(name, &style);
		double from = is_right ? x : x - width;
		unsigned row = 0;
		while (row < mark_rows(plot) && from < free_from[row])
			row++;
		if (row == mark_rows(plot))
			continue;
		drawing_text(drawing, &style,
			     (struct point){ x, top + LABEL_SIZE + MARK_HEIGHT * row }, name);
		free_from[row] = from + width + MARK_GAP;
	}
}

/* ---- panels ---- */

static void choose(const struct plot *plot, size_t count, bool ret[array_size(kinds)])
{
	for (size_t i = 0; i < count; i++)
		ret[i] = kinds[i]->has_data(plot);
}

/* A panel in which nothing happened needs little room to say so. */
static double weight_of(const struct plot *plot, const struct panel_kind *kind)
{
	return kind->is_empty && kind->is_empty(plot) ? EMPTY_WEIGHT : kind->weight;
}

/* From `top` down; returns the end of the last. */
static double draw_panels(struct plot *plot, size_t end, double top, double bottom)
{
	bool is_drawn[array_size(kinds)] = { false };
	double weight = 0;
	double heads = 0;
	choose(plot, end, is_drawn);
	for (size_t i = 0; i < end; i++) {
		weight += is_drawn[i] ? weight_of(plot, kinds[i]) : 0;
		heads += is_drawn[i] ? HEAD_HEIGHT + PANEL_GAP : 0;
	}
	double room = fmin(bottom - top - heads, weight * PANEL_MOST);
	for (size_t i = 0; i < end; i++) {
		if (!is_drawn[i])
			continue;
		struct panel panel = { .plot = plot,
				       .left = LEFT,
				       .right = PICTURE_WIDTH - RIGHT,
				       .top = top + HEAD_HEIGHT };
		panel.bottom = panel.top + room * weight_of(plot, kinds[i]) / weight;
		kinds[i]->draw(&panel);
		draw_mark_lines(plot, panel.top, panel.bottom);
		top = panel.bottom + PANEL_GAP;
	}
	return top - PANEL_GAP;
}

static void write_origin(const struct report *report, struct drawing *drawing)
{
	static const struct shape style = { .ink = INK_MUTED, .size = ORIGIN_SIZE };
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, CLAUSES_MAX);
	picture_origin(report, &text);
	drawing_text(
		drawing, &style, (struct point){ EDGE, PICTURE_HEIGHT - 10 },
		drawing_fit_text(drawing, buffer_text(&text), &style, PICTURE_WIDTH - 2 * EDGE));
}

static void say_nothing(struct drawing *drawing, double y)
{
	static const struct shape style = { .ink = INK_MUTED, .size = 14 };
	drawing_text(drawing, &style, (struct point){ LEFT, y }, NOTHING);
}

static bool has_panels(const struct plot *plot, size_t end)
{
	bool is_drawn[array_size(kinds)] = { false };
	bool is_any = false;
	choose(plot, end, is_drawn);
	for (size_t i = 0; i < end; i++)
		is_any |= is_drawn[i];
	return is_any;
}

/* The first `end` panels with the time below and marks through them. */
static void draw_page(struct plot *plot, size_t end, double top, double bottom)
{
	if (!has_panels(plot, end)) {
		say_nothing(plot->drawing, top + 20);
		return;
	}
	name_marks(plot, top);
	bottom = draw_panels(plot, end, top + MARK_HEIGHT * mark_rows(plot), bottom);
	write_time_axis(plot, bottom);
}

void picture_draw(const struct report *report, struct drawing *drawing)
{
	struct plot plot;
	drawing_init(drawing, PICTURE_WIDTH, PICTURE_HEIGHT);
	plot_init(&plot, report, drawing);
	double top = write_title(report, drawing) + 10;
	draw_page(&plot, KINDS_OF_PICTURE, top, PICTURE_HEIGHT - AXIS_HEIGHT - 22);
	write_origin(report, drawing);
}

void picture_draw_all(const struct report *report, struct drawing *drawing)
{
	struct plot plot;
	bool is_drawn[array_size(kinds)] = { false };
	double height = AXIS_HEIGHT + 20 + MARK_ROWS * MARK_HEIGHT;
	drawing_init(drawing, PICTURE_WIDTH, 0);
	plot_init(&plot, report, drawing);
	choose(&plot, array_size(kinds), is_drawn);
	for (size_t i = 0; i < array_size(kinds); i++)
		height += is_drawn[i] ? PANEL_HEIGHT * weight_of(&plot, kinds[i]) + HEAD_HEIGHT +
						PANEL_GAP
				      : 0;
	drawing->height = height;
	draw_page(&plot, array_size(kinds), 2, height - AXIS_HEIGHT);
}

/* ---- words ---- */

static void write_contents(const struct report *report, size_t end, struct buffer *out)
{
	struct drawing drawing;
	struct plot plot;
	struct clauses clauses;
	bool is_drawn[array_size(kinds)] = { false };
	drawing_init(&drawing, PICTURE_WIDTH, PICTURE_HEIGHT);
	plot_init(&plot, report, &drawing);
	choose(&plot, end, is_drawn);
	clauses_init(&clauses, out, ", ");
	for (size_t i = 0; i < end; i++)
		if (is_drawn[i])
			buffer_append_text(clauses_next(&clauses), kinds[i]->name);
	if (!clauses.has_one)
		buffer_append_text(out, "nothing, since the run has no samples");
	drawing_deinit(&drawing);
}

void picture_contents(const struct report *report, struct buffer *out)
{
	write_contents(report, KINDS_OF_PICTURE, out);
}

void picture_contents_all(const struct report *report, struct buffer *out)
{
	write_contents(report, array_size(kinds), out);
}

/* How exact the times are: the sending interval of a client. */
static void write_resolution(const struct report *report, struct buffer *out)
{
	char exact[PHRASE_MAX], interval[PHRASE_MAX];
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (strcmp(stream->kind, "slots") != 0 || !stream->schedule.interval_ns)
			continue;
		buffer_append_format(out, "; times %s s (one message per %s and %s)",
				     phrase_resolution(stream->schedule.interval_ns, exact),
				     phrase_interval(stream->schedule.interval_ns, interval),
				     strcmp(stream->transport, "udp") == 0 ? "flow" : "client");
	}
}

void picture_origin(const struct report *report, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer record;
	char size[PHRASE_MAX];
	buffer_init(&record, REPORT_FILE_MAX);
	report_write(report, &record);
	buffer_append_format(out, "conntest %s, %s of %s",
			     report->tool_version ? report->tool_version : "?", REPORT_SCHEMA,
			     phrase_volume(record.size, size));
	write_resolution(report, out);
}
