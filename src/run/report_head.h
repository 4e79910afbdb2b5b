/* What every report begins with: which tool, which command with which settings, on which host. */
#pragma once

#include "cli/command.h"
#include "metric/report.h"

/* `options` is the command's options struct. */
void report_head_fill(struct report *report, const struct command *command, const void *options);
