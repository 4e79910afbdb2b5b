/* The run in the user's hand: keys change its rate, pause it and let it go on. What is wanted goes
 * to the engine as often as that takes it; what came of it is told, shown and stands in the report.
 * In the owner's thread. */
#pragma once

#include "engine/engine.h"
#include "metric/report.h"
#include "run/key.h"
#include "run/marks.h"
#include "run/monitor.h"

struct hand {
	struct engine *engine;
	const struct plan *plan;
	struct marks *marks;
	struct monitor *monitor;
	uint64_t begin_ns; /* 0: nothing counts yet, nothing can be changed */
	/* What is wanted, and what the engine was told last. */
	double wanted;
	double made;
	bool is_pause_wanted;
	bool is_paused;
	uint64_t made_ns; /* when the last change took effect; 0: none */
	/* Changes in quick succession are told as one. */
	double told;
	uint64_t paused_since_ns;
	/* For the report. */
	uint64_t changed;
	double slowest; /* of all rates that it had */
	uint64_t paused_ns;
	const char *note; /* why a key did nothing, for a while */
	uint64_t note_ns;
};

void hand_init(struct hand *hand, const struct plan *plan, struct engine *engine,
	       struct marks *marks, struct monitor *monitor);
/* Counting begins then. */
void hand_begin(struct hand *hand, uint64_t begin_ns);
/* Any key but KEY_END, which is the session's. */
void hand_press(struct hand *hand, enum key key, uint64_t now_ns);
/* Now and then: makes what is wanted so, tells what was made. */
void hand_tick(struct hand *hand, uint64_t now_ns);
/* The run ends then, once: tells the rest, nothing can be changed any more. */
void hand_end(struct hand *hand, uint64_t end_ns);
/* How often and for how long, and what that makes of the interval between messages. */
void hand_give(const struct hand *hand, struct report *report);

/* The next round rate above or below, about a tenth away: 10 11 12 13 15 16 18 20 ... */
double hand_rate_above(double rate_per_second);
double hand_rate_below(double rate_per_second);
