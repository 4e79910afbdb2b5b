#include "cmd/report_load.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "metric/report_read.h"
#include "run/store.h"
#include "view/sentence.h"

int report_load(const char *path, struct error *error, struct report **ret)
{
	int result = report_read_file(path, error, ret);
	if (result >= 0 && !(*ret)->headline)
		sentence_build(*ret);
	return result;
}

int report_load_last(struct error *error, struct report **ret)
{
	struct store_list list;
	int result = store_find(&list, error);
	return result < 0 ? result : report_load(list.paths[0], error, ret);
}

struct text_style report_style(const char *color)
{
	return (struct text_style){
		.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.has_color = message_has_color(color, stdout),
	};
}

static void on_failed(void *context, const struct error *error)
{
	const struct command *command = context;
	(void)command_fail(command, EXIT_UNABLE, error);
}

int report_output(const struct command *command, const struct output_options *options,
		  const struct report *report)
{
	struct outputs outputs;
	struct error error = { "" };
	struct text_style style = report_style(options->color);
	int result = outputs_open(&outputs, options, outputs_side(report), &error);
	if (result < 0)
		return command_fail(command, result == -EINVAL ? EXIT_USAGE : EXIT_UNABLE, &error);
	result = outputs_write_report(&outputs, report, &style, on_failed, (void *)command);
	outputs_tell_saved(&outputs);
	outputs_close(&outputs);
	return result < 0 ? EXIT_UNABLE : EXIT_OK;
}
