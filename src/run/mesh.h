/* A mesh node, from plan to exit code: the daemon that serves, probes, exports and shows until it
 * is told to end; and one look at every peer, for CI. */
#pragma once

#include "base/error.h"
#include "cli/command.h"
#include "run/mesh_plan.h"
#include "run/outputs.h"

struct mesh_run {
	const struct command *command; /* name and settings of the report */
	const void *options;           /* the command's options struct, echoed in the report */
	const struct output_options *output;
	const struct mesh_plan *plan;
	const char *target; /* its sources as one text */
	/* SIGHUP: reads everything anew into a plan of the caller's, which lives until the next.
	 * -EINVAL with the sentence: it is wrong, and the old one stays. */
	int (*reload)(void *context, struct error *error, const struct mesh_plan **ret);
	void *context;
};

/* Until SIGTERM or SIGINT; returns the exit code, errors are printed. */
int mesh_serve(const struct mesh_run *run);
/* Probes for plan->duration_ns, reports, and returns the exit code. */
int mesh_once(const struct mesh_run *run);
