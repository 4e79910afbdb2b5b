/* What a page has room for beside the picture: throughput, round trips, segments sent again. */
#include <math.h>

#include "base/units.h"
#include "view/phrase.h"
#include "view/plot/panel.h"

#define WORDS_MAX 512
#define BAR_MIN   1.5 /* px */

/* ---- lines of counts a second ---- */

typedef uint64_t sample_count(const struct report_sample *sample);

static uint64_t received_of(const struct report_sample *sample)
{
	return sample->received;
}

static uint64_t scheduled_of(const struct report_sample *sample)
{
	return sample->scheduled;
}

/* A late host leaves samples out: the next one counts for the time since the one before. */
static int64_t begin_of(const struct report_stream *stream, uint32_t index)
{
	const struct report_sample *sample = &stream->samples[index];
	return index ? sample[-1].at_ns : sample->at_ns - (int64_t)stream->sample_interval_ns;
}

static double rate_of(const struct report_stream *stream, uint32_t index, sample_count *count_of)
{
	const struct report_sample *sample = &stream->samples[index];
	double seconds = (double)(sample->at_ns - begin_of(stream, index)) / NS_PER_S;
	return seconds > 0 ? (double)count_of(sample) / seconds : 0;
}

static double largest_rate(const struct report_stream *stream, sample_count *count_of)
{
	double most = 0;
	for (uint32_t i = 0; i < stream->sample_count; i++)
		most = fmax(most, rate_of(stream, i, count_of));
	return most;
}

/* In steps: a count is of the whole time up to it. */
static void draw_counts(const struct panel *panel, const struct report_stream *stream, double most,
			const struct shape *style, sample_count *count_of)
{
	struct drawing *drawing = panel->plot->drawing;
	double height = panel->bottom - panel->top;
	drawing_begin(drawing, style);
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		double y = panel->bottom - rate_of(stream, i, count_of) / most * height;
		drawing_point(drawing, panel_x(panel, begin_of(stream, i)), y);
		drawing_point(drawing, panel_x(panel, stream->samples[i].at_ns), y);
	}
}

/* ---- throughput ---- */

static const struct report_stream *busy_stream(const struct plot *plot)
{
	return plot->slots ? plot->slots : plot->served;
}

static bool has_throughput(const struct plot *plot)
{
	const struct report_stream *stream = busy_stream(plot);
	return stream && !plot_is_one_way(plot) &&
	       (largest_rate(stream, received_of) > 0 || largest_rate(stream, scheduled_of) > 0);
}

static void say_throughput(const struct panel *panel, const struct report_stream *stream)
{
	cleanup(buffer_deinit) struct buffer text;
	char rate[PHRASE_MAX], bandwidth[UNITS_TEXT_MAX];
	double seconds = (double)panel->plot->report->duration_ns / NS_PER_S;
	double answered = seconds > 0 ? (double)report_answered(stream) / seconds : 0;
	buffer_init(&text, WORDS_MAX);
	buffer_append_format(&text, "%s/s on average", phrase_rate(round(answered), rate));
	if (stream->message_bytes)
		buffer_append_format(
			&text, ", %s of payload each way",
			units_format_bandwidth(answered * (double)stream->message_bytes * 8,
					       bandwidth));
	panel_says(panel,
		   &(struct panel_head){ .name = "throughput",
					 .unit = "messages answered a second; dashed: due",
					 .ink = INK_MUTED },
		   &text);
}

static void draw_throughput(const struct panel *panel)
{
	static const struct shape due = {
		.kind = SHAPE_LINE, .ink = INK_MUTED, .size = 1, .is_dashed = true
	};
	static const struct shape answered = { .kind = SHAPE_LINE, .ink = INK_GOOD, .size = 1.4 };
	const struct report_stream *stream = busy_stream(panel->plot);
	double most =
		1.05 * fmax(largest_rate(stream, received_of), largest_rate(stream, scheduled_of));
	say_throughput(panel, stream);
	panel_ground(panel);
	panel_ticks_even(panel, 0, most);
	draw_counts(panel, stream, most, &due, scheduled_of);
	draw_counts(panel, stream, most, &answered, received_of);
	panel_frame(panel);
}

const struct panel_kind panel_throughput = {
	.name = "throughput",
	.weight = 0.7,
	.has_data = has_throughput,
	.draw = draw_throughput,
};

/* ---- round trips ---- */

static uint64_t sum_of(const struct report_stream *stream, sample_count *count_of)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < stream->sample_count; i++)
		sum += count_of(&stream->samples[i]);
	return sum;
}

static uint64_t rtt_of(const struct report_sample *sample)
{
	return sample->rtt_p50_ns;
}

static uint64_t path_p50_of(const struct report_sample *sample)
{
	return sample->response_p50_ns;
}

static bool has_path(const struct plot *plot)
{
	return plot->path && sum_of(plot->path, path_p50_of) > 0;
}

static bool has_kernel(const struct plot *plot)
{
	return plot->slots && sum_of(plot->slots, rtt_of) > 0;
}

static bool has_round_trips(const struct plot *plot)
{
	return has_path(plot) || has_kernel(plot);
}

static void add_range(const struct report_stream *stream, sample_count *value_of,
		      uint64_t ret_range_ns[2])
{
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		uint64_t ns = value_of(&stream->samples[i]);
		if (ns && ns < ret_range_ns[0])
			ret_range_ns[0] = ns;
		if (ns > ret_range_ns[1])
			ret_range_ns[1] = ns;
	}
}

static void draw_round_trips(const struct panel *panel)
{
	struct log_axis axis;
	struct buffer nothing = { 0 };
	const struct plot *plot = panel->plot;
	uint64_t range_ns[2] = { UINT64_MAX, 0 };
	struct panel_head head = { .name = "round trip", .unit = "p50 in ms", .ink = INK_MUTED };
	unsigned keys = 0;
	if (has_kernel(plot)) {
		add_range(plot->slots, rtt_of, range_ns);
		head.keys[keys++] = (struct panel_key){ INK_GOOD, "TCP, the kernel's" };
	}
	if (has_path(plot)) {
		add_range(plot->path, path_p50_of, range_ns);
		head.keys[keys] = (struct panel_key){ INK_TEXT, "UDP probes" };
	}
	log_axis_init(&axis, range_ns[0], range_ns[1]);
	axis.top = panel->top + 4;
	axis.bottom = panel->bottom - 4;
	panel_says(panel, &head, &nothing);
	panel_ground(panel);
	panel_ticks_log(panel, &axis);
	if (has_kernel(plot))
		panel_line(panel, plot->slots, &axis, INK_GOOD, rtt_of);
	if (has_path(plot))
		panel_line(panel, plot->path, &axis, INK_TEXT, path_p50_of);
	panel_frame(panel);
}

const struct panel_kind panel_round_trip = {
	.name = "round trip",
	.weight = 0.7,
	.has_data = has_round_trips,
	.draw = draw_round_trips,
};

/* ---- segments sent again ---- */

static uint64_t retransmits_of(const struct report_sample *sample)
{
	return sample->retransmits;
}

static bool has_retransmits(const struct plot *plot)
{
	return has_kernel(plot);
}

static bool is_without_retransmits(const struct plot *plot)
{
	return sum_of(plot->slots, retransmits_of) == 0;
}

/* A bar a sample: of connections that were asked in it, for the time since they were last. */
static void draw_bars(const struct panel *panel, double most)
{
	const struct report_stream *stream = panel->plot->slots;
	double height = panel->bottom - panel->top;
	drawing_begin(panel->plot->drawing, &(struct shape){ .kind = SHAPE_BOXES, .ink = INK_BAD });
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		uint64_t count = stream->samples[i].retransmits;
		double from = panel_x(panel, begin_of(stream, i));
		double to = panel_x(panel, stream->samples[i].at_ns);
		double share = (double)count / most;
		if (count)
			drawing_box(panel->plot->drawing, from, panel->bottom - share * height,
				    fmax(to - from, BAR_MIN), share * height);
	}
}

static void draw_retransmits(const struct panel *panel)
{
	cleanup(buffer_deinit) struct buffer text;
	char count[UNITS_TEXT_MAX];
	const struct report_stream *stream = panel->plot->slots;
	uint64_t sum = sum_of(stream, retransmits_of);
	double most = 1;
	for (uint32_t i = 0; i < stream->sample_count; i++)
		most = fmax(most, (double)stream->samples[i].retransmits);
	buffer_init(&text, WORDS_MAX);
	buffer_append_text(&text, sum ? units_format_grouped(sum, count) : "none");
	panel_says(panel,
		   &(struct panel_head){ .name = "retransmits",
					 .unit = "TCP segments sent again, as seen",
					 .ink = sum ? INK_ALARM : INK_MUTED },
		   &text);
	panel_ground(panel);
	if (sum) {
		panel_ticks_even(panel, 0, most * 1.05);
		draw_bars(panel, most * 1.05);
	}
	panel_frame(panel);
}

const struct panel_kind panel_retransmits = {
	.name = "retransmits",
	.weight = 0.5,
	.has_data = has_retransmits,
	.is_empty = is_without_retransmits,
	.draw = draw_retransmits,
};
