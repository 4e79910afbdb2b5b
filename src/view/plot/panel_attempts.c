/* New connections: how long each waited for its first reply, and which never got one. */
#include <stdio.h>

#include "base/units.h"
#include "view/clauses.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/plot/panel.h"

static bool has_data(const struct plot *plot)
{
	return plot->attempts &&
	       (plot->attempts->attempt_count > 0 || plot->attempts->sample_count > 0);
}

/* Some of the answered ones are not in the list: quantiles stand for all. */
static bool is_thinned_out(const struct report_stream *stream)
{
	return stream->attempts_omitted > 0 || stream->attempt_count == 0;
}

static uint64_t took_ns(const struct report_attempt *attempt)
{
	return attempt->reply_ns ? attempt->reply_ns : attempt->failed_ns;
}

static void choose_axis(const struct panel *panel, struct log_axis *ret)
{
	const struct report_stream *stream = panel->plot->attempts;
	uint64_t min_ns = UINT64_MAX;
	uint64_t max_ns = 0;
	for (uint32_t i = 0; i < stream->attempt_count; i++) {
		uint64_t ns = took_ns(&stream->attempts[i]);
		min_ns = ns && ns < min_ns ? ns : min_ns;
		max_ns = ns > max_ns ? ns : max_ns;
	}
	if (stream->attempt_count)
		log_axis_init(ret, min_ns, max_ns);
	else
		panel_quantile_range(stream, ret);
	ret->top = panel->top + 6;
	ret->bottom = panel->bottom - 6;
}

static void draw_answered(const struct panel *panel, const struct log_axis *axis)
{
	const struct report_stream *stream = panel->plot->attempts;
	struct drawing *drawing = panel->plot->drawing;
	double size = stream->attempt_count > 4000 ? 2 : stream->attempt_count > 1000 ? 3 : 4;
	drawing_begin(drawing,
		      &(struct shape){ .kind = SHAPE_DOTS, .ink = INK_GOOD, .size = size });
	for (uint32_t i = 0; i < stream->attempt_count; i++) {
		const struct report_attempt *attempt = &stream->attempts[i];
		if (attempt->reply_ns)
			drawing_point(drawing, panel_x(panel, attempt->at_ns),
				      log_axis_y(axis, attempt->reply_ns));
	}
}

static void draw_failed(const struct panel *panel, const struct log_axis *axis)
{
	const struct report_stream *stream = panel->plot->attempts;
	struct drawing *drawing = panel->plot->drawing;
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_CROSSES, .ink = INK_BAD, .size = 7 });
	for (uint32_t i = 0; i < stream->attempt_count; i++) {
		const struct report_attempt *attempt = &stream->attempts[i];
		if (attempt->failed_ns)
			drawing_point(drawing, panel_x(panel, attempt->at_ns),
				      log_axis_y(axis, attempt->failed_ns));
	}
}

/* "after 1.0 s each", "after 0.2 to 2.0 s" */
static void say_when_failed(const struct report_stream *stream, struct buffer *out)
{
	char first[PHRASE_MAX], last[PHRASE_MAX];
	uint64_t min_ns = UINT64_MAX;
	uint64_t max_ns = 0;
	for (uint32_t i = 0; i < stream->attempt_count; i++) {
		uint64_t ns = stream->attempts[i].failed_ns;
		min_ns = ns && ns < min_ns ? ns : min_ns;
		max_ns = ns > max_ns ? ns : max_ns;
	}
	if (max_ns == 0)
		return;
	(void)units_format_ms(min_ns, first);
	(void)units_format_ms(max_ns, last);
	if (max_ns - min_ns <= max_ns / 20)
		buffer_append_format(out, ", after %s ms", last);
	else
		buffer_append_format(out, ", after %s to %s ms", first, last);
}

static void say_failed(const struct report_stream *stream, struct buffer *out)
{
	char count[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX];
	uint64_t failed = stream->totals.connect_failures;
	if (failed == 0) {
		buffer_append_format(out, "none of %s failed",
				     units_format_grouped(stream->totals.scheduled, of));
		return;
	}
	buffer_append_format(out, "%s of %s failed: ", units_format_grouped(failed, count),
			     units_format_grouped(stream->totals.scheduled, of));
	(void)errors_text(stream, out);
	say_when_failed(stream, out);
}

static void say(const struct panel *panel)
{
	cleanup(buffer_deinit) struct buffer text;
	char count[UNITS_TEXT_MAX];
	const struct report_stream *stream = panel->plot->attempts;
	buffer_init(&text, CLAUSES_MAX);
	say_failed(stream, &text);
	if (is_thinned_out(stream))
		buffer_append_format(&text, "; %s not drawn, lines are p50 and p99 of all",
				     units_format_grouped(stream->attempts_omitted, count));
	panel_says(panel,
		   &(struct panel_head){
			   .name = "new connections",
			   .unit = "ms to first reply",
			   .ink = stream->totals.connect_failures ? INK_ALARM : INK_MUTED,
		   },
		   &text);
}

static void draw(const struct panel *panel)
{
	struct log_axis axis;
	choose_axis(panel, &axis);
	say(panel);
	panel_ground(panel);
	panel_ticks_log(panel, &axis);
	draw_answered(panel, &axis);
	if (is_thinned_out(panel->plot->attempts))
		panel_quantiles(panel, panel->plot->attempts, &axis);
	draw_failed(panel, &axis);
	panel_frame(panel);
}

const struct panel_kind panel_attempts = {
	.name = "new connections",
	.weight = 1,
	.has_data = has_data,
	.draw = draw,
};
