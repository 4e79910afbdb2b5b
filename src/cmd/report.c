/* conntest report: the kept reports, and one of them shown. */
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/message.h"
#include "cmd/commands.h"
#include "metric/report_read.h"
#include "run/outputs.h"
#include "run/store.h"
#include "sys/clock.h"

/* ---- report list ---- */

static void print_row(const struct report *report, bool is_last)
{
	char date[CLOCK_TEXT_MAX];
	(void)clock_format_date((struct wall_time){ report->started_unix_ns }, date);
	/* Milliseconds tell nobody which run it was. */
	char run[64];
	(void)snprintf(run, sizeof(run), "%.19sZ%s", date, is_last ? " (last)" : "");
	(void)printf("%-28s %-8s %-28s %7.1f s  %s\n", run, report->command, report->target,
		     (double)report->duration_ns / NS_PER_S, report->result);
}

static int list_run(const struct command *command, int argc, char **argv)
{
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	struct store_list list;
	int code = options_parse(command, argc, argv, NULL, &operands, &error);
	if (code >= 0 && operands.count > 0)
		code = error_set(&error, EINVAL, "%s: takes no operands", operands.items[0]);
	if (code < 0)
		return command_stop(command, code, &error);
	if (store_find(&list, &error) < 0) {
		(void)printf("%s\n", error.text);
		return EXIT_OK;
	}
	(void)printf("%-28s %-8s %-28s %9s  %s\n", "RUN", "COMMAND", "TARGET", "LENGTH", "RESULT");
	for (size_t i = 0; i < list.count; i++) {
		struct report *report = NULL;
		if (report_read_file(list.paths[i], &error, &report) < 0)
			message_print(NULL, error.text);
		else
			print_row(report, i == 0);
		report_free(report);
	}
	return EXIT_OK;
}

const struct command command_report_list = {
	.name = "report list",
	.summary = "the reports that were kept, newest first",
	.description = "Every measuring run keeps its report in $XDG_STATE_HOME/conntest (or "
		       "~/.local/state/conntest), the newest 20; --no-save does not.",
	.run = list_run,
};

/* ---- report show ---- */

struct show_options {
	struct output_options output;
};

static const struct option_row show_rows[] = {
	OPTION(struct show_options, output.formats, OPTION_LIST, .name = "output", .letter = 'o',
	       .placeholder = "FORMAT[=FILE]", .values = output_formats_sending,
	       .help = OUTPUT_HELP),
	OPTION(struct show_options, output.color, OPTION_CHOICE, .name = "color",
	       .choices = "auto always never", .default_text = "auto", .placeholder = "WHEN",
	       .level = OPTION_OUTPUT, .help = "colour on a terminal; NO_COLOR is respected"),
};

static int find_last(struct error *error, struct report **ret)
{
	struct store_list list;
	int result = store_find(&list, error);
	return result < 0 ? result : report_read_file(list.paths[0], error, ret);
}

static void on_failed(void *context, const struct error *error)
{
	const struct command *command = context;
	(void)command_fail(command, EXIT_UNABLE, error);
}

static int show(const struct command *command, const struct show_options *options,
		const struct report *report)
{
	struct outputs outputs;
	struct error error = { "" };
	struct text_style style = {
		.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.has_color = message_has_color(options->output.color, stdout),
	};
	int result = outputs_open(&outputs, &options->output, outputs_side(report), &error);
	if (result < 0)
		return command_fail(command, result == -EINVAL ? EXIT_USAGE : EXIT_UNABLE, &error);
	result = outputs_write_report(&outputs, report, &style, on_failed, (void *)command);
	outputs_tell_saved(&outputs);
	outputs_close(&outputs);
	return result < 0 ? EXIT_UNABLE : EXIT_OK;
}

static int show_run(const struct command *command, int argc, char **argv)
{
	struct show_options options = { 0 };
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	struct report *report = NULL;
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code >= 0 && operands.count > 1)
		code = error_set(&error, EINVAL, "one FILE at a time, please");
	if (code < 0)
		return command_stop(command, code, &error);
	code = operands.count ? report_read_file(operands.items[0], &error, &report)
			      : find_last(&error, &report);
	int exit_code = code < 0 ? command_fail(command, EXIT_UNABLE, &error)
				 : show(command, &options, report);
	report_free(report);
	return exit_code;
}

const struct command command_report_show = {
	.name = "report show",
	.summary = "a report as text or in another format; without FILE the last one",
	.operands = "[FILE]",
	.options = { show_rows, array_size(show_rows) },
	.options_size = sizeof(struct show_options),
	.description = "Reads a report that -o json=FILE wrote, or one that was kept. - is stdin.",
	.examples = "conntest report show  # the last run once more\n"
		    "conntest report show -o ctraffic run.json  # for ctraffic -analyze",
	.run = show_run,
};

const struct command command_report = {
	.name = "report",
	.summary = "look at the record of a run",
	.operands = "list|show",
	.description = "Reports are JSON, conntest.report/1; every measuring run keeps its own.",
};
