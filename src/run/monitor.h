/* What is shown while a run goes on: events on stderr and as NDJSON, the one-second line, the
 * NDJSON snapshots. Reads events and published copies, changes nothing. */
#pragma once

#include "base/attributes.h"
#include "engine/engine.h"
#include "run/outputs.h"
#include "run/sampler.h"
#include "view/live.h"

struct monitor;

enum monitor_keys { MONITOR_NO_KEYS, MONITOR_HAS_KEYS };

struct monitor_setup {
	const struct plan *plan;
	struct engine *engine;
	const struct sampler *sampler;
	struct outputs *outputs;
	const struct output_options *options;
	const char *target;
	/* Sees every event that the workers tell. */
	void (*seen)(void *context, const struct event *event);
	void *context;
};

/* -ENOMEM. */
nodiscard int monitor_new(const struct monitor_setup *setup, struct monitor **ret);
void monitor_free(struct monitor *monitor);
/* Counting begins at this moment, which is that wall time. */
void monitor_begin(struct monitor *monitor, uint64_t begin_ns, int64_t unix_ns);
/* A signal that ends the run. */
void monitor_signal(struct monitor *monitor, int number);
/* What no worker tells: an event of this kind. */
void monitor_tell(struct monitor *monitor, enum event_kind kind, uint64_t at_ns, const char *text);
/* The user's key ends it. */
void monitor_end_key(struct monitor *monitor);
/* What the user has in hand has changed: shown at once. */
void monitor_hand(struct monitor *monitor, const struct live_hand *hand);
/* Keys are read or not from now on; what was shown before is not there any more. */
void monitor_keys(struct monitor *monitor, enum monitor_keys keys);
/* A moment of the user's: what is told of marks and commands. */
void monitor_mark(struct monitor *monitor, uint64_t at_ns, const char *text);
/* What the wrapped command wrote: goes to stderr between the lines. */
void monitor_pass(struct monitor *monitor, const char *bytes, size_t size);
/* Takes what the workers told since. */
void monitor_events(struct monitor *monitor);
/* Shows what is due: summed-up events, a line or a snapshot a second. */
void monitor_tick(struct monitor *monitor, uint64_t now_ns);
/* Tells all that waits and clears the line. */
void monitor_end(struct monitor *monitor);
