/* Bytes a second, where they go one way and nothing is answered: as near to what has arrived as
 * samples tell. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "metric/report_receiver.h"
#include "view/phrase.h"
#include "view/plot/panel.h"
#include "view/text_parts.h"

#define WORDS_MAX 128
#define ROOM      1.05 /* of the highest value, above it */

bool plot_is_one_way(const struct plot *plot)
{
	return plot->slots && (report_is_one_way(plot->slots) || text_is_bulk(plot->slots));
}

static bool is_down(const struct report_stream *stream)
{
	return stream->totals.bytes_received > stream->totals.bytes_sent;
}

static bool is_datagram(const struct report_stream *stream)
{
	return strcmp(stream->transport, "udp") == 0;
}

static uint64_t bytes_of(const struct report_stream *stream, const struct report_sample *sample)
{
	if (is_down(stream))
		return sample->bytes_received;
	return is_datagram(stream) ? sample->bytes_sent : sample->bytes_acked;
}

static const char *what(const struct report_stream *stream)
{
	if (is_down(stream))
		return "received here";
	return is_datagram(stream) ? "sent from here" : "acknowledged by the far end";
}

/* A late host leaves samples out: the next one counts for the time since the one before. */
static int64_t begin_of(const struct report_stream *stream, uint32_t index)
{
	const struct report_sample *sample = &stream->samples[index];
	return index ? sample[-1].at_ns : sample->at_ns - (int64_t)stream->sample_interval_ns;
}

static double bits_per_second(const struct report_stream *stream, uint32_t index)
{
	const struct report_sample *sample = &stream->samples[index];
	double seconds = (double)(sample->at_ns - begin_of(stream, index)) / NS_PER_S;
	return seconds > 0 ? (double)bytes_of(stream, sample) * 8 / seconds : 0;
}

static double most_of(const struct report_stream *stream)
{
	double most = 0;
	for (uint32_t i = 0; i < stream->sample_count; i++)
		most = fmax(most, bits_per_second(stream, i));
	return most;
}

static bool has_data(const struct plot *plot)
{
	return plot_is_one_way(plot) && most_of(plot->slots) > 0;
}

/* The largest unit of which there is one at least. */
static const char *unit_of(double most, double *ret_bits)
{
	static const char *const units[] = { "bps", "kbps", "Mbps", "Gbps" };
	size_t unit = 0;
	for (*ret_bits = 1; unit + 1 < array_size(units) && most >= *ret_bits * 1000; unit++)
		*ret_bits *= 1000;
	return units[unit];
}

static void say(const struct panel *panel, const char *unit)
{
	cleanup(buffer_deinit) struct buffer text;
	char words[PHRASE_MAX], average[UNITS_TEXT_MAX];
	const struct plot *plot = panel->plot;
	struct goodput goodput;
	buffer_init(&text, WORDS_MAX);
	if (!report_goodput(plot->report, plot->slots, &goodput))
		buffer_append_format(&text, "%s on average",
				     units_format_bandwidth(goodput.bits_per_second, average));
	(void)snprintf(words, sizeof(words), "%s %s", unit, what(plot->slots));
	panel_says(panel,
		   &(struct panel_head){ .name = "throughput", .unit = words, .ink = INK_MUTED },
		   &text);
}

/* In steps: a count is of the whole time up to it. */
static void draw(const struct panel *panel)
{
	static const struct shape line = { .kind = SHAPE_LINE, .ink = INK_GOOD, .size = 1.4 };
	const struct report_stream *stream = panel->plot->slots;
	struct drawing *drawing = panel->plot->drawing;
	double unit_bits = 1;
	double most = most_of(stream);
	say(panel, unit_of(most, &unit_bits));
	most *= ROOM;
	panel_ground(panel);
	panel_ticks_even(panel, 0, most / unit_bits);
	drawing_begin(drawing, &line);
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		double share = bits_per_second(stream, i) / most;
		double y = panel->bottom - share * (panel->bottom - panel->top);
		drawing_point(drawing, panel_x(panel, begin_of(stream, i)), y);
		drawing_point(drawing, panel_x(panel, stream->samples[i].at_ns), y);
	}
	panel_frame(panel);
}

const struct panel_kind panel_bytes = {
	.name = "throughput",
	.weight = 1.1,
	.has_data = has_data,
	.draw = draw,
};
