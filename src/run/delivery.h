/* The last step of a run: its report to all outputs, and to where `conntest report` finds it. */
#pragma once

#include <stdbool.h>

#include "cli/command.h"
#include "metric/report.h"
#include "run/outputs.h"

struct delivery {
	const struct command *command; /* says what could not be written */
	const struct output_options *options;
	struct outputs *outputs;
	const struct report *report;
	bool is_kept; /* where `conntest report` finds it */
	int exit_code;
};

/* Keeps the report, unless the user wants none kept. */
void delivery_keep(struct delivery *delivery);
/* Writes it; what can't be written is printed and worsens the exit code. */
void delivery_write(struct delivery *delivery);
