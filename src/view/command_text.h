/* What became of a command, in a few words: "exit 3", "killed by SIGKILL", "cannot be started: No
 * such file or directory", "terminated: -T was over". */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void command_text(const struct report_command *command, struct buffer *out);
