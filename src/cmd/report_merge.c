/* conntest report merge: several reports made one. */
#include "metric/report_merge.h"

#include <errno.h>

#include "cmd/commands.h"
#include "cmd/report_load.h"
#include "view/sentence.h"

#define NOTES_MAX ((size_t)1 << 16)

struct merge_options {
	struct output_options output;
};

static const struct option_row rows[] = {
	OPTION(struct merge_options, output.formats, OPTION_LIST, .name = "output", .letter = 'o',
	       .placeholder = "FORMAT[=FILE]", .help = OUTPUT_HELP),
	OPTION(struct merge_options, output.color, OPTION_CHOICE, .name = "color",
	       .choices = "auto always never", .default_text = "auto", .placeholder = "WHEN",
	       .level = OPTION_OUTPUT, .help = "colour on a terminal; NO_COLOR is respected"),
};

struct inputs {
	struct report *items[MERGE_REPORTS_MAX];
	size_t count;
};

static void inputs_free(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		report_free(inputs->items[i]);
}

static int inputs_load(struct inputs *inputs, const struct operands *operands, struct error *error)
{
	int code = 0;
	for (size_t i = 0; i < operands->count && code >= 0; i++) {
		code = report_load(operands->items[i], error, &inputs->items[i]);
		inputs->count += code >= 0;
	}
	return code;
}

/* What the merging did to the figures is a matter of trust. */
static void tell(struct report *report, const struct buffer *notes)
{
	sentence_build(report);
	report->trust =
		arena_format(&report->arena, "%s; merged from %u reports: %s", report->trust,
			     (unsigned)report->merged_from, buffer_text(notes));
}

static int merge(const struct command *command, const struct merge_options *options,
		 const struct inputs *inputs)
{
	cleanup(buffer_deinit) struct buffer notes;
	struct error error = { "" };
	struct report *report = NULL;
	buffer_init(&notes, NOTES_MAX);
	if (report_merge((const struct report *const *)inputs->items, inputs->count, &notes, &error,
			 &report) < 0)
		return command_fail(command, EXIT_USAGE, &error);
	tell(report, &notes);
	int exit_code = report_output(command, &options->output, report);
	report_free(report);
	return exit_code;
}

static int merge_run(const struct command *command, int argc, char **argv)
{
	struct merge_options options = { 0 };
	struct operands operands cleanup(operands_deinit);
	struct inputs inputs cleanup(inputs_free) = { .count = 0 };
	struct error error = { "" };
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code >= 0 && operands.count < 2)
		code = error_set(&error, EINVAL, "two FILEs at least, please");
	if (code >= 0 && operands.count > MERGE_REPORTS_MAX)
		code = error_set(&error, EINVAL, "more than %d FILEs", MERGE_REPORTS_MAX);
	if (code < 0)
		return command_stop(command, code, &error);
	if (inputs_load(&inputs, &operands, &error) < 0)
		return command_fail(command, EXIT_UNABLE, &error);
	return merge(command, &options, &inputs);
}

const struct command command_report_merge = {
	.name = "report merge",
	.summary = "several reports made one",
	.operands = "FILE FILE...",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct merge_options),
	.description =
		"Of generators that ran together, or of runs one after the other, all of one "
		"command. Counts add up; slots, connections and intervals stand beside each "
		"other; latencies are merged from all of their counts, percentiles never "
		"averaged. Rates are of the time in which all runs went on. The Trust line says "
		"in which settings they differ and what could not be merged. Files may be all "
		"that `conntest report show` reads.",
	.examples = "conntest report merge -o json=all.json host-1.json host-2.json",
	.run = merge_run,
};
