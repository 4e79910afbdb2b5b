/* See command_text.h. */
#include "view/command_text.h"

#include <inttypes.h>

void command_text(const struct report_command *command, struct buffer *out)
{
	if (command->reason)
		buffer_append_text(out, command->reason);
	else if (command->signal)
		buffer_append_format(out, "killed by %s", command->signal);
	else if (command->has_exit_status)
		buffer_append_format(out, "exit %" PRIu64, command->exit_status);
	else
		buffer_append_text(out, "not ended");
}
