/* What conntest path is at, on stderr while it runs: a line on a terminal that is written over each
 * second, or with --monitor a line a second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"
#include "probe/hops.h"
#include "run/outputs.h"

struct path_progress {
	struct loop *loop;
	struct timer timer;
	uint64_t began_ns;
	bool has_live;
	bool is_terminal;
	bool is_shown;
	const char *stage;
	const struct hops_trace *trace; /* how far it is; NULL: not known */
};

/* Nothing is shown in the first second, nor with --quiet. */
void path_progress_start(struct path_progress *progress, struct loop *loop,
			 const struct output_options *options);
/* What begins now; both outlive it. */
void path_progress_stage(struct path_progress *progress, const char *stage,
			 const struct hops_trace *trace);
/* Wipes the line. Harmless if it was never started. */
void path_progress_stop(struct path_progress *progress);
