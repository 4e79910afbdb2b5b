#include "run/report_head.h"

#include <sys/utsname.h>

static void add_setting(void *context, const char *name, const char *value)
{
	struct report *report = context;
	if (report->setting_count == OPTION_ROWS_MAX + OPTION_LIST_MAX)
		return;
	report->settings[report->setting_count++] =
		(struct report_setting){ arena_text(&report->arena, name),
					 arena_text(&report->arena, value) };
}

static void describe_host(struct report *report)
{
	struct utsname names;
	if (uname(&names) < 0)
		return;
	report->host_name = arena_text(&report->arena, names.nodename);
	report->kernel = arena_text(&report->arena, names.release);
}

void report_head_fill(struct report *report, const struct command *command, const void *options)
{
	report->tool_version = CONNTEST_VERSION;
	report->command = arena_text(&report->arena, command->name);
	report->settings = arena_take_array(&report->arena, OPTION_ROWS_MAX + OPTION_LIST_MAX,
					    sizeof(*report->settings));
	options_echo(command, options, add_setting, report);
	describe_host(report);
}
