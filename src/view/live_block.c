#include "view/live_block.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/phrase.h"

/* Here words that can be missed are. */
#define NARROW_COLUMNS 60
/* Room behind a history for its highest value. */
#define MOST_COLUMNS 20
#define LABEL        "%-10s"
#define LABEL_WIDTH  10

unsigned live_block_width(const char *line)
{
	unsigned width = 0;
	for (; *line; line++)
		width += ((unsigned char)*line & 0xC0) != 0x80;
	return width;
}

/* ---- a line, part by part ---- */

struct line {
	struct buffer text;
	unsigned room; /* columns */
	bool is_full;  /* what comes after what did not fit would stand alone */
};

static void begin(struct line *line, const struct live *live)
{
	buffer_init(&line->text, LIVE_LINE_BYTES - 1);
	line->room = live->columns - 1;
	line->is_full = false;
}

/* As a whole, or not at all. */
static void add(struct line *line, const char *text)
{
	unsigned width = live_block_width(text);
	line->is_full |= width > line->room;
	if (line->is_full)
		return;
	buffer_append_text(&line->text, text);
	line->room -= width;
}

static void end(struct line *line, struct live_lines *lines)
{
	char *into = lines->text[lines->count++];
	(void)memcpy(into, buffer_text(&line->text), line->text.size);
	into[line->text.size] = '\0';
	buffer_deinit(&line->text);
}

static void printf_like(2, 3) add_format(struct line *line, const char *format, ...)
{
	va_list arguments;
	char text[LIVE_LINE_BYTES];
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add(line, text);
}

/* ---- the lines ---- */

static void clients_line(const struct live *live, const struct live_figures *figures,
			 struct live_lines *lines)
{
	struct line line;
	char at[PHRASE_MAX], of[PHRASE_MAX], count[UNITS_TEXT_MAX];
	begin(&line, live);
	add(&line, phrase_duration((uint64_t)figures->at_ns, at));
	if (figures->duration_ns > 0)
		add_format(&line, " of %s", phrase_duration(figures->duration_ns, of));
	if (figures->hand.is_paused)
		add(&line, "  PAUSED");
	add_format(&line, "  %s up", units_format_grouped(figures->active, count));
	add_format(&line, ", %s failed", units_format_grouped(figures->failed, count));
	add_format(&line, ", %s connecting", units_format_grouped(figures->connecting, count));
	end(&line, lines);
}

static void flow_line(const struct live *live, const struct live_figures *figures,
		      const char *label, const struct live_flow *flow, struct live_lines *lines)
{
	struct line line;
	char rate[PHRASE_MAX], bits[UNITS_TEXT_MAX], sum[PHRASE_MAX];
	bool is_bytes = figures->kind == LIVE_BYTES;
	begin(&line, live);
	add_format(&line, LABEL, label);
	if (!is_bytes)
		add_format(&line, "%11s/s", phrase_rate(flow->messages_per_second, rate));
	add_format(&line, "%12s", units_format_bandwidth(flow->bits_per_second, bits));
	if (is_bytes)
		add_format(&line, "%12s so far", phrase_volume(flow->bytes, sum));
	else
		add_format(&line, "%15s so far", units_format_grouped(flow->messages, sum));
	end(&line, lines);
}

static void latency_line(const struct live *live, const struct live_figures *figures,
			 struct live_lines *lines)
{
	struct line line;
	char p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX];
	begin(&line, live);
	add_format(&line, LABEL, "latency");
	if (figures->p99_ns == 0) {
		add(&line, "no answer in the last second");
	} else {
		add_format(&line, "p50 %s ms", units_format_ms(figures->p50_ns, p50));
		add_format(&line, ", p99 %s ms", units_format_ms(figures->p99_ns, p99));
		add(&line, " in the last second");
	}
	end(&line, lines);
}

static void errors_line(const struct live *live, const struct live_figures *figures,
			struct live_lines *lines)
{
	struct line line;
	char count[UNITS_TEXT_MAX];
	begin(&line, live);
	add_format(&line, LABEL, "errors");
	add_format(&line, "%s lost", units_format_grouped(figures->lost, count));
	add_format(&line, ", %s missed", units_format_grouped(figures->missed, count));
	add_format(&line, ", %s wrong", units_format_grouped(figures->errors, count));
	add_format(&line, ", %s/s retransmitted",
		   units_format_grouped(figures->retransmits, count));
	end(&line, lines);
}

static void history_line(const struct live *live, const char *label,
			 const struct live_history *history, const char *most,
			 struct live_lines *lines)
{
	struct line line;
	unsigned room = live->columns - 1 - LABEL_WIDTH;
	unsigned cells = room > MOST_COLUMNS + MOST_COLUMNS ? room - MOST_COLUMNS : room;
	cleanup(buffer_deinit) struct buffer drawn;
	buffer_init(&drawn, LIVE_LINE_BYTES);
	begin(&line, live);
	add_format(&line, LABEL, label);
	live_history_draw(history, cells, live->is_utf8, &drawn);
	add(&line, buffer_text(&drawn));
	if (history->count > 0)
		add_format(&line, "  %s", most);
	end(&line, lines);
}

static void rate_history_line(const struct live *live, const struct live_figures *figures,
			      struct live_lines *lines)
{
	char number[PHRASE_MAX], most[PHRASE_MAX + 16];
	double value = live_history_most(&live->rate);
	if (figures->kind == LIVE_BYTES)
		(void)snprintf(most, sizeof(most), "most %s",
			       units_format_bandwidth(value, number));
	else
		(void)snprintf(most, sizeof(most), "most %s/s", phrase_rate(value, number));
	history_line(live, figures->kind == LIVE_BYTES ? "bandwidth" : "rate", &live->rate, most,
		     lines);
}

static void p99_history_line(const struct live *live, struct live_lines *lines)
{
	char number[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX + 16];
	(void)snprintf(most, sizeof(most), "most %s ms",
		       units_format_ms((uint64_t)live_history_most(&live->p99), number));
	history_line(live, "p99", &live->p99, most, lines);
}

static void hand_line(const struct live *live, const struct live_hand *hand,
		      struct live_lines *lines)
{
	struct line line;
	char rate[PHRASE_MAX];
	begin(&line, live);
	if (hand->note) {
		add(&line, hand->note);
		end(&line, lines);
		return;
	}
	if (hand->rate_per_second > 0)
		add_format(&line, "%s/s%s", phrase_rate(hand->rate_per_second, rate),
			   live->columns < NARROW_COLUMNS ? "" : " asked");
	else
		add(&line, "no rate asked");
	if (hand->has_keys) {
		if (hand->rate_per_second > 0)
			add_format(&line, "  %s rate", live->is_utf8 ? "↑ ↓" : "+ -");
		add_format(&line, "  space %s", hand->is_paused ? "go on" : "pause");
		add(&line, "  q end");
		add(&line, " and report");
	}
	end(&line, lines);
}

void live_block_lines(const struct live *live, const struct live_figures *figures,
		      struct live_lines *ret)
{
	bool is_answered = figures->kind != LIVE_BYTES;
	ret->count = 0;
	clients_line(live, figures, ret);
	flow_line(live, figures, "sent", &figures->sent, ret);
	flow_line(live, figures, "received", &figures->received, ret);
	if (is_answered)
		latency_line(live, figures, ret);
	errors_line(live, figures, ret);
	rate_history_line(live, figures, ret);
	if (is_answered)
		p99_history_line(live, ret);
	hand_line(live, &figures->hand, ret);
}
