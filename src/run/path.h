/* `conntest path` from a target to an exit code: what the path lets through by UDP and TCP at the
 * same time, on one loop; report, views, expectations. */
#pragma once

#include "base/endpoint.h"
#include "base/uri.h"
#include "cli/command.h"
#include "run/outputs.h"
#include "run/path_hops.h"
#include "run/receiver.h"
#include "run/resolve.h"

struct path_run {
	const struct command *command; /* name and settings of the report */
	const void *options;           /* the command's options struct, echoed in the report */
	const struct output_options *output;
	const struct uri *uri;
	struct resolve_options resolving;
	struct endpoint source; /* family 0: the kernel chooses */
	uint64_t timeout_ns;    /* of a probe; a connection has five times that */
	uint64_t max_bytes;     /* 0: that of the interface */
	bool is_exact;
	struct receiver_plan *far_end; /* who sends on the way back */
	bool has_tcp;                  /* the target echoes: what TCP makes of the path is tried */
	struct path_hops_plan hops;
};

/* Runs to the end and returns the exit code; errors are printed. */
int path_measure(const struct path_run *run);
