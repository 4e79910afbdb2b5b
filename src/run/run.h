/* From a plan to an exit code: engine, signals, views while it runs, report, views at the end.
 * Commands and the faces of older tools fill a struct run and call run_measure(). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/command.h"
#include "engine/engine.h"
#include "metric/report.h"
#include "run/mark_plan.h"
#include "run/outputs.h"
#include "run/receiver.h"
#include "run/wrap.h"

struct run {
	const struct command *command; /* name and settings of the report */
	const void *options;           /* the command's options struct, echoed in the report */
	const struct output_options *output;
	const struct plan *plan;
	const char *target; /* as used: "tcp://10.20.0.5:5003" */
	/* Before the engine: what asks the network and this host, once all that was typed is found
	 * right and the outputs are open. May complete the plan. NULL: nothing. -EINVAL: what was
	 * typed can't be; -EHOSTUNREACH: the target's name does not resolve. */
	int (*prepare)(void *context, struct error *error);
	void *context;
	const struct mark_plan *marks;        /* NULL: none */
	const struct wrap_plan *wrap;         /* NULL: no command is wrapped */
	const struct receiver_plan *receiver; /* NULL: nobody is asked what has arrived */
	bool *ret_interrupted;                /* a signal ended it; may be NULL */
	/* Takes the report, which the caller frees, and nothing is written or kept; NULL where
	 * there is none, or where this is NULL. */
	struct report **ret_report;
	/* The listeners are open and the threads are about to run: lines that must come first go to
	 * `text` (stdout when it carries text) or, as NDJSON, to every such output. NULL: nothing.
	 */
	void (*started)(const struct run *run, const struct engine *engine,
			struct outputs *outputs);
};

/* Runs to the end and returns the exit code. Errors are printed, and where it could not begin the
 * report says why. */
int run_measure(const struct run *run);

/* What a run that could not begin exits with, by the -errno of what failed. */
enum exit_code run_exit_code(int result);
