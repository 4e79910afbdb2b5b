#include "run/delivery.h"

#include <errno.h>
#include <langinfo.h>
#include <string.h>

#include "cli/message.h"
#include "run/store.h"

static void on_write_failed(void *context, const struct error *error)
{
	struct delivery *delivery = context;
	struct error told;
	(void)error_set(&told, EIO, "%s%s", error->text,
			delivery->is_kept ? "; it is kept: conntest report show" : "");
	int exit_code = command_fail(delivery->command, EXIT_UNABLE, &told);
	if (exit_code > delivery->exit_code)
		delivery->exit_code = exit_code;
	message_forget_stdout();
}

void delivery_keep(struct delivery *delivery)
{
	delivery->is_kept = !delivery->options->is_not_saved && store_keep(delivery->report);
}

void delivery_write(struct delivery *delivery)
{
	const struct output_options *options = delivery->options;
	struct text_style style = {
		.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.has_color = message_has_color(options->color, stdout),
	};
	(void)outputs_write_report(delivery->outputs, delivery->report, &style, on_write_failed,
				   delivery);
	if (!options->is_quiet)
		outputs_tell_saved(delivery->outputs);
}
