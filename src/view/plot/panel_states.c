/* Clients by state: how many answered, and what became of the others, stacked over time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/plot/panel.h"

/* From the bottom up. */
enum state { STATE_ANSWERING, STATE_SILENT, STATE_AWAY, STATE_NEVER, STATE_COUNT };

static const struct {
	enum ink ink;
	const char *word;
} states[] = {
	[STATE_ANSWERING] = { INK_CALM, "answering" },
	[STATE_SILENT] = { INK_SILENT, "silent" },
	[STATE_AWAY] = { INK_AWAY, "down" },
	[STATE_NEVER] = { INK_NEVER, "never up" },
};

struct counts {
	int64_t at_ns;
	uint64_t of[STATE_COUNT];
};

/* Bad states that never take more than this share are shown on an axis that begins higher up. */
#define SHARE_MIN   0.12
#define SHARE_LEAST 1e-9

/* px of a bar. */
#define END_WIDTH 3
#define END_MIN   4.0

static bool is_datagram(const struct report_stream *stream)
{
	return strcmp(stream->transport, "udp") == 0;
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
	return value < limit ? value : limit;
}

/* Datagram flows have no connection that could be gone: those in an interruption are silent. */
static struct counts counts_of(const struct report_stream *stream,
			       const struct report_sample *sample)
{
	uint64_t never = at_most(stream->survival[SURVIVAL_NEVER_CONNECTED], stream->slots);
	uint64_t up = at_most(sample->connections, stream->slots);
	uint64_t silent = at_most(is_datagram(stream) ? sample->interrupted : sample->silent, up);
	uint64_t down = stream->slots - up;
	never = at_most(never, down);
	return (struct counts){ .at_ns = sample->at_ns,
				.of = { [STATE_ANSWERING] = up - silent,
					[STATE_SILENT] = silent,
					[STATE_AWAY] = down - never,
					[STATE_NEVER] = never } };
}

/* Of `serve`: it knows of no clients but those that are there. */
static const struct report_stream *stream_of(const struct plot *plot)
{
	return plot->slots ? plot->slots : plot->served;
}

static uint64_t total_of(const struct plot *plot)
{
	const struct report_stream *stream = stream_of(plot);
	uint64_t most = stream->slots;
	for (uint32_t i = 0; i < stream->sample_count && !plot->slots; i++)
		most = stream->samples[i].connections > most ? stream->samples[i].connections
							     : most;
	return most;
}

static struct counts counts_at(const struct plot *plot, uint32_t index)
{
	const struct report_stream *stream = stream_of(plot);
	const struct report_sample *sample = &stream->samples[index];
	if (plot->slots)
		return counts_of(stream, sample);
	return (struct counts){ .at_ns = sample->at_ns,
				.of[STATE_ANSWERING] = sample->connections };
}

static bool has_data(const struct plot *plot)
{
	const struct report_stream *stream = stream_of(plot);
	return stream && stream->sample_count > 0 && total_of(plot) > 0;
}

/* The moment when the fewest answered. */
static struct counts find_worst(const struct plot *plot)
{
	uint32_t count = stream_of(plot)->sample_count;
	struct counts worst = counts_at(plot, 0);
	for (uint32_t i = 1; i < count; i++) {
		struct counts now = counts_at(plot, i);
		if (now.of[STATE_ANSWERING] < worst.of[STATE_ANSWERING])
			worst = now;
	}
	return worst;
}

/* ---- the areas ---- */

struct stack {
	const struct panel *panel;
	double low;
	double high;
};

static double stack_y(const struct stack *stack, uint64_t count)
{
	const struct panel *panel = stack->panel;
	double share = ((double)count - stack->low) / (stack->high - stack->low);
	return panel->bottom - (share < 0 ? 0 : share) * (panel->bottom - panel->top);
}

static uint64_t sum_below(const struct counts *counts, enum state end)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < end; i++)
		sum += counts->of[i];
	return sum;
}

/* The upper edge of the states below `end` over one sample: a gauge is of the time up to it. */
struct step {
	double from;
	double to;
	double y;
};

static struct step step_of(const struct stack *stack, enum state end, uint32_t index)
{
	const struct plot *plot = stack->panel->plot;
	struct counts now = counts_at(plot, index);
	int64_t from_ns = index ? counts_at(plot, index - 1).at_ns
				: now.at_ns - (int64_t)stream_of(plot)->sample_interval_ns;
	return (struct step){ panel_x(stack->panel, from_ns), panel_x(stack->panel, now.at_ns),
			      stack_y(stack, sum_below(&now, end)) };
}

static void follow_edge(const struct stack *stack, enum state end, uint32_t first, uint32_t last)
{
	struct drawing *drawing = stack->panel->plot->drawing;
	for (uint32_t i = first; i <= last; i++) {
		struct step step = step_of(stack, end, i);
		drawing_point(drawing, step.from, step.y);
		drawing_point(drawing, step.to, step.y);
	}
}

static void follow_edge_back(const struct stack *stack, enum state end, uint32_t first,
			     uint32_t last)
{
	struct drawing *drawing = stack->panel->plot->drawing;
	for (uint32_t i = last + 1; i-- > first;) {
		struct step step = step_of(stack, end, i);
		drawing_point(drawing, step.to, step.y);
		drawing_point(drawing, step.from, step.y);
	}
}

static bool is_there(const struct counts *counts, enum state state)
{
	return counts->of[state] > 0;
}

/* One shape for each run of samples in which the state is there. */
static void draw_state(const struct stack *stack, enum state state)
{
	struct drawing *drawing = stack->panel->plot->drawing;
	const struct plot *plot = stack->panel->plot;
	uint32_t count = stream_of(plot)->sample_count;
	for (uint32_t i = 0; i < count; i++) {
		struct counts now = counts_at(plot, i);
		uint32_t first = i;
		if (!is_there(&now, state))
			continue;
		while (i + 1 < count) {
			struct counts next = counts_at(plot, i + 1);
			if (!is_there(&next, state))
				break;
			i++;
		}
		drawing_begin(drawing,
			      &(struct shape){ .kind = SHAPE_AREA, .ink = states[state].ink });
		follow_edge(stack, state + 1, first, i);
		follow_edge_back(stack, state, first, i);
	}
}

static void draw_top_line(const struct stack *stack)
{
	const struct plot *plot = stack->panel->plot;
	uint32_t count = stream_of(plot)->sample_count;
	drawing_begin(plot->drawing,
		      &(struct shape){ .kind = SHAPE_LINE, .ink = INK_GOOD, .size = 1.6 });
	follow_edge(stack, STATE_ANSWERING + 1, 0, count - 1);
}

/* ---- connections that ended ---- */

static bool is_broken(const struct plot *plot, const struct report_connection *connection)
{
	return plot->slots && strcmp(connection->stream, plot->slots->name) == 0 &&
	       connection->connected_ns != INT64_MIN && connection->ended_ns >= 0 &&
	       connection->ended_ns <= time_axis_end(&plot->time) &&
	       outcome_is_failure(connection->outcome);
}

/* A connection may end and its successor answer between two samples: a bar says how many did. */
static uint64_t draw_ends(const struct stack *stack)
{
	const struct panel *panel = stack->panel;
	const struct plot *plot = panel->plot;
	size_t width = (size_t)(panel->right - panel->left) / END_WIDTH + 1;
	uint64_t *counts = calloc(width, sizeof(*counts));
	uint64_t sum = 0;
	if (!counts)
		abort();
	for (uint32_t i = 0; i < plot->report->connection_count; i++) {
		const struct report_connection *connection = &plot->report->connections[i];
		if (!is_broken(plot, connection))
			continue;
		double px = panel_x(panel, connection->ended_ns) - panel->left;
		counts[(size_t)px / END_WIDTH]++;
		sum++;
	}
	drawing_begin(plot->drawing, &(struct shape){ .kind = SHAPE_BOXES, .ink = INK_BAD });
	for (size_t i = 0; i < width; i++) {
		double height = (double)counts[i] / (stack->high - stack->low) *
				(panel->bottom - panel->top);
		height = fmin(fmax(height, END_MIN), panel->bottom - panel->top);
		if (counts[i])
			drawing_box(plot->drawing, panel->left + (double)i * END_WIDTH,
				    panel->bottom - height, END_WIDTH, height);
	}
	free(counts);
	return sum;
}

/* ---- words ---- */

static const char *word_of(const struct plot *plot, enum state state)
{
	return state == STATE_ANSWERING && plot_is_one_way(plot) ? "connected" : states[state].word;
}

static void say_fewest(const struct plot *plot, const struct counts *worst, struct buffer *out)
{
	char number[UNITS_TEXT_MAX], time[TIME_TEXT_MAX];
	struct clauses clauses;
	buffer_append_format(out, "fewest at %s: %s %s, ", panel_time(plot, worst->at_ns, time),
			     units_format_grouped(worst->of[STATE_ANSWERING], number),
			     word_of(plot, STATE_ANSWERING));
	clauses_init(&clauses, out, ", ");
	for (unsigned i = STATE_SILENT; i < STATE_COUNT; i++)
		if (worst->of[i])
			buffer_append_format(clauses_next(&clauses), "%s %s",
					     units_format_grouped(worst->of[i], number),
					     states[i].word);
}

static void add_keys(struct panel_head *head, const struct plot *plot, uint64_t ended)
{
	bool is_used[STATE_COUNT] = { false };
	unsigned count = 0;
	for (uint32_t i = 0; i < stream_of(plot)->sample_count; i++) {
		struct counts now = counts_at(plot, i);
		for (unsigned k = 0; k < STATE_COUNT; k++)
			is_used[k] |= now.of[k] > 0;
	}
	for (unsigned k = 0; k < STATE_COUNT; k++)
		if (is_used[k])
			head->keys[count++] =
				(struct panel_key){ states[k].ink, word_of(plot, (enum state)k) };
	if (ended)
		head->keys[count] = (struct panel_key){ INK_BAD, "connection ended" };
}

/* "of 18,000, drawn from 17,500 up" */
static void write_unit(const struct stack *stack, uint64_t total, char unit[PHRASE_MAX])
{
	char number[UNITS_TEXT_MAX], low[UNITS_TEXT_MAX];
	bool is_cut = stack->low > 0;
	(void)snprintf(
		unit, PHRASE_MAX, "%s %s%s%s%s", stack->panel->plot->slots ? "of" : "at most",
		units_format_grouped(total, number), is_cut ? ", drawn from " : "",
		is_cut ? units_format_grouped((uint64_t)stack->low, low) : "", is_cut ? " up" : "");
}

static void say(const struct stack *stack, const struct counts *worst, uint64_t total,
		uint64_t ended)
{
	cleanup(buffer_deinit) struct buffer text;
	char unit[PHRASE_MAX], count[PHRASE_MAX];
	const struct plot *plot = stack->panel->plot;
	bool is_bad = plot->slots && worst->of[STATE_ANSWERING] < total;
	struct panel_head head = { .name = "connections", .unit = unit, .ink = INK_MUTED };
	buffer_init(&text, CLAUSES_MAX);
	write_unit(stack, total, unit);
	if (plot->slots)
		head.name = is_datagram(plot->slots) ? "flows by state" : "clients by state";
	if (is_bad)
		say_fewest(plot, worst, &text);
	else if (plot->slots)
		buffer_append_format(&text, "all %s at all times", word_of(plot, STATE_ANSWERING));
	if (ended)
		buffer_append_format(&text, "%s%s ended", is_bad ? "; " : ", but ",
				     phrase_count(ended, "connection", count));
	if (is_bad || ended)
		head.ink = INK_ALARM;
	add_keys(&head, plot, ended);
	panel_says(stack->panel, &head, &text);
}

static void draw(const struct panel *panel)
{
	const struct plot *plot = panel->plot;
	uint64_t total = total_of(plot);
	struct counts worst = find_worst(plot);
	struct stack stack = { .panel = panel, .high = (double)total };
	double missing = (double)(total - worst.of[STATE_ANSWERING]);
	bool is_small =
		missing > (double)total * SHARE_LEAST && missing < (double)total * SHARE_MIN;
	if (plot->slots && is_small)
		stack.low = floor((double)total - missing / SHARE_MIN / 2);
	panel_ground(panel);
	draw_state(&stack, STATE_ANSWERING);
	panel_ticks_even(panel, stack.low, stack.high);
	for (enum state state = STATE_SILENT; state < STATE_COUNT; state++)
		draw_state(&stack, state);
	draw_top_line(&stack);
	say(&stack, &worst, total, draw_ends(&stack));
	panel_frame(panel);
}

const struct panel_kind panel_states = {
	.name = "clients by state",
	.weight = 1,
	.has_data = has_data,
	.draw = draw,
};
