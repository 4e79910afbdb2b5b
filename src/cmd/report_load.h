/* What the report commands share: a report from a file of any kind, or the last one kept, and a
 * report to where -o says. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "cli/command.h"
#include "metric/report.h"
#include "run/outputs.h"
#include "view/text.h"

/* As report_read_file(), with headline, result and trust also where another program wrote it. */
nodiscard int report_load(const char *path, struct error *error, struct report **ret);
/* The newest report that was kept. */
nodiscard int report_load_last(struct error *error, struct report **ret);

/* Of stdout, with the value of --color. */
struct text_style report_style(const char *color);
/* Returns the exit code; what failed is told. */
int report_output(const struct command *command, const struct output_options *options,
		  const struct report *report);
