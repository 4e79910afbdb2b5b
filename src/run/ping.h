/* A run of `ping`, from plan to exit code: one loop on one thread, with the pinger, what is shown
 * while it goes on, a report, expectations and outputs. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "cli/command.h"
#include "probe/pinger.h"
#include "run/outputs.h"

/* Plain data that the command makes of its options; the caller's. */
struct ping_plan {
	const struct pinger_target *targets;
	const unsigned *phases; /* of each: that its probes go through, bits 1u << PROBE_... */
	uint32_t target_count;
	const char *servers;   /* of DNS; NULL: the system's */
	const char *target;    /* the first of them as one text, and how many more */
	uint64_t duration_ns;  /* that the counts of the targets are made for; 0: none */
	uint64_t max_failures; /* in a row, then a target is left alone; 0: never */
	uint64_t wait_ns;      /* for every target to answer once, at most; 0: it is no wait */
};

struct ping {
	const struct command *command; /* name and settings of the report */
	const void *options;           /* the command's options struct, echoed in the report */
	const struct output_options *output;
	struct ping_plan *plan;
	/* What asks the network, once all that was typed is found right and the outputs are open;
	 * may complete the plan. NULL: nothing. -EHOSTUNREACH: a name does not resolve. */
	int (*prepare)(void *context, struct error *error);
	void *context;
};

/* Runs to the end and returns the exit code; errors are printed. */
int ping_measure(const struct ping *ping);
