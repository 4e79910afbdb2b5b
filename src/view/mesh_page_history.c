/* What was: loss as bars, the round trip as a line, and the verdict of each window as a strip. */
#include <stdio.h>

#include "base/units.h"
#include "view/mesh_page_parts.h"

#define UNIT_NS (10 * NS_PER_US)

/* Where it is drawn; the newest window is at the right end. */
struct plot {
	struct buffer *out;
	const struct mesh_judged *judged;
	double step;   /* a window's width */
	double top;    /* the highest value */
	double bottom; /* zero */
	double strip;  /* the height of the verdicts, below */
	uint64_t first;
	uint64_t rtt_top_ns;
};

static const struct mesh_past *past_of(const struct mesh_judged *judged, uint64_t window)
{
	return &judged->history[window % MESH_HISTORY_MAX];
}

static bool is_known(const struct mesh_past *past)
{
	return past->verdict != MESH_VERDICT_UNKNOWN || past->rtt_10us > 0 ||
	       (past->loss_200 > 0 && past->loss_200 != UINT8_MAX);
}

static uint64_t first_of(const struct mesh_judged *judged)
{
	return judged->window > MESH_HISTORY_MAX ? judged->window - MESH_HISTORY_MAX + 1 : 1;
}

static double x_of(const struct plot *plot, uint64_t window)
{
	return (double)(MESH_HISTORY_MAX - 1 - (plot->judged->window - window)) * plot->step;
}

/* What is usual lies in the middle, unless it was slower than twice that. */
static uint64_t rtt_top(const struct mesh_judged *judged)
{
	uint64_t top = 2 * judged->usual_ns;

	for (uint64_t i = first_of(judged); i <= judged->window; i++) {
		uint64_t rtt_ns = past_of(judged, i)->rtt_10us * UNIT_NS;
		top = rtt_ns > top ? rtt_ns : top;
	}
	return top > 0 ? top : NS_PER_MS;
}

static void write_loss(const struct plot *plot)
{
	buffer_append_text(plot->out, "<path class=\"v-loss\" d=\"");
	for (uint64_t i = plot->first; i <= plot->judged->window; i++) {
		const struct mesh_past *past = past_of(plot->judged, i);
		if (past->loss_200 == 0 || past->loss_200 == UINT8_MAX)
			continue;
		double height = (plot->bottom - plot->top) * past->loss_200 / 200;
		if (height < 2)
			height = 2;
		buffer_append_format(plot->out, "M%g %gh%gv-%.1fh-%gz", x_of(plot, i), plot->bottom,
				     plot->step, height, plot->step);
	}
	buffer_append_text(plot->out, "\"/>");
}

static void write_rtt(const struct plot *plot)
{
	const char *command = "M";

	buffer_append_text(plot->out, "<path class=\"rtt\" d=\"");
	for (uint64_t i = plot->first; i <= plot->judged->window; i++) {
		uint64_t rtt_ns = past_of(plot->judged, i)->rtt_10us * UNIT_NS;
		double share = (double)rtt_ns / (double)plot->rtt_top_ns;
		double y = plot->bottom - (plot->bottom - plot->top) * share;
		if (rtt_ns > 0)
			buffer_append_format(plot->out, "%s%g %.1f", command,
					     x_of(plot, i) + plot->step / 2, y);
		command = rtt_ns > 0 ? "L" : "M";
	}
	buffer_append_text(plot->out, "\"/>");
}

/* Runs of one verdict as one box. */
static void write_strip(const struct plot *plot)
{
	uint64_t i = plot->first;

	while (i <= plot->judged->window) {
		uint64_t began = i;
		uint8_t verdict = past_of(plot->judged, i)->verdict;
		while (i <= plot->judged->window && past_of(plot->judged, i)->verdict == verdict)
			i++;
		if (!is_known(past_of(plot->judged, began)))
			continue;
		buffer_append_format(plot->out, "<path class=\"v-%s\" d=\"M%g %gh%gv%gh-%gz\"/>",
				     mesh_page_looks[verdict].class, x_of(plot, began),
				     plot->bottom + 1, (double)(i - began) * plot->step,
				     plot->strip, (double)(i - began) * plot->step);
	}
}

static void write_all(const struct plot *plot)
{
	write_strip(plot);
	write_loss(plot);
	write_rtt(plot);
}

/* For those who hear it. */
static void write_title(struct buffer *out, const struct mesh_judged *judged)
{
	unsigned known = 0, lossy = 0, bad = 0;

	for (uint64_t i = first_of(judged); i <= judged->window; i++) {
		const struct mesh_past *past = past_of(judged, i);
		known += is_known(past);
		lossy += past->loss_200 > 0 && past->loss_200 != UINT8_MAX;
		bad += mesh_verdict_is_bad(past->verdict);
	}
	buffer_append_format(out, "<title>of %u windows %u bad, %u with loss</title>", known, bad,
			     lossy);
}

void mesh_page_write_spark(struct buffer *out, const struct mesh_judged *judged)
{
	if (judged == NULL || judged->window == 0)
		return;
	struct plot plot = {
		.out = out,
		.judged = judged,
		.step = 2,
		.top = 1,
		.bottom = 22,
		.strip = 4,
		.first = first_of(judged),
		.rtt_top_ns = rtt_top(judged),
	};
	buffer_append_text(out, "<svg class=\"spark\" viewBox=\"0 0 240 28\" role=\"img\" "
				"preserveAspectRatio=\"none\">");
	write_title(out, judged);
	write_all(&plot);
	buffer_append_text(out, "</svg>");
}

/* ---- large, with its scales */

static void write_scales(const struct mesh_page *page, const struct plot *plot)
{
	struct buffer *out = page->out;
	char text[UNITS_TEXT_MAX];

	buffer_append_format(out, "<path class=\"grid\" d=\"M0 %gH960M0 %gH960M0 %gH960\"/>",
			     plot->top, (plot->top + plot->bottom) / 2, plot->bottom);
	for (unsigned i = 0; i <= 2; i++) {
		double y = plot->bottom - (plot->bottom - plot->top) * i / 2;
		buffer_append_format(out,
				     "<text class=\"g\" x=\"966\" y=\"%g\">%s ms</text>"
				     "<text class=\"q\" x=\"-6\" y=\"%g\" text-anchor=\"end\">"
				     "%u %%</text>",
				     y + 4, units_format_ms(plot->rtt_top_ns * i / 2, text), y + 4,
				     50 * i);
	}
}

/* Every ten minutes or so: 20 windows. */
static void write_times(const struct mesh_page *page, const struct plot *plot)
{
	const struct mesh_node *node = &page->state->snapshot->node;
	uint64_t length_ns = page->state->settings->window_ns;
	uint64_t newest = plot->judged->window;

	for (uint64_t i = newest; i > 0; i = i > 20 ? i - 20 : 0) {
		uint64_t ended_ns = node->window_began_ns - (node->window - 1 - i) * length_ns;
		double x = x_of(plot, i) + plot->step;
		if (x < 0)
			return;
		buffer_append_format(page->out,
				     "<path class=\"grid\" d=\"M%g %gV%g\"/>"
				     "<text class=\"q\" x=\"%g\" y=\"%g\" text-anchor=\"middle\">",
				     x, plot->top, plot->bottom + plot->strip + 3, x,
				     plot->bottom + plot->strip + 14);
		mesh_page_write_clock(page->out, mesh_page_unix(page->state, ended_ns));
		buffer_append_text(page->out, "</text>");
	}
}

void mesh_page_write_history(const struct mesh_page *page, const struct mesh_judged *judged)
{
	struct buffer *out = page->out;

	if (judged == NULL || judged->window == 0)
		return;
	struct plot plot = {
		.out = out,
		.judged = judged,
		.step = 8,
		.top = 8,
		.bottom = 128,
		.strip = 10,
		.first = first_of(judged),
		.rtt_top_ns = rtt_top(judged),
	};
	buffer_append_text(
		out,
		"<div class=\"scroll late\"><svg class=\"big\" viewBox=\"-44 0 1060 156\" role=\"img\">");
	write_title(out, judged);
	write_scales(page, &plot);
	write_times(page, &plot);
	write_all(&plot);
	buffer_append_text(out,
			   "</svg></div>\n<p class=\"line\">Loss as bars (left), round trip as a "
			   "line (right), the verdict of each window below; times in UTC</p>\n");
}
