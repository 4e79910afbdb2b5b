/* See live.h. */
#include "view/live.h"

#include <string.h>

#include "base/units.h"
#include "view/live_block.h"
#include "view/phrase.h"

#define WIPE       "\r\033[K" /* to the line's begin, delete to its end */
#define WIPE_REST  "\033[K"
#define WIPE_BELOW "\033[J"
#define UP         "\033[%uA"

/* What stands before the figures; the short words are for lines that have no room. */
struct words {
	const char *connections;
	const char *messages;
	const char *latency;
};
static const struct words long_words = { "conn act/fail/connecting: ", "messages sent/rec/lost: ",
					 "p50/p99: " };
static const struct words short_words = { "conn ", "msg ", "" };

static void append_latency(const struct live_figures *figures, struct buffer *out)
{
	char p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX];
	if (figures->p99_ns > 0)
		buffer_append_format(out, "%s/%s ms", units_format_ms(figures->p50_ns, p50),
				     units_format_ms(figures->p99_ns, p99));
	else
		buffer_append_text(out, "-/- ms");
}

/* Bytes of a load go one way: up, unless none are sent. */
static double bits_per_second(const struct live_figures *figures)
{
	bool is_up = figures->sent.bits_per_second > 0;
	return (is_up ? &figures->sent : &figures->received)->bits_per_second;
}

/* "+3.000 s  50 up, 0 failed, 19,998/s, p50/p99: 0.41/0.66 ms, 0 lost, 2 errors" */
static void append_load(const struct live_figures *figures, const struct words *words,
			struct buffer *out)
{
	char active[UNITS_TEXT_MAX], failed[UNITS_TEXT_MAX], count[UNITS_TEXT_MAX];
	char at[PHRASE_MAX], rate[PHRASE_MAX];
	buffer_append_format(out, "%s  %s up, %s failed, ", phrase_offset(figures->at_ns, at),
			     units_format_grouped(figures->active, active),
			     units_format_grouped(figures->failed, failed));
	if (figures->kind == LIVE_BYTES) {
		buffer_append_format(out, "%s, %s retransmitted",
				     units_format_bandwidth(bits_per_second(figures), rate),
				     units_format_grouped(figures->retransmits, count));
		return;
	}
	buffer_append_format(out, "%s/s, %s",
			     phrase_number(figures->received.messages_per_second, 3, rate),
			     words->latency);
	append_latency(figures, out);
	buffer_append_format(out, ", %s lost, ", units_format_grouped(figures->lost, count));
	buffer_append_format(out, "%s errors", units_format_grouped(figures->errors, count));
}

static void append_line(const struct live_figures *figures, const struct words *words,
			struct buffer *out)
{
	if (figures->kind != LIVE_CLIENTS) {
		append_load(figures, words, out);
		return;
	}
	char active[UNITS_TEXT_MAX], failed[UNITS_TEXT_MAX], connecting[UNITS_TEXT_MAX];
	char sent[UNITS_TEXT_MAX], received[UNITS_TEXT_MAX], lost[UNITS_TEXT_MAX];
	char at[PHRASE_MAX];
	buffer_append_format(out, "%s  %s%s/%s/%s, ", phrase_offset(figures->at_ns, at),
			     words->connections, units_format_grouped(figures->active, active),
			     units_format_grouped(figures->failed, failed),
			     units_format_grouped(figures->connecting, connecting));
	buffer_append_format(out, "%s%s/%s/%s, %s", words->messages,
			     units_format_grouped(figures->sent.messages, sent),
			     units_format_grouped(figures->received.messages, received),
			     units_format_grouped(figures->lost, lost), words->latency);
	append_latency(figures, out);
}

/* A line that wraps could not be wiped again. The last column stays free for the cursor. */
static void append_fitting(const struct live *live, const struct live_figures *figures,
			   struct buffer *out)
{
	size_t before = out->size;
	size_t room = live->columns > 0 ? live->columns - 1 : SIZE_MAX;
	append_line(figures, &long_words, out);
	if (out->size - before <= room)
		return;
	buffer_cut(out, before);
	append_line(figures, &short_words, out);
	if (out->size - before > room)
		buffer_cut(out, before + room);
}

static void write_line(struct live *live, const struct live_figures *figures, struct buffer *out)
{
	buffer_append_text(out, live->is_terminal ? WIPE : "");
	append_fitting(live, figures, out);
	buffer_append_text(out, live->is_terminal ? "" : "\n");
	live->is_shown = live->is_terminal;
}

/* ---- the block ---- */

/* It needs a line above it for what is told meanwhile. */
static bool has_room_for_block(const struct live *live)
{
	return live->is_terminal && live->rows > LIVE_LINES_MAX &&
	       live->columns >= LIVE_BLOCK_COLUMNS;
}

/* How far its first line is above the cursor, which stands at the begin of its last one: of a
 * terminal that has become narrower meanwhile, what no longer fits takes more lines. */
static unsigned height_above(const struct live *live)
{
	unsigned height = 0;
	for (unsigned i = 0; i + 1 < live->shown_count; i++) {
		unsigned width = live_block_width(live->shown[i]);
		bool is_wrapped = live->columns > 0 && width > live->columns;
		height += is_wrapped ? (width + live->columns - 1) / live->columns : 1;
	}
	return height;
}

static void go_to_first(const struct live *live, struct buffer *out)
{
	unsigned height = height_above(live);
	buffer_append_text(out, "\r");
	if (height > 0)
		buffer_append_format(out, UP, height);
}

static void write_block(struct live *live, const struct live_figures *figures, struct buffer *out)
{
	struct live_lines lines;
	live_block_lines(live, figures, &lines);
	if (lines.count != live->shown_count || live->columns != live->shown_columns)
		live_clear(live, out);
	bool is_new = live->shown_count == 0;
	if (!is_new)
		go_to_first(live, out);
	for (unsigned i = 0; i < lines.count; i++) {
		if (is_new)
			buffer_append_text(out, lines.text[i]);
		else if (strcmp(lines.text[i], live->shown[i]) != 0)
			buffer_append_format(out, "%s" WIPE_REST, lines.text[i]);
		buffer_append_text(out, i + 1 < lines.count ? "\n" : "\r");
		(void)memcpy(live->shown[i], lines.text[i], sizeof(live->shown[i]));
	}
	live->shown_count = lines.count;
	live->shown_columns = live->columns;
	live->is_shown = true;
}

/* ---- both ---- */

void live_refresh(struct live *live, const struct live_figures *figures, struct buffer *out)
{
	bool is_block = has_room_for_block(live);
	if (!live->is_terminal)
		return;
	if (is_block != (live->shown_count > 0))
		live_clear(live, out);
	if (is_block)
		write_block(live, figures, out);
	else
		write_line(live, figures, out);
}

void live_write(struct live *live, const struct live_figures *figures, struct buffer *out)
{
	bool is_bytes = figures->kind == LIVE_BYTES;
	live_history_add(&live->rate,
			 is_bytes ? bits_per_second(figures) : figures->sent.messages_per_second);
	live_history_add(&live->p99, (double)figures->p99_ns);
	if (live->is_terminal)
		live_refresh(live, figures, out);
	else
		write_line(live, figures, out);
}

void live_clear(struct live *live, struct buffer *out)
{
	if (!live->is_shown)
		return;
	if (live->shown_count > 0) {
		go_to_first(live, out);
		buffer_append_text(out, WIPE_BELOW);
	} else {
		buffer_append_text(out, WIPE);
	}
	live->shown_count = 0;
	live->is_shown = false;
}

void live_forget(struct live *live)
{
	live->shown_count = 0;
	live->is_shown = false;
}
