/* conntest report: the kept reports, and one of them shown. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/message.h"
#include "cmd/commands.h"
#include "cmd/report_load.h"
#include "metric/report_read.h"
#include "run/outputs.h"
#include "run/store.h"
#include "sys/clock.h"
#include "view/report_table.h"

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
	const char *table;
};

static const struct option_row show_rows[] = {
	OPTION(struct show_options, table, OPTION_CHOICE, .name = "table", .choices = REPORT_TABLES,
	       .placeholder = "TABLE",
	       .help = "one table alone, whole; the first three are ctraffic's"),
	OPTION(struct show_options, output.formats, OPTION_LIST, .name = "output", .letter = 'o',
	       .placeholder = "FORMAT[=FILE]", .values = output_formats_sending,
	       .help = OUTPUT_HELP),
	OPTION(struct show_options, output.color, OPTION_CHOICE, .name = "color",
	       .choices = "auto always never", .default_text = "auto", .placeholder = "WHEN",
	       .level = OPTION_OUTPUT, .help = "colour on a terminal; NO_COLOR is respected"),
};

static int show_table(const struct command *command, const struct show_options *options,
		      const struct report *report)
{
	cleanup(buffer_deinit) struct buffer out;
	struct error error = { "" };
	struct text_style style = report_style(options->output.color);
	buffer_init(&out, REPORT_FILE_MAX);
	if (report_table_write(report, options->table, &style, &out, &error) < 0)
		return command_fail(command, EXIT_UNABLE, &error);
	(void)fwrite(buffer_text(&out), 1, out.size, stdout);
	return EXIT_OK;
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
	if (code >= 0 && options.table && options.output.formats.count > 0)
		code = error_set(&error, EINVAL, "--table is text alone: not with -o");
	if (code < 0)
		return command_stop(command, code, &error);
	code = operands.count ? report_load(operands.items[0], &error, &report)
			      : report_load_last(&error, &report);
	int exit_code = EXIT_OK;
	if (code < 0)
		exit_code = command_fail(command, EXIT_UNABLE, &error);
	else if (options.table)
		exit_code = show_table(command, &options, report);
	else
		exit_code = report_output(command, &options.output, report);
	report_free(report);
	return exit_code;
}

const struct command command_report_show = {
	.name = "report show",
	.summary = "a report as text or in another format; without FILE the last one",
	.operands = "[FILE]",
	.options = { show_rows, array_size(show_rows) },
	.options_size = sizeof(struct show_options),
	.description =
		"Reads a report that -o json=FILE wrote or that was kept, the statistics of "
		"ctraffic, the result of iperf3 -J, or an HdrHistogram log (its values taken for "
		"response times in ns), told apart by their content. - is stdin. What the other "
		"programs don't count is not measured.\n\n"
		"The tables throughput, connections and hosts are those of ctraffic -analyze.",
	.examples = "conntest report show  # the last run once more\n"
		    "conntest report show -o ctraffic run.json  # for ctraffic -analyze\n"
		    "conntest report show --table interruptions run.json  # all of them",
	.run = show_run,
};

const struct command command_report = {
	.name = "report",
	.summary = "look at the record of a run",
	.operands = "list|show|merge|diff|plot",
	.description = "Reports are JSON, conntest.report/1; every measuring run keeps its own.",
};
