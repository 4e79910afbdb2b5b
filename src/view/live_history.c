#include "view/live_history.h"

#include <math.h>

#define LEVELS 8

static const char *const bars[LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const signs[LEVELS] = { ".", ":", "-", "=", "+", "*", "#", "@" };

void live_history_add(struct live_history *history, double value)
{
	history->values[history->next] = value;
	history->next = (history->next + 1) % LIVE_HISTORY_SECONDS;
	if (history->count < LIVE_HISTORY_SECONDS)
		history->count++;
}

double live_history_most(const struct live_history *history)
{
	double most = 0;
	for (uint32_t i = 0; i < history->count; i++)
		most = fmax(most, history->values[i]);
	return most;
}

static const char *sign_of(double value, double most, bool is_utf8)
{
	if (value <= 0)
		return " ";
	int level = (int)ceil(value / most * LEVELS) - 1;
	return (is_utf8 ? bars : signs)[level < 0 ? 0 : level];
}

void live_history_draw(const struct live_history *history, uint32_t cells, bool is_utf8,
		       struct buffer *out)
{
	double most = live_history_most(history);
	uint32_t shown = cells < history->count ? cells : history->count;
	uint32_t first = history->next + LIVE_HISTORY_SECONDS - shown;
	for (uint32_t i = 0; i < shown; i++) {
		double value = history->values[(first + i) % LIVE_HISTORY_SECONDS];
		buffer_append_text(out, sign_of(value, most, is_utf8));
	}
}
