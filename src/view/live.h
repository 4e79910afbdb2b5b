/* What is shown of a run while it goes on, a second at a time: on a terminal with room for it a
 * block of a few lines that is rewritten, else one line (of traffic in ctraffic's terms), which on
 * a terminal is rewritten too. Of the block only lines that changed go out: under 480 bytes a
 * second in ASCII and 720 in UTF-8, of the 960 that a line of 9,600 baud takes. Written for
 * terminals of ECMA-48 (vt100 and all that came after): it takes three sequences of theirs, so no
 * library. Pure: writes into a buffer that the caller prints. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "view/live_history.h"

enum live_kind {
	LIVE_CLIENTS, /* traffic: who is up, what was answered, all from the beginning */
	LIVE_ANSWERS, /* load: messages, and how long they took, in the last second */
	LIVE_BYTES,   /* load that is not answered: bandwidth in the last second */
};

/* One way, in the last second and since the beginning. */
struct live_flow {
	double messages_per_second;
	double bits_per_second;
	uint64_t messages;
	uint64_t bytes;
};

/* What the user has in hand. */
struct live_hand {
	double rate_per_second; /* that is asked for; 0: as fast as it goes */
	bool is_paused;
	bool has_keys;
	const char *note; /* in place of the keys; NULL: none */
};

struct live_figures {
	enum live_kind kind;
	int64_t at_ns;        /* from the beginning of -T */
	uint64_t duration_ns; /* 0: until it is ended */
	uint64_t active, failed, connecting;
	struct live_flow sent, received;
	uint64_t lost, missed;
	uint64_t errors;         /* answers that are errors or other bytes */
	uint64_t p50_ns, p99_ns; /* of the answers of the last second; 0: none */
	uint64_t retransmits;    /* in the last second */
	struct live_hand hand;
};

#define LIVE_LINES_MAX  8
#define LIVE_LINE_BYTES 320 /* 80 signs of three bytes, and more */

struct live {
	bool is_terminal; /* that obeys escape sequences */
	bool is_utf8;
	bool is_shown;    /* the cursor stands behind a line, or in the last one of the block */
	unsigned columns; /* that a line may fill; 0: unknown, or no matter */
	unsigned rows;    /* of the terminal; 0: unknown */
	struct live_history rate;
	struct live_history p99;
	/* The block on the screen; none where the count is 0. */
	unsigned shown_count;
	unsigned shown_columns; /* of the terminal at that time */
	char shown[LIVE_LINES_MAX][LIVE_LINE_BYTES];
};

/* A second is over: goes into the history, and is shown. */
void live_write(struct live *live, const struct live_figures *figures, struct buffer *out);
/* Shows it again, with another size or another hand. Nothing where lines are not rewritten. */
void live_refresh(struct live *live, const struct live_figures *figures, struct buffer *out);
/* Wipes it, before an event or the report is printed. Writes nothing when none is shown. */
void live_clear(struct live *live, struct buffer *out);
/* What was shown is gone: the terminal was somebody else's meanwhile. */
void live_forget(struct live *live);
