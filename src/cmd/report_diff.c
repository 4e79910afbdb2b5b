/* conntest report diff: two builds by the reports of their runs. */
#include "metric/report_diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/report_load.h"
#include "view/diff_text.h"

#define OUTPUT_MAX ((size_t)1 << 20)
#define PATH_SIZE  4096

struct diff_options {
	const char *max_regress;
	uint64_t seed;
	const char *color;
};

static const struct option_row rows[] = {
	OPTION(struct diff_options, max_regress, OPTION_TEXT, .name = "max-regress",
	       .placeholder = "SHARE", .default_text = "5%",
	       .help = "how much worse a figure may be"),
	OPTION(struct diff_options, seed, OPTION_COUNT, .name = "seed", .placeholder = "N",
	       .default_text = "1", .level = OPTION_ALL,
	       .help = "of the resampling when there are several runs a side"),
	OPTION(struct diff_options, color, OPTION_CHOICE, .name = "color",
	       .choices = "auto always never", .default_text = "auto", .placeholder = "WHEN",
	       .level = OPTION_OUTPUT, .help = "colour on a terminal; NO_COLOR is respected"),
};

static int parse_share(const char *text, struct error *error, double *ret)
{
	char *end = NULL;
	*ret = strtod(text, &end) / 100;
	bool is_number = end > text && *text >= '0' && *text <= '9' && *ret >= 0 && *ret <= 1e6;
	if (is_number && *end == '\0')
		return error_set(error, EINVAL, "--max-regress: \"%s\" has no unit: %s%%?", text,
				 text);
	if (!is_number || strcmp(end, "%") != 0)
		return error_set(error, EINVAL,
				 "--max-regress: \"%s\" is not a share (try 5%% or 0.5%%)", text);
	return 0;
}

/* "a1.json,a2.json" */
static int load_side(const char *names, struct error *error, struct diff_side *side)
{
	char path[PATH_SIZE];
	int code = 0;
	for (const char *name = names; name && code >= 0;) {
		const char *comma = strchr(name, ',');
		size_t length = comma ? (size_t)(comma - name) : strlen(name);
		if (length == 0 || length >= sizeof(path))
			return error_set(error, EINVAL, "\"%.80s\": no list of files", names);
		if (side->count == DIFF_RUNS_MAX)
			return error_set(error, EINVAL, "more than %d runs a side", DIFF_RUNS_MAX);
		memcpy(path, name, length);
		path[length] = '\0';
		struct report *report = NULL;
		code = report_load(path, error, &report);
		if (code >= 0)
			side->runs[side->count++] = report;
		name = comma ? comma + 1 : NULL;
	}
	return code < 0 ? -EIO : 0;
}

static void side_free(struct diff_side *side)
{
	for (size_t i = 0; i < side->count; i++)
		report_free((struct report *)side->runs[i]);
}

static int compare(const struct command *command, const struct diff_options *options,
		   const struct diff_side sides[2], const struct diff_names *names)
{
	cleanup(diff_deinit) struct diff diff;
	cleanup(buffer_deinit) struct buffer out;
	struct error error = { "" };
	struct text_style style = report_style(options->color);
	buffer_init(&out, OUTPUT_MAX);
	if (report_diff(&sides[0], &sides[1], names->max_regress, options->seed, &error, &diff) < 0)
		return command_fail(command, EXIT_USAGE, &error);
	diff_text_write(&diff, &sides[0], &sides[1], names, &style, &out);
	(void)fwrite(buffer_text(&out), 1, out.size, stdout);
	return diff.has_failed ? EXIT_NO : EXIT_OK;
}

static int diff_run(const struct command *command, int argc, char **argv)
{
	struct diff_options options = { 0 };
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	struct diff_side sides[2] = { { .count = 0 }, { .count = 0 } };
	struct diff_names names = { .max_regress = 0 };
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code >= 0 && operands.count != 2)
		code = error_set(&error, EINVAL,
				 "two operands, please: what was, and what is; several runs of "
				 "one are a list: a1.json,a2.json,a3.json");
	if (code >= 0)
		code = parse_share(options.max_regress, &error, &names.max_regress);
	if (code < 0)
		return command_stop(command, code, &error);
	names.a = operands.items[0];
	names.b = operands.items[1];
	for (int i = 0; i < 2 && code >= 0; i++)
		code = load_side(operands.items[i], &error, &sides[i]);
	int exit_code =
		code < 0 ? command_fail(command, code == -EINVAL ? EXIT_USAGE : EXIT_UNABLE, &error)
			 : compare(command, &options, sides, &names);
	side_free(&sides[0]);
	side_free(&sides[1]);
	return exit_code;
}

const struct command command_report_diff = {
	.name = "report diff",
	.summary = "is B worse than A? Exit status 1 if so",
	.operands = "A[,A2...] B[,B2...]",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct diff_options),
	.description =
		"Compares the figures that both have. With one run a side, a figure fails when it "
		"is worse by more than --max-regress and by more than it varies within a run: of "
		"the values of its seconds 1.48 times the median absolute deviation, of a "
		"percentile besides the noise of its number of samples, of a count twice the root "
		"of both together, of a longest interruption its resolution and how much the "
		"interruptions differ. How much two runs of one build differ is then unknown, and "
		"the Trust line says weak.\n\n"
		"Several runs of a build are a list of files with commas. From three a side on, "
		"medians are compared, and a figure fails when it is worse by more than "
		"--max-regress and the 95 % interval of the change, by bootstrap, leaves out "
		"zero.\n\n"
		"A count is compared as a share of its whole. Runs of different commands are an "
		"error; settings that differ are told. Files may be all that `conntest report "
		"show` reads.",
	.examples = "conntest report diff main.json pr.json  # one run each\n"
		    "conntest report diff a1.json,a2.json,a3.json b1.json,b2.json,b3.json",
	.run = diff_run,
};
