/* The last minute of one figure, a value a second, and its picture in one line of text. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

#define LIVE_HISTORY_SECONDS 60

struct live_history {
	double values[LIVE_HISTORY_SECONDS]; /* a ring */
	uint32_t count;
	uint32_t next;
};

void live_history_add(struct live_history *history, double value);
/* Of what it holds; 0 where that is nothing. */
double live_history_most(const struct live_history *history);
/* The newest `cells` seconds at most, a sign a second, the newest on the right: as high as their
 * share of the most; a blank is 0. */
void live_history_draw(const struct live_history *history, uint32_t cells, bool is_utf8,
		       struct buffer *out);
