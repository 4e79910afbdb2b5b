/* The one-second line, in ctraffic's terms. On a terminal one line is rewritten, else (--monitor)
 * each is a line of its own. Pure: writes into a buffer that the caller prints. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct live_figures {
	int64_t at_ns; /* from the beginning of -T */
	uint64_t active, failed, connecting;
	uint64_t sent, received, lost;
	uint64_t p50_ns, p99_ns; /* of the answers of the last second; 0: none */
};

struct live {
	bool is_terminal; /* that obeys escape sequences */
	bool is_shown;    /* the cursor stands behind a line */
	unsigned columns; /* that a line may fill; 0: unknown, or no matter */
};

void live_write(struct live *live, const struct live_figures *figures, struct buffer *out);
/* Wipes the line, before an event or the report is printed. Writes nothing when none is shown. */
void live_clear(struct live *live, struct buffer *out);
