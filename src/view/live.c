/* See live.h. */
#include "view/live.h"

#include "base/units.h"
#include "view/phrase.h"

#define WIPE "\r\033[K" /* to the line's begin, delete to its end */

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
				     units_format_bandwidth(figures->bits_per_second, rate),
				     units_format_grouped(figures->retransmits, count));
		return;
	}
	buffer_append_format(out, "%s/s, %s", phrase_number(figures->messages_per_second, 3, rate),
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
			     units_format_grouped(figures->sent, sent),
			     units_format_grouped(figures->received, received),
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

void live_write(struct live *live, const struct live_figures *figures, struct buffer *out)
{
	buffer_append_text(out, live->is_terminal ? WIPE : "");
	append_fitting(live, figures, out);
	buffer_append_text(out, live->is_terminal ? "" : "\n");
	live->is_shown = live->is_terminal;
}

void live_clear(struct live *live, struct buffer *out)
{
	if (!live->is_shown)
		return;
	buffer_append_text(out, WIPE);
	live->is_shown = false;
}
