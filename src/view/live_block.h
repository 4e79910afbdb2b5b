/* The lines of the block: see live.h. */
#pragma once

#include "view/live.h"

/* The least that it is good for. */
#define LIVE_BLOCK_COLUMNS 30

struct live_lines {
	char text[LIVE_LINES_MAX][LIVE_LINE_BYTES];
	unsigned count;
};

/* Each has fewer than live->columns columns. */
void live_block_lines(const struct live *live, const struct live_figures *figures,
		      struct live_lines *ret);
/* How many columns it takes: a sign each. */
unsigned live_block_width(const char *line);
