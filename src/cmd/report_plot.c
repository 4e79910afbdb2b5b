/* conntest report plot: the record of a run as a picture. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/report_load.h"
#include "run/outputs.h"
#include "view/phrase.h"
#include "view/plot/picture.h"
#include "view/plot/png.h"

struct plot_options {
	struct output_options output;
};

static const struct {
	const char *name;
	const char *summary;
} pictures[] = {
	{ "html", "the page" },
	{ "svg", "the picture" },
	{ "png", "the picture in 2400 x 1720 pixels" },
};

static void offer_pictures(const struct option_offer *offer)
{
	for (size_t i = 0; i < array_size(pictures); i++)
		offer->word(offer->context, pictures[i].name, pictures[i].summary);
}

static const struct option_row plot_rows[] = {
	OPTION(struct plot_options, output.formats, OPTION_LIST, .name = "output", .letter = 'o',
	       .placeholder = "svg|html|png=FILE", .values = offer_pictures,
	       .help = "an HTML page, or its first four panels as SVG or PNG; may be repeated"),
};

static bool is_picture(const char *output)
{
	size_t length = strcspn(output, "=");
	for (size_t i = 0; i < array_size(pictures); i++) {
		if (length == strlen(pictures[i].name) &&
		    strncmp(output, pictures[i].name, length) == 0)
			return true;
	}
	return false;
}

static int check_outputs(const struct option_list *formats, struct error *error)
{
	if (formats->count == 0)
		return error_set(error, EINVAL, "into which file? -o html=FILE (or svg=, png=)");
	for (size_t i = 0; i < formats->count; i++) {
		if (!is_picture(formats->items[i]))
			return error_set(error, EINVAL,
					 "-o: \"%s\" is no picture: svg, html or png",
					 formats->items[i]);
	}
	return 0;
}

/* "failover.html  92.1 kB: clients by state, ...; marks; times in UTC" */
static void tell(const struct output *output, const struct report *report)
{
	cleanup(buffer_deinit) struct buffer contents;
	char size[PHRASE_MAX];
	buffer_init(&contents, 4096);
	if (output->format == OUTPUT_HTML)
		picture_contents_all(report, &contents);
	else
		picture_contents(report, &contents);
	(void)printf("%s  ", output->path);
	if (output->format == OUTPUT_PNG)
		(void)printf("%d x %d pixels, ", PICTURE_WIDTH * PNG_SCALE,
			     PICTURE_HEIGHT * PNG_SCALE);
	(void)printf("1 file, %s: %s%s%s; times in UTC\n", phrase_volume(output->size, size),
		     buffer_text(&contents), report->mark_count ? "; marks" : "",
		     output->format == OUTPUT_HTML ? "; tables" : "");
}

static void on_failed(void *context, const struct error *error)
{
	(void)command_fail(context, EXIT_UNABLE, error);
}

static int plot(const struct command *command, const struct plot_options *options,
		const struct report *report)
{
	struct outputs outputs;
	struct error error = { "" };
	struct text_style style = { .is_utf8 = true };
	int result = outputs_open(&outputs, &options->output, outputs_side(report), &error);
	if (result < 0)
		return command_fail(command, result == -EINVAL ? EXIT_USAGE : EXIT_UNABLE, &error);
	bool has_stdout = outputs.stdout_format != OUTPUT_TEXT;
	/* The text is for stdout where nothing else is; here it isn't asked for. */
	outputs.count -= !has_stdout;
	result = outputs_write_report(&outputs, report, &style, on_failed, (void *)command);
	for (unsigned i = 0; i < outputs.count && !has_stdout; i++) {
		if (outputs.items[i].is_written)
			tell(&outputs.items[i], report);
	}
	outputs_close(&outputs);
	return result < 0 ? EXIT_UNABLE : EXIT_OK;
}

static int plot_run(const struct command *command, int argc, char **argv)
{
	struct plot_options options = { 0 };
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	struct report *report = NULL;
	int code = options_parse(command, argc, argv, &options, &operands, &error);
	if (code >= 0)
		code = check_outputs(&options.output.formats, &error);
	if (code >= 0 && operands.count > 1)
		code = error_set(&error, EINVAL, "one FILE at a time, please");
	if (code < 0)
		return command_stop(command, code, &error);
	code = operands.count ? report_load(operands.items[0], &error, &report)
			      : report_load_last(&error, &report);
	int exit_code = code < 0 ? command_fail(command, EXIT_UNABLE, &error)
				 : plot(command, &options, report);
	report_free(report);
	return exit_code;
}

const struct command command_report_plot = {
	.name = "report plot",
	.summary = "a report as a picture or a page; without FILE the last one",
	.operands = "[FILE]",
	.options = { plot_rows, array_size(plot_rows) },
	.options_size = sizeof(struct plot_options),
	.description =
		"Draws what happened over time in UTC, with marks through all panels: clients by "
		"state; new connections, each a dot, or a cross if it failed; response time, with "
		"what was never answered as a band above it; interruptions, a line a client, by "
		"backend. HTML adds throughput and round trips, values under the pointer, and "
		"tables; it is one file that fetches nothing. Long runs in which little happened "
		"are drawn with the quiet time compressed, and say so.",
	.examples = "conntest report plot -o html=failover.html -o png=failover.png\n"
		    "conntest report plot -o svg=run.svg run.json",
	.run = plot_run,
};
