/* See live.h. */
#include "view/live.h"

#include "base/units.h"
#include "view/phrase.h"

#define WIPE "\r\033[K" /* to the line's begin, delete to its end */

static void append_latency(const struct live_figures *figures, struct buffer *out)
{
	char p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX];
	if (figures->p99_ns > 0)
		buffer_append_format(out, ", p50/p99: %s/%s ms",
				     units_format_ms(figures->p50_ns, p50),
				     units_format_ms(figures->p99_ns, p99));
	else
		buffer_append_text(out, ", p50/p99: -/- ms");
}

void live_write(struct live *live, const struct live_figures *figures, struct buffer *out)
{
	char active[UNITS_TEXT_MAX], failed[UNITS_TEXT_MAX], connecting[UNITS_TEXT_MAX];
	char sent[UNITS_TEXT_MAX], received[UNITS_TEXT_MAX], lost[UNITS_TEXT_MAX];
	char at[PHRASE_MAX];
	buffer_append_text(out, live->is_terminal ? WIPE : "");
	buffer_append_format(out, "%s  ", phrase_offset(figures->at_ns, at));
	buffer_append_format(out, "conn act/fail/connecting: %s/%s/%s",
			     units_format_grouped(figures->active, active),
			     units_format_grouped(figures->failed, failed),
			     units_format_grouped(figures->connecting, connecting));
	buffer_append_format(out, ", messages sent/rec/lost: %s/%s/%s",
			     units_format_grouped(figures->sent, sent),
			     units_format_grouped(figures->received, received),
			     units_format_grouped(figures->lost, lost));
	append_latency(figures, out);
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
