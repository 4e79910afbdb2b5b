/* The one-second line: of traffic in ctraffic's terms. On a terminal one line is rewritten, else
 * (--monitor) each is a line of its own. Pure: writes into a buffer that the caller prints. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum live_kind {
	LIVE_CLIENTS, /* traffic: who is up, what was answered, all from the beginning */
	LIVE_ANSWERS, /* load: messages, and how long they took, in the last second */
	LIVE_BYTES,   /* load that is not answered: bandwidth in the last second */
};

struct live_figures {
	enum live_kind kind;
	int64_t at_ns; /* from the beginning of -T */
	uint64_t active, failed, connecting;
	uint64_t sent, received, lost;
	uint64_t p50_ns, p99_ns; /* of the answers of the last second; 0: none */
	/* Of a load: in the last second, but for errors. */
	double messages_per_second;
	double bits_per_second;
	uint64_t retransmits;
	uint64_t errors; /* answers that are errors or other bytes */
};

struct live {
	bool is_terminal; /* that obeys escape sequences */
	bool is_shown;    /* the cursor stands behind a line */
	unsigned columns; /* that a line may fill; 0: unknown, or no matter */
};

void live_write(struct live *live, const struct live_figures *figures, struct buffer *out);
/* Wipes the line, before an event or the report is printed. Writes nothing when none is shown. */
void live_clear(struct live *live, struct buffer *out);
