/* Probes of ping over time: those of one target as bars of phases, and of several targets the total
 * of each. */
#include <math.h>

#include "base/units.h"
#include "view/clauses.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/ping_text.h"
#include "view/plot/panel.h"

#define BAR_SHARE 0.8 /* of the interval */
#define BAR_MOST  14.0
#define BAR_LEAST 1.0
#define DOT       4.0
#define CROSS     7.0

static const enum ink inks[PROBE_PHASES] = {
	[PROBE_RESOLVE] = INK_RESOLVE, [PROBE_CONNECT] = INK_CONNECT,
	[PROBE_TLS] = INK_TLS,         [PROBE_SEND] = INK_SEND,
	[PROBE_WAIT] = INK_WAIT,       [PROBE_TRANSFER] = INK_TRANSFER,
};

/* The worst of those that answered. */
static const struct report_stream *chosen_stream(const struct plot *plot)
{
	const struct report *report = plot->report;
	if (!report_is_ping(report))
		return NULL;
	const uint32_t *order = ping_order(report, &plot->drawing->arena);
	for (uint32_t i = 0; i < report->stream_count; i++)
		if (report->streams[order[i]].ping.probe_count > 0 &&
		    report->streams[order[i]].latency[LATENCY_TOTAL].count > 0)
			return &report->streams[order[i]];
	return NULL;
}

static bool has_phases(const struct plot *plot)
{
	return chosen_stream(plot) != NULL;
}

static int64_t longest_ns(const struct report_stream *stream)
{
	int64_t longest = 1;
	for (uint32_t i = 0; i < stream->ping.probe_count; i++)
		if (stream->ping.probes[i].total_ns > longest)
			longest = stream->ping.probes[i].total_ns;
	return longest;
}

/* Of the probes that share a px the longest is drawn; returns where the next px begins. */
static uint32_t longest_of_px(const struct panel *panel, const struct report_stream *stream,
			      uint32_t first, const struct report_probe **ret)
{
	const struct report_probe *probes = stream->ping.probes;
	double x = panel_x(panel, probes[first].at_ns);
	uint32_t i = first;
	*ret = NULL;
	for (; i < stream->ping.probe_count && panel_x(panel, probes[i].at_ns) < x + 1; i++)
		if (probes[i].total_ns != INT64_MIN &&
		    (!*ret || probes[i].total_ns > (*ret)->total_ns))
			*ret = &probes[i];
	return i;
}

static double width_of(const struct panel *panel, const struct report_stream *stream)
{
	int64_t interval_ns = (int64_t)stream->schedule.interval_ns;
	double width = (panel_x(panel, interval_ns) - panel_x(panel, 0)) * BAR_SHARE;
	return fmax(BAR_LEAST, fmin(BAR_MOST, width));
}

/* One phase of all probes is one shape. */
static void draw_phase(const struct panel *panel, const struct report_stream *stream,
		       unsigned phase, int64_t most_ns)
{
	struct drawing *drawing = panel->plot->drawing;
	double scale = (panel->bottom - panel->top) / (double)most_ns;
	double width = width_of(panel, stream);
	const struct report_probe *probe = NULL;
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_BOXES, .ink = inks[phase] });
	for (uint32_t i = 0; i < stream->ping.probe_count;) {
		i = longest_of_px(panel, stream, i, &probe);
		if (!probe || probe->phase_ns[phase] == INT64_MIN)
			continue;
		double below = 0;
		for (unsigned k = 0; k < phase; k++)
			if (probe->phase_ns[k] != INT64_MIN)
				below += (double)probe->phase_ns[k];
		double height = (double)probe->phase_ns[phase] * scale;
		drawing_box(drawing, fmin(panel_x(panel, probe->at_ns), panel->right - width),
			    panel->bottom - below * scale - height, width, height);
	}
}

/* They have no length that would say anything: on the ground. */
static void draw_failures(const struct panel *panel, const struct report_stream *stream)
{
	struct drawing *drawing = panel->plot->drawing;
	drawing_begin(drawing,
		      &(struct shape){ .kind = SHAPE_CROSSES, .ink = INK_BAD, .size = CROSS });
	for (uint32_t i = 0; i < stream->ping.probe_count; i++)
		if (stream->ping.probes[i].has_failed)
			drawing_point(drawing, panel_x(panel, stream->ping.probes[i].at_ns),
				      panel->bottom - CROSS);
}

static void say_phases(const struct panel *panel, const struct report_stream *stream)
{
	cleanup(buffer_deinit) struct buffer text;
	struct panel_head head = { .name = "phases",
				   .unit = "ms",
				   .ink = stream->totals.connect_failures ? INK_ALARM : INK_MUTED };
	char failed[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];
	unsigned keys = 0;
	buffer_init(&text, CLAUSES_MAX);
	if (panel->plot->report->stream_count > 1)
		buffer_append_format(&text, "%s: ", stream->target);
	buffer_append_format(
		&text, "%s of %s failed%s",
		units_format_grouped(stream->totals.connect_failures, failed),
		units_format_grouped(stream->totals.sent - stream->totals.in_flight, all),
		stream->totals.connect_failures ? " (crosses): " : "");
	(void)errors_text(stream, &text);
	for (unsigned i = 0; i < PROBE_PHASES; i++) {
		static const enum latency latencies[PROBE_PHASES] = {
			LATENCY_RESOLVE, LATENCY_CONNECT, LATENCY_TLS,
			LATENCY_SEND,    LATENCY_WAIT,    LATENCY_TRANSFER,
		};
		if (stream->latency[latencies[i]].count > 0)
			head.keys[keys++] = (struct panel_key){ inks[i], probe_phase_name(i) };
	}
	panel_says(panel, &head, &text);
}

static void draw_phases(const struct panel *panel)
{
	const struct report_stream *stream = chosen_stream(panel->plot);
	int64_t most_ns = longest_ns(stream);
	say_phases(panel, stream);
	panel_ground(panel);
	panel_ticks_even(panel, 0, (double)most_ns / (double)NS_PER_MS);
	for (unsigned i = 0; i < PROBE_PHASES; i++)
		draw_phase(panel, stream, i, most_ns);
	draw_failures(panel, stream);
	panel_frame(panel);
}

const struct panel_kind panel_phases = {
	.name = "phases of probes",
	.weight = 2,
	.has_data = has_phases,
	.draw = draw_phases,
};

/* ---- several targets ---- */

static bool has_totals(const struct plot *plot)
{
	return plot->report->stream_count > 1 && has_phases(plot);
}

static void choose_axis(const struct panel *panel, struct log_axis *ret)
{
	const struct report *report = panel->plot->report;
	uint64_t min_ns = UINT64_MAX;
	uint64_t max_ns = 0;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_latency *total = &report->streams[i].latency[LATENCY_TOTAL];
		if (total->count == 0)
			continue;
		min_ns = total->min_ns < min_ns ? total->min_ns : min_ns;
		max_ns = total->max_ns > max_ns ? total->max_ns : max_ns;
	}
	log_axis_init(ret, min_ns, max_ns);
	ret->top = panel->top + CROSS;
	ret->bottom = panel->bottom - 2 * CROSS;
}

static void draw_answered(const struct panel *panel, const struct log_axis *axis)
{
	const struct report *report = panel->plot->report;
	struct drawing *drawing = panel->plot->drawing;
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_DOTS, .ink = INK_GOOD, .size = DOT });
	for (uint32_t i = 0; i < report->stream_count; i++)
		for (uint32_t k = 0; k < report->streams[i].ping.probe_count; k++) {
			const struct report_probe *probe = &report->streams[i].ping.probes[k];
			if (!probe->has_failed)
				drawing_point(drawing, panel_x(panel, probe->at_ns),
					      log_axis_y(axis, (uint64_t)probe->total_ns));
		}
}

static void say_totals(const struct panel *panel)
{
	cleanup(buffer_deinit) struct buffer text;
	const struct report *report = panel->plot->report;
	uint64_t failed = 0, all = 0;
	char count[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX], targets[PHRASE_MAX];
	for (uint32_t i = 0; i < report->stream_count; i++) {
		failed += report->streams[i].totals.connect_failures;
		all += report->streams[i].totals.sent - report->streams[i].totals.in_flight;
	}
	buffer_init(&text, CLAUSES_MAX);
	buffer_append_format(&text, "%s: %s of %s failed",
			     phrase_count(report->stream_count, "target", targets),
			     units_format_grouped(failed, count), units_format_grouped(all, of));
	panel_says(panel,
		   &(struct panel_head){ .name = "probes",
					 .unit = "total, ms",
					 .ink = failed ? INK_ALARM : INK_MUTED },
		   &text);
}

static void draw_totals(const struct panel *panel)
{
	struct log_axis axis;
	choose_axis(panel, &axis);
	say_totals(panel);
	panel_ground(panel);
	panel_ticks_log(panel, &axis);
	draw_answered(panel, &axis);
	for (uint32_t i = 0; i < panel->plot->report->stream_count; i++)
		draw_failures(panel, &panel->plot->report->streams[i]);
	panel_frame(panel);
}

const struct panel_kind panel_probes = {
	.name = "probes of all targets",
	.weight = 1.5,
	.has_data = has_totals,
	.draw = draw_totals,
};
